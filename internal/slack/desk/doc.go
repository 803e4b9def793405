// Package desk says what clicks, modals, commands and the App Home of Slack mean: it
// is the slack.Desk. It shows what the use cases let the person see, and takes every
// decision to them, like every other door: nothing is decided here.
//
// A click opens a modal; the modal carries the digest of what its card showed. What
// has changed since is refused, and the card is brought up to date. The id of a
// decision is made from the modal and the person, so that a modal that is sent twice
// decides once.
package desk
