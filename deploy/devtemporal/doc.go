// Command devtemporal is the Temporal server that Tocsin uses on a developer's
// machine and in its tests: every Temporal service, the Temporal UI and an
// SQLite store in one process, bound to the loopback interface.
//
// It is its own Go module on purpose. Embedding the server pulls in about two
// hundred modules and makes a binary of some 150 MB, none of which belongs in
// the product. Package internal/devstack builds this command once, keeps the
// binary in the user's cache folder and starts it; nothing else depends on it.
// Production installations run an ordinary Temporal cluster instead.
//
// The go.temporal.io/server module promises no stable API to embedders, so its
// version is pinned in go.mod and is raised by hand.
//
//	main.go    flags, start, stop
//	config.go  the server's static and dynamic configuration, storage
package main
