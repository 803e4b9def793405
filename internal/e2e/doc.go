// Package e2e tests the whole product: the real process with a real PostgreSQL, a
// real Temporal server and the lab, driven through the API as anyone drives it.
//
// It has tests only. What is judged by is not the product's own word but the
// lab's effects file: each action once. Processes are killed for real in
// kill_test.go; a real browser looks at the Temporal UI in ui_test.go.
package e2e
