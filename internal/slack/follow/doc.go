// Package follow keeps Slack as the database is. It compares what ought to stand
// there for an incident (its head, its channel, the cards of what waits for people,
// its timeline) with the messages it wrote before, and changes what differs. So it
// does not matter what was missed while Slack or this process was away: afterwards
// the present state is written, once.
//
// Which incidents have changed is seen at the head of their record; the journal does
// nothing for it. A message that was written but could not be noted, because the
// process ended in between, is written again: at least once.
//
//	follow.go  the loop        room.go   one incident brought up to date
//	want.go    what ought to stand there  timeline.go  what is told of the record
package follow
