// Package oncall keeps the overrides of rosters: who is on call instead of whom the
// policy files name.
package oncall
