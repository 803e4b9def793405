// Package health tells whether the process can do its work: what /readyz answers.
//
// A check is made again only when its last answer is old, side by side with the
// others and within a bound, however many ask. A check that is vital takes the
// process out of service when it fails; another one makes it degraded, which is
// still ready: a server without Temporal takes alerts, and says what is missing.
package health
