// Package waytest has the other sides of the ways, for tests: a real SMTP server,
// and strict fakes of Teams' webhook trigger and PagerDuty's Events API v2, written
// from their documentation, that refuse what those would refuse. They keep what they
// took and say what they refused.
package waytest
