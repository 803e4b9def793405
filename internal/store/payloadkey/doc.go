// Package payloadkey keeps the list of keys that ever encrypted payloads in
// Temporal, so that no process starts without one that is still needed.
package payloadkey
