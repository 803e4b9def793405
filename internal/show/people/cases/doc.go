// Package cases generates forged, stale and own approvals as data, and orders in
// which answers may come. Whoever drives a door (the use case, API, command line,
// page, Slack) plays the same cases through it: none that is forged may be taken.
package cases
