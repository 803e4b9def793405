// Package guard decides whether an action that changes the world may happen now,
// and what to do with an action that was begun before. It is pure: the caller
// gathers the facts, guard answers with a verdict, nothing is read or written.
//
//	Targets   what is aimed at: never nothing, never everything
//	Decide    kill switch -> protected assets -> approval or pre-authorisation
//	Within    blast radius, counted on ledger intents so that no crash resets it
//	Enter     where a ledger entry stands -> send, ask, answer or a person
//	AfterAsk  what the connector said when it was asked -> the same four
//	AfterCall how the call ended -> where the ledger entry moves
//
// The order of the checks and the writing of the ledger are in activities; the
// rows in internal/store; who may approve in internal/access. What cannot be
// read or matched counts as a refusal here, never as a yes.
package guard
