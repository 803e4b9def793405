// Package slacktest is a strict fake of Slack: its Web API, its interactivity by
// HTTP and by Socket Mode, and the people who read, click and type.
//
// What goes in is refused as Slack refuses it: tokens and scopes, Block Kit's
// limits, channels one is not in, modals whose trigger is older than three seconds,
// a response_url used too often, too many calls. What comes out is what Slack
// sends, signed. Channels, messages, modals and homes are kept, so that a test or a
// walk-through can look at them; people can do only what the screen offers: click a
// button that is there, fill in an input of the modal that is open.
//
// It is written from Slack's documentation and from bodies that its libraries
// publish. Nothing here was compared with live Slack. Where the documentation says
// nothing, the fake is the stricter.
package slacktest
