// Package slack is how the product and a Slack workspace speak: what an event of
// Slack becomes once it is verified and its person is known (Desk), and the one
// client of Slack's Web API (Client).
//
// Below it: door takes events by HTTP and by Socket Mode, card makes what people
// see, desk says what their clicks mean, slacktest is a strict stand-in of Slack.
package slack
