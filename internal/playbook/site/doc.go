// Package site holds the names in a playbook against the policy files of the place
// where it is to run: escalation policies and rosters. The language does not know
// them, and a playbook may be written before they are.
package site
