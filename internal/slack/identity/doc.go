// Package identity knows which Slack user is which person. A user asks for a
// one-time code in Slack, and the person claims it with a token of his own: so he
// shows that both are his. Mail addresses and names in Slack prove nothing, since
// admins of a workspace can change them.
package identity
