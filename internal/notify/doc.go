// Package notify tells people: it takes messages out of the outbox, finds who is
// to be told and by which ways, writes what each may know under its TLP label, and
// sends it.
//
//	outbox -> Service.Deliver -> recipients -> plan (ways, quiet hours, many) -> letter -> Way.Send -> record
//
// A message is delivered at least once to each recipient. What was sent stands in
// a ledger, one row for each message, recipient and way, so that a repeat reaches
// only those who have nothing yet; a crash between sending and noting may send
// twice, under the same key.
//
// Ways are plugged in by internal/app: those over connectors are in way, Slack's is
// internal/slack's. Which way is taken for what stands in the policy file
// notifications.yaml.
package notify
