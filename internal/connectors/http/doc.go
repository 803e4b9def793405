// Package http is the connector that calls public web addresses: get reads,
// request may change something and so needs an approval.
//
// It has no credentials and reaches no private network; both are the work of the
// public client in internal/connector. A system that needs a credential gets a
// connector of its own, whose secret is bound to that system's host.
package http
