// Command teststack starts throwaway Postgres and Temporal servers for tests.
//
//	go run ./internal/devstack/cmd/teststack -- go test ./...
//
// runs a command with TOCSIN_TEST_POSTGRES_URL and TOCSIN_TEST_TEMPORAL_ADDRESS
// set, stops the servers when it has ended, and exits with its exit code. Without
// a command it prints both as shell "export" lines and serves until it is
// interrupted. A variable that is set already is passed on, and that server is
// not started.
package main
