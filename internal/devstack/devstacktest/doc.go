// Package devstacktest hands real servers to tests: a Postgres and a Temporal.
//
// "make test" starts one of each for the whole run, by the command
// internal/devstack/cmd/teststack, and names them in the environment. Without
// that, as in a plain "go test ./internal/store", the first test of a process
// that asks starts its own, throwaway and in memory.
//
// The servers are shared by all tests of all packages that run at the time. A
// test must therefore make names of its own: a database or schema in Postgres
// (storetest does that), task queues and workflow ids in Temporal.
//
// A package whose tests use them should stop them in good order:
//
//	func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }
//
// Without it they end with the test process all the same, at least on Linux.
package devstacktest
