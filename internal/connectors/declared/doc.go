// Package declared makes connectors out of YAML files: a manifest as every
// connector has one, and for each action the HTTP requests that carry it out. The
// format is explained in internal/connectors/README.md.
//
// Parse reads a file, compiles its expressions and gives all faults at once; the
// Kind it gives is a connector like one written in Go. What a file cannot do is
// left out on purpose: it names no host but the configured one, reads no secret
// in an expression, and cannot say where in the action ledger it stands. One
// request of an action that changes something is its effect; the engine tells
// the ledger right before that request's first byte, and whatever goes wrong
// after it is unknown unless the file reads the system's own verdict.
//
//	parse.go parse_*.go  the file
//	value.go             trees of values with ${{ }} in them
//	kind.go client.go    an instance with its settings, clients and credentials
//	run.go send.go       one call: its requests in a row, one request
//	page.go answer.go    many pages of one answer; what an answer means
package declared
