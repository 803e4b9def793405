// Package ast is the tree of a playbook as it was written: every value keeps the node
// it came from, and with it the place in the file. Nothing is filled in and nothing is
// judged; what could not be read is absent (nil), and a fault was reported for it.
//
// internal/playbook/parser makes it, internal/playbook/checker judges it,
// internal/playbook/compiler turns it into a plan.
package ast
