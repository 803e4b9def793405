// Package archtest holds the tests that keep the house in order: which package
// may import which, the four walls, sizes of files and functions, a doc comment
// for everything exported. It has no code of its own.
//
// The import table in imports_test.go is the drawing of the house; a package that
// is not in it fails the build, so a new room is a deliberate act.
package archtest
