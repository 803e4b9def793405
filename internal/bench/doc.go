// Command bench measures what Tocsin costs beside doing the same by hand, on one
// Temporal server and one Postgres:
//
//   - action steps per second, against a hand-written workflow with the same
//     activities;
//   - the time from the POST of an alert to the first action's call, against a
//     hand-written handler that inserts the alert and starts such a workflow;
//   - alerts accepted per second, against bare inserts of rows of the same size.
//
// The sides take turns, round by round, so that a machine that is busy with other
// things slows both; ratios are of medians over the rounds. It fails when a
// measurement cannot be made, never because of a figure.
//
// `make bench` runs it. It starts servers of its own, a Postgres that keeps what it
// has committed and a Temporal in memory, unless the environment names some, as in
// internal/devstack/devstacktest.
package main
