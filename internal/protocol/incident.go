package protocol

import (
	"encoding/json"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// IncidentInput starts the incident workflow, and starts it again after
// continue-as-new, then with Carry set.
type IncidentInput struct {
	Incident   soar.Incident   `json:"incident"`
	Alerts     []soar.Alert    `json:"alerts"`
	Assessment soar.Assessment `json:"assessment"`
	Policy     ObjectivePolicy `json:"policy"`
	Runs       []RunPin        `json:"runs"`
	Settings   Settings        `json:"settings"`
	Carry      json.RawMessage `json:"carry,omitempty"` // workflows' own state, opaque to everybody else
}

// Settings are fixed when the incident starts.
type Settings struct {
	Preauthorised       []string `json:"preauthorised,omitempty"`         // names that policy.preauthorised() knows
	ContinueAfterEvents int      `json:"continue_after_events,omitempty"` // continue-as-new by this many history events; 0: 4,000
	ForEachWindow       int      `json:"for_each_window,omitempty"`       // most iterations in flight in one loop; 0: 50
	AutoClose           bool     `json:"auto_close,omitempty"`            // close by itself when all runs ended well

	Approvals []ApprovalRule `json:"approvals,omitempty"` // what approvals.yaml asked for when the incident was opened
}

// ApprovalRule asks for more than a playbook does, where its expression holds. It
// never asks for less.
type ApprovalRule struct {
	Name   string      `json:"name"`
	When   string      `json:"when"`             // expression over incident, risk and actions
	Needs  []soar.Role `json:"needs,omitempty"`  // of each, one person says yes, besides the quorum
	Quorum int         `json:"quorum,omitempty"` // at least so many approvers; 0: as the playbook says
}

// RunPin is one playbook version to run with its inputs.
type RunPin struct {
	RunID    string         `json:"run_id,omitempty"` // r1, r2, ...: given by the workflow
	Playbook string         `json:"playbook"`
	Version  string         `json:"version"`
	Digest   string         `json:"digest"`
	Input    map[string]any `json:"input,omitempty"` // given by a person; the rest comes from the defaults
	By       soar.Actor     `json:"by"`
	Reason   string         `json:"reason,omitempty"`
}

// ObjectivePolicy is the part of the objectives file that an incident keeps: for
// each severity the clocks, and who agreed to them when.
type ObjectivePolicy struct {
	Name     string                             `json:"name"`
	Version  string                             `json:"version"`
	AgreedBy string                             `json:"agreed_by"`
	AgreedOn string                             `json:"agreed_on"` // date, YYYY-MM-DD
	Clocks   map[soar.Severity][]ObjectiveClock `json:"clocks"`

	Rules     []ObjectiveRule            `json:"rules,omitempty"`     // the same and more; empty in inputs from before there were rules
	Calendars map[string]json.RawMessage `json:"calendars,omitempty"` // that rules name, as internal/deadline/calendar has them
}

// ObjectiveRule is one objective for some incidents. Of the rules that fit, the one
// that names a playbook goes before the one that names a category, and that before
// the others.
type ObjectiveRule struct {
	ID         string            `json:"id"`
	Objective  string            `json:"objective"`
	Severities []soar.Severity   `json:"severities,omitempty"` // empty: all
	Categories []soar.Category   `json:"categories,omitempty"` // empty: all
	Playbooks  []string          `json:"playbooks,omitempty"`  // of which one runs or ran; empty: all
	Within     time.Duration     `json:"within_ns"`
	WarnAt     []float64         `json:"warn_at,omitempty"`  // shares of the time, rising
	Calendar   string            `json:"calendar,omitempty"` // empty: the clock never rests
	Start      string            `json:"start,omitempty"`    // expressions; empty: from the opening
	Stop       string            `json:"stop,omitempty"`     // empty: what the objective's name says
	Pause      string            `json:"pause,omitempty"`    // empty: never
	OnWarning  []ObjectiveAction `json:"on_warning,omitempty"`
	OnBreach   []ObjectiveAction `json:"on_breach,omitempty"`
}

// ObjectiveAction is what happens on a warning or a breach; one of the three is set.
type ObjectiveAction struct {
	Notify   []soar.Role    `json:"notify,omitempty"`
	Escalate string         `json:"escalate,omitempty"` // name of an escalation policy
	Declare  map[string]any `json:"declare,omitempty"`  // facts
}

// ObjectiveClock is one objective for one severity, counted from the moment the
// incident was opened.
type ObjectiveClock struct {
	Name   string        `json:"name"` // acknowledge | contain | resolve
	Within time.Duration `json:"within_ns"`
	WarnAt float64       `json:"warn_at,omitempty"` // share of the time after which to warn, 0.75; 0: no warning
}

// StateView is what the state query answers.
type StateView struct {
	Incident       soar.Incident      `json:"incident"`
	Runs           []RunView          `json:"runs"`
	Approvals      []soar.Approval    `json:"approvals"`
	Tasks          []soar.Task        `json:"tasks"`
	Containments   []soar.Containment `json:"containments"`
	Objectives     []soar.Objective   `json:"objectives"`
	Draining       bool               `json:"draining,omitempty"`
	ContinuedAsNew int                `json:"continued_as_new,omitempty"` // how often
}

// RunView is one playbook run.
type RunView struct {
	RunID     string          `json:"run_id"`
	Playbook  string          `json:"playbook"`
	Version   string          `json:"version"`
	Digest    string          `json:"digest"`
	Parent    string          `json:"parent,omitempty"` // key of the call step that runs it
	Status    soar.StepStatus `json:"status"`
	Error     string          `json:"error,omitempty"`
	StartedAt time.Time       `json:"started_at"`
	EndedAt   *time.Time      `json:"ended_at,omitempty"`
	Steps     []StepView      `json:"steps,omitempty"`
}

// StepView is one step of a run as far as it got. Key is unique in the incident:
// run id, path, and loop indexes, as r1/reputation[3]/lookup.
type StepView struct {
	Key       string          `json:"key"`
	RunID     string          `json:"run_id"`
	StepID    string          `json:"step_id"`
	Kind      string          `json:"kind"`
	Title     string          `json:"title,omitempty"`
	Phase     string          `json:"phase,omitempty"`
	Action    string          `json:"action,omitempty"`
	Status    soar.StepStatus `json:"status"`
	Error     string          `json:"error,omitempty"`
	StartedAt time.Time       `json:"started_at"`
	EndedAt   *time.Time      `json:"ended_at,omitempty"`
}

// IncidentResult is what the incident workflow returns when it ends.
type IncidentResult struct {
	Status     soar.IncidentStatus `json:"status"`
	Resolution soar.Resolution     `json:"resolution,omitempty"`
	Events     int64               `json:"events"` // how many were written
}
