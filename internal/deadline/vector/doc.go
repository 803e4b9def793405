// Package vector runs test vectors of duties: a regime, what happened, and what
// must be due when. It maps the names that a file of vectors uses to the words of
// the packs, which hold the aliases as data.
//
// A file is {"vectors": [{"id", "regime", "stage", "input": {...}, "expected": {...},
// "why"}]}, or the list alone. Inputs are facts, submissions of stages
// (notification_submitted), tz, holidays, weekend and country. Expected are due
// times by stage (final_due, due), with _nominal and _with_relief where a limit
// falls on a closed day; applicable, running_clock and started of the regime or a
// stage; state, status, recipient and the term (notification_hours). null expects
// that nothing is due.
//
// Ids and names may be spelled in any case, with - or _, and with words that say
// nothing (controller_became_aware_at is aware); what was read as something else is
// told. A vector tells everything that happened: of alternatives of a trigger, one
// that is told not to hold decides when nothing is told about the others.
//
// A regime, a name or a value that nobody knows is told and the vector counts as not
// passed; the others go on. Text in the input that nobody asks for is only told,
// save where nothing is expected to be due, since it could be why.
package vector
