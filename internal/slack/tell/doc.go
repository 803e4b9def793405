// Package tell is Slack as a way of internal/notify: a direct message to each account
// that a person has linked.
package tell
