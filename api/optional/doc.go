// Package optional reads and writes what a request or an answer may leave out: for
// the folders of routes, which all meet the generated types.
package optional
