// Package stage starts the product in this process on a database of its own, for
// the programs that show what it does with generated or real input.
package stage
