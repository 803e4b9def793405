// Package http is the connector that calls web addresses: get reads, request may
// change something and so needs an approval.
//
// An instance without the setting base_url has no credentials and reaches public
// addresses only, by the public client of internal/connector; hosts narrows it to
// a list. One with base_url is bound to that system: its secret goes to that host
// and below that path only, and no redirect is followed.
//
//	http.go   the two actions, and what comes back
//	open.go   an instance from its settings
//	bound.go  calls of a bound instance
package http
