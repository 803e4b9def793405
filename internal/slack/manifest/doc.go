// Package manifest is the manifest of our Slack app: what one pastes into Slack's
// "Create New App", "From a manifest". It asks for the scopes that are used and no
// more, and holds no secret.
package manifest
