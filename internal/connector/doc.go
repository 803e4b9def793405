// Package connector is the contract between the product and the systems it acts
// on: Connector, Instance, the call and its result, the error classes, and the
// registry that an app builds from one explicit list.
//
// A connector's folder is internal/connectors/<name>: manifest.yaml, the code,
// its testdata. connectortest checks that manifest and code agree. Whether a
// call may happen is decided before, in internal/guard; what happened is kept by
// the action ledger. A connector gets exactly what the step asked for, and its
// own configuration, and nothing else.
package connector
