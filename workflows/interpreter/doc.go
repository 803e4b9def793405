// Package interpreter walks the plans of one incident's playbook runs.
//
// It walks by re-walk: every step instance has a record in the state.Case, and a
// walk that comes to a step which has ended goes past it. So a walk may stop
// anywhere between two activities and start over from the top in another
// workflow run, or in the same one after a person has changed a record, and
// arrives where it was. Expressions are evaluated once and their results are
// kept; due times are absolute.
//
//	Machine ─ walkRun ─ list ─ step ─ visit.perform ─ one file for each family of kinds
//	   │                         └─ scope: why it must stop (cancel, timeout, skip, end, re-walk)
//	   ├─ errand: one activity; waits at the gate while draining, paused or unwritten
//	   ├─ flusher: the journal, by local activity
//	   └─ keeper: takes containments back, by the clock or by order
//
// Only coroutines of workflow.Go, no maps walked unsorted, time from
// workflow.Now. What happens at updates, the incident's clocks, closing and
// continue-as-new live in package workflows; the data lives in workflows/state;
// connectors, guard and ledger live behind the activities of internal/protocol.
package interpreter
