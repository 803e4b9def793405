// Package postgres is how the store speaks to its database, and knows no noun:
// the pool with its deadlines, the one place that reads driver errors, text and
// JSON as Postgres can hold them, lists with optional conditions and cursors, and
// being told by LISTEN and NOTIFY that something was added.
package postgres
