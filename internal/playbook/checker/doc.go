// Package checker judges a parsed playbook: names, types of every expression and
// argument, what may not have run, and the rules about people and measures
// (approval before risk, evidence before destruction, a way back).
//
// One rule stands in one file; RULES.md beside the shipped playbooks explains
// each. The checker walks the steps in the order they run and keeps a scope: which
// steps have ended at this place, which perhaps not (scope.go). It makes nothing:
// the plan is compiled by internal/playbook/compiler.
package checker
