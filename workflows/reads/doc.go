// Package reads finds out which steps' outputs the expressions of a plan may read.
// Pure.
package reads
