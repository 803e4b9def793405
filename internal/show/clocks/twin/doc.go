// Package twin lets the same incident happen twice: in the simulator of clocks, and
// in the incident's real workflow in the test environment of Temporal's SDK, whose
// time skips from timer to timer. It compares every instant at which something rang.
//
//	Scenarios(seed, n) -> Run -> Result (what only one of the two gave)
//
// Scenarios are made up from a seed: openings around weekends, the change of clocks
// and the end of the year, policies with calendars and pauses, severities that
// change, facts that open duties, notices that are sent.
package twin
