// Package connectortest is the suite that every connector must pass: Run asks
// whether manifest and code agree, whether failures are classified as
// connector.ClassifyStatus says, and whether the promises hold that the action
// ledger rests on.
//
//	manifest  schemas compile, targets, undo and reconcile name what exists
//	answers   every declared action works, any other is a permanent error
//	ledger    Sent comes before the first byte of an effect; its error stops it
//	statuses  each HTTP status has its class; redirects carry no secret away
//	canary    a secret shows in no error, log, output or evidence
//	faults    refused, cut, mute, garbage, endless: the right class, in time
//
// The fake system is an HTTP server of the suite's own; a connector that speaks
// to none sets Offline. What a connector's product means by its answers is tested
// beside the connector.
package connectortest
