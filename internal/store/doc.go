// Package store keeps what the product must not lose: Postgres through pgx and
// sqlc, and evidence bytes as files. Its one type *Store has a method per thing a
// use case does, noun then verb; each method that changes something does it in
// one transaction together with its record entries and outbox items.
//
//	schema/     migrations and grants, run by Migrate
//	queries/    one .sql per noun -> sqlcgen/ (sqlc generate, see sqlc.yaml)
//	<noun>.go   rows <-> nouns of internal/soar and internal/protocol
//	postgres/   what knows no noun: pool, driver errors, lists, LISTEN and NOTIFY
//	blob/       content-addressed files; storetest/ a database per test
//
// Nouns are stored as JSON documents with columns beside them for what lists
// filter by. Errors are *soar.Error. Locks are taken in one order: correlation
// key, alert, incident, approval or task, record head.
//
// Rules are not here: who may do what is in internal/access, what a write needs
// is in internal/guard, the form of the record is in internal/record.
package store
