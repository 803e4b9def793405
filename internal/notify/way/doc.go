// Package way carries deliveries by connectors: mail, PagerDuty, Microsoft Teams
// and generic webhooks. Each way is a configured connector instance, so that
// secrets, TLS, time limits and the guard against private addresses are those of
// internal/connector.
//
// Mail reaches a person. The others reach a place, and are given each message once.
// Slack is no connector: its way is made by internal/slack.
package way
