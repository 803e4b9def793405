// Package compiler turns a checked playbook into its plan: defaults filled in,
// step paths given, connector manifests and called playbooks pinned, undo taken
// from the manifest where the step says nothing.
//
// It expects a tree without errors: what can be wrong is told before, by parser
// and checker. It reads no files and evaluates nothing.
package compiler
