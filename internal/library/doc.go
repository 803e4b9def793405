// Package library holds what people do with playbooks: lint, publish, activate,
// disable, look at versions. It also gives the compiled plans to those who run
// them, from a cache.
//
// The language itself is in internal/playbook; which playbook fits an incident is
// decided in internal/intake.
package library
