// Package sqlcgen is written by sqlc from internal/store/queries and the
// migrations; see internal/store/sqlc.yaml for how. Only internal/store uses it.
package sqlcgen
