package soar

import (
	"slices"
	"time"
)

// ClockKind says what runs out.
type ClockKind string

// Kinds of clocks.
const (
	ClockObjective   ClockKind = "objective"   // agreed with management, of an incident that has not ended
	ClockDuty        ClockKind = "duty"        // owed to an authority, until its notice is sent
	ClockApproval    ClockKind = "approval"    // waits for a decision until it expires
	ClockTask        ClockKind = "task"        // open, with a time by which it is due
	ClockContainment ClockKind = "containment" // held back until it is released by itself
)

// ClockKinds lists all kinds.
func ClockKinds() []ClockKind {
	return []ClockKind{ClockObjective, ClockDuty, ClockApproval, ClockTask, ClockContainment}
}

// Valid tells whether k is a known kind.
func (k ClockKind) Valid() bool { return slices.Contains(ClockKinds(), k) }

// ClockState is how a clock stands at one moment.
type ClockState string

// States of clocks. Unlike Objective.State, breached says that it is still open
// now: what was met late is met, and Clock.Late says so.
const (
	ClockRunning  ClockState = "running"
	ClockWarning  ClockState = "warning"  // its time to warn has passed, it is not due yet
	ClockBreached ClockState = "breached" // it is due, and still open
	ClockPaused   ClockState = "paused"   // it rests; when it is due moves on with the pause
	ClockMet      ClockState = "met"      // it does not run any more
)

// ClockStates lists all states, in the order in which a clock that nobody stops
// passes them, then those in which it does not run.
func ClockStates() []ClockState {
	return []ClockState{ClockRunning, ClockWarning, ClockBreached, ClockPaused, ClockMet}
}

// Valid tells whether s is a known state.
func (s ClockState) Valid() bool { return slices.Contains(ClockStates(), s) }

// Clock is one thing that runs out, whatever it is. Titles may have been written
// by an attacker.
type Clock struct {
	ID            string     `json:"id"` // kind, and what it is of; stable as long as it is there
	Kind          ClockKind  `json:"kind"`
	Ref           string     `json:"ref"`  // id of the approval, task or containment; name of the objective or duty
	What          string     `json:"what"` // for people
	IncidentID    string     `json:"incident_id"`
	IncidentTitle string     `json:"incident_title"`
	Severity      Severity   `json:"severity"` // of the incident
	TLP           TLP        `json:"tlp"`      // of the incident
	Drill         bool       `json:"drill,omitempty"`
	State         ClockState `json:"state"`
	Late          bool       `json:"late,omitempty"` // met after it was due
	DueAt         time.Time  `json:"due_at"`
	WarnAt        *time.Time `json:"warn_at,omitempty"`
	MetAt         *time.Time `json:"met_at,omitempty"`
	DueIn         int64      `json:"due_in_seconds"` // at the time of the answer; negative: overdue
}

// At gives the clock as it stands at now. One that came paused stays so.
func (c Clock) At(now time.Time) Clock {
	c.DueIn = int64(c.DueAt.Sub(now) / time.Second)
	switch {
	case c.MetAt != nil:
		c.State, c.Late = ClockMet, c.Late || c.MetAt.After(c.DueAt)
	case c.State == ClockPaused:
	case !now.Before(c.DueAt):
		c.State = ClockBreached
	case c.WarnAt != nil && !now.Before(*c.WarnAt):
		c.State = ClockWarning
	default:
		c.State = ClockRunning
	}
	return c
}

// ClockFilter narrows the list of clocks, next due first. Empty fields match all;
// without State it is what is still open.
type ClockFilter struct {
	Kind       ClockKind  `json:"kind,omitempty"`
	State      ClockState `json:"state,omitempty"`
	All        bool       `json:"all,omitempty"` // with those that are met
	Severity   Severity   `json:"severity,omitempty"`
	IncidentID string     `json:"incident_id,omitempty"`
	DueBefore  *time.Time `json:"due_before,omitempty"`
	Now        time.Time  `json:"-"` // what State is judged at
	Page
	Viewer *Viewer `json:"-"`
}
