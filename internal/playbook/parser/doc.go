// Package parser reads a playbook file into internal/playbook/ast. It reads by the
// tables of internal/playbook/grammar, goes on after a fault, and reports all of them
// with their places: YAML that surprises, keys that are not known, values of the wrong
// form, steps without a kind, expressions that YAML or braces have mangled.
//
// Whether names exist, types fit and the order is safe is for internal/playbook/checker.
package parser
