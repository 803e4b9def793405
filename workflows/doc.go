// Package workflows is the incident workflow: one incident is one workflow, its
// whole state is one state.Case, and it decides and waits and does nothing else.
//
// The interpreter below walks the playbooks' plans; this package has what
// belongs to the incident as a whole: updates of people (update_*.go), clocks
// and objectives (clocks.go), what Temporal's UI and lists show (board.go),
// matching more playbooks (match.go), closing (closure.go), and continue-as-new
// (continue.go).
//
// Plans come from a PlanSource, a plain function inside workflow code. That is
// deterministic because a digest names bytes: the same digest gives the same
// plan in every process and on every replay, or none at all. None is no answer,
// so it fails the workflow task, which Temporal tries again until a worker has
// the plan; the incident itself never fails of it. It must answer in well under
// a second, from memory or a near store. Expressions are cached programs that
// depend on their source and variables only.
//
// Nothing here touches the world, reads a clock or draws a number: activities
// are named by internal/protocol and live in package activities.
package workflows
