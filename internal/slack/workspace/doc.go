// Package workspace shows cards in a Slack workspace. Errors are those of
// slack.Client, with a follow.Problem in what is about something that is gone there.
package workspace
