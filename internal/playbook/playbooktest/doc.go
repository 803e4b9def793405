// Package playbooktest is what tests of the playbook language share: a catalog of
// connectors, the fixtures of internal/playbook/testdata, and golden files.
//
// Its manifests are copies of those of the lab, notify and http connectors, because
// nothing below internal/playbook may import a connector; a test keeps the copies
// true. virustotal and vault stand in for what the lab has not: a public reputation
// service, and actions that destroy.
package playbooktest
