// Package slackroom puts the parts of Slack together as the configuration says:
// the client, who is who, the door, and the connections of Socket Mode.
package slackroom
