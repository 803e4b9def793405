// Package chat keeps what the Slack door must not forget: which events were taken
// already, and which Slack user is which person.
package chat
