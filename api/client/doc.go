// Package client talks to the API. It is what the command line uses.
//
// It is a thin layer over the generated client in api/gen: it adds the address,
// the token and time limits, turns problems into *Error, tries again what may be
// tried again (reading, and commands that carry an idempotency key), follows
// timelines across broken connections, and never takes the token to another host.
package client
