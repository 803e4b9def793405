// Package operations holds what people who run an installation do with it: look
// at work that was laid aside and put it back in line, and keep the list of
// targets that no playbook may touch.
//
// Every method checks the caller's permission and records a change in the
// system's chain. The kill switch is in internal/incidents, tokens are in
// internal/access, what the list of targets means is in internal/guard.
package operations
