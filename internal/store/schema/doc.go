// Package schema holds the migrations of the database and runs them: goose as a
// library, under a session lock, so that of processes that start together one
// migrates. roles.sql, run after them, sets the grants of the role tocsin_app.
//
// Migrations only go forward in service; their down parts are for tests and for
// taking back a release before it was used. A released migration never changes.
package schema
