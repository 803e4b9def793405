// Package temporalclient is the one holder of a Temporal client: it starts
// incidents, sends updates, asks for state, registers search attributes, and
// makes the worker with its options.
//
// Others name the few methods they need in interfaces of their own. Errors come
// back as soar.Error: a refused update is a conflict, a Temporal that does not
// answer is unavailable. What crosses is defined in internal/protocol.
package temporalclient
