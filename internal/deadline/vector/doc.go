// Package vector runs test vectors of duties: a regime, what happened, and what
// must be due when. It maps the names that a file of vectors uses to the words of
// the packs, which hold the aliases as data; a name it does not know is told and
// the vector counts as not passed.
//
// A file is {"vectors": [{"id", "regime", "input": {...}, "expected": {...}, "why"}]}.
// Inputs are facts, submissions of stages (notification_submitted), tz and
// holidays. Expected are due times by stage (final_due, due), with _nominal and
// _with_relief where a limit falls on a closed day, and applicable and
// running_clock. null expects that nothing is due.
package vector
