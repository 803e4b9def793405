// Package intake takes alerts in and makes incidents of them.
//
//	Accept    body -> mapping -> one stored alert each, answered when committed
//	Dispatch  alert -> joins the open incident it belongs to
//	                -> or is assessed: an event that stays one, or a new incident
//	Match     incident and alert -> the playbooks whose trigger fits
//
// Accept never asks Temporal and loses nothing that it answered for. Dispatch runs
// from the outbox, perhaps again after a crash, and then finds what it did before:
// an alert's incident has an id that follows from the alert's.
//
// How a tool's body is read is in mapping and sources; what is an incident and what
// belongs together is decided by internal/policy; the bytes are kept by the store.
package intake
