// Package playbook is the language's front door: Compile turns the text of a
// playbook into a plan, or tells every fault with its place.
//
//	text -> parser -> ast -> checker -> compiler -> plan
//
// The language knows no Temporal, no network and no database. It learns what
// connectors can do from a catalog of manifests and what called playbooks take
// from a Resolver; both come from the caller. Running plans is the business of
// workflows/interpreter, publishing them of internal/library.
package playbook
