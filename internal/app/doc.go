// Package app builds the process from its parts and runs it: configuration,
// store, Temporal, connectors, use cases, the HTTP door, the outbox.
//
// It is the one package that knows everybody; one init_*.go file per subsystem.
// New connects the parts and does no I/O that can wait, Run serves until its
// context ends and then stops in order: door, outbox, worker, clients. The same
// App runs as server, as worker, or as both (Roles), so that tests and the
// one-command start run the real product in one process.
package app
