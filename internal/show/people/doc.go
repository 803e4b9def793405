// Command people shows people in the loop: an analyst's whole night against a fake
// Slack, a real mail server, a real PostgreSQL and a real Temporal, then what people
// in Slack are answered while PostgreSQL and Temporal hang, are slow or gone, and then
// generated cases of what must not be: forged, replayed and own approvals over every
// door, and shuffled answers. It prints how many there were, keeps every message that
// people saw in a folder, and exits with 1 when one promise is broken.
//
//	make show-people
//	go run ./internal/show/people -out .show/people
package main
