// Package devstack runs a private Postgres and a Temporal development server on
// one machine, for "tocsin dev" and for the tests. Both are real servers, kept
// in one folder, bound to the loopback interface, and gone when the process that
// started them is gone.
//
// Postgres comes from the machine's own installation; the package makes a
// cluster with a random password and a port that stays the same between starts.
// Postgres refuses to run as root, so root drops to the user postgres, or where
// that user cannot reach the folder, to a user namespace.
//
// Temporal is the command in deploy/devtemporal, a module of its own. It is built
// once per version of its sources and kept in the user's cache folder.
//
//	Start ─┬─ StartPostgres ── findPostgres, cluster, identity ─┐
//	       └─ StartTemporal ── findTemporal, buildTemporal ─────┴─ child
//
// Package devstacktest hands these servers to tests. Schema, migrations and
// search attributes are not known here: they belong to store and temporalclient.
package devstack
