// Package incidents holds what people do with incidents: see them, command them,
// decide approvals, complete tasks, open one by hand.
//
// Every method checks the caller's permission and commits what was decided with
// its record entry before the workflow hears of it. Alerts come in through
// internal/intake; playbooks are published in internal/library; what then runs is
// in workflows.
package incidents
