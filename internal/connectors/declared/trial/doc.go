// Package trial runs the tests of declared connectors: YAML files that say which
// requests an action must make, what the system answers, and how it must end. The
// format is explained in internal/connectors/README.md.
//
// The system is a server on loopback that knows its part by heart: it takes the
// requests of the test in their order and checks method, path, query, headers and
// body of each. A request that was not expected, one that did not come, a secret
// that shows and a ledger that was told at the wrong moment are faults.
package trial
