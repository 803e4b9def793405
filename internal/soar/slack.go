package soar

import "time"

// SlackIdentity says that a user of a Slack workspace is a person of ours. The
// person has said so with a one-time code and a token; names and mail addresses in
// Slack prove nothing.
type SlackIdentity struct {
	Team     string    `json:"team"` // Slack's id of the workspace: T...
	User     string    `json:"user"` // Slack's id of the user: U... or W...
	Person   string    `json:"person"`
	LinkedAt time.Time `json:"linked_at"`
	LinkedBy Actor     `json:"linked_by"`
}

// SlackCode is a one-time code that a Slack user asked for. Only its hash is kept.
type SlackCode struct {
	Team      string
	User      string
	MadeAt    time.Time
	ExpiresAt time.Time
}
