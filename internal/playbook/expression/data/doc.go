// Package data is plain data: what expressions read and give, and what travels as JSON between
// the parts of a playbook.
//
// A plain value is nil, bool, int, float64, string, []any or map[string]any, within bounds.
// Normalise makes one from anything like JSON, Plain checks one that should be plain already,
// Export bounds and copies a result, Text and JSON write one in its one canonical form.
//
// Nothing here costs a budget: that is the library's (package library), which pays before it calls.
package data
