// Package deadline turns agreed objectives into instants: when an incident must
// be acknowledged, contained and resolved, when to warn, and what a change of
// severity does to clocks that already run.
//
// It is pure: instants come in, instants go out, nobody asks the time. The only
// calendar so far is the plain clock, which runs at night and on Sundays. Files
// of objectives are read in internal/policy; timers wait in workflows.
package deadline
