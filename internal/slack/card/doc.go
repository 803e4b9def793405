// Package card makes what people see in Slack: messages, modals and the App Home,
// as Block Kit, from the nouns of internal/soar. It does no I/O, and the same input
// always gives the same output, so that what is posted can be compared with what
// ought to be.
//
// Text of others (alerts, playbooks, people) is data. It stands in plain_text
// objects only, cleaned of whatever changes how other text reads, with URLs that
// nobody clicks by accident; mrkdwn is written by this package alone, from its own
// words, numbers, times and ids. So no text can call people, link, or look like a
// button or a decision.
//
// Every limit of Block Kit is kept by how things are built (page), and Validate
// says whether it is.
//
//	text.go   cleaning and cutting      page.go      blocks within the limits
//	words.go  severities, risks, times  validate.go  the limits
//	ref.go    what a button stands for  the others   one thing to show each
package card
