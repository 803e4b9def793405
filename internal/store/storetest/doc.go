// Package storetest gives each test a store with a database of its own on a real
// Postgres. Tests may run in parallel, also in several processes: the migrated
// template is made once per server and schema, and cloned.
//
// The server is the one of internal/devstack/devstacktest, or the one that
// TOCSIN_TEST_POSTGRES_URL names.
package storetest
