package soar

import "time"

// DutyStage is what a clock needs beside its times when it is a notice that a law,
// a regulator or a contract asks for. It is not legal advice.
type DutyStage struct {
	Regime       string        `json:"regime"` // eu-gdpr-33
	Stage        string        `json:"stage"`  // notification
	Title        string        `json:"title"`
	To           string        `json:"to"`
	State        string        `json:"state"`            // running | waiting | no_fixed_term | not_due | waived
	If           string        `json:"if,omitempty"`     // what it depends on and nobody has declared
	Why          string        `json:"why,omitempty"`    // how it was counted, or what it waits for
	Day          string        `json:"day,omitempty"`    // set when the limit is the end of this day
	Zone         string        `json:"zone,omitempty"`   // in which days are counted
	Source       string        `json:"source"`           // where it stands
	Verification string        `json:"verification"`     // primary | secondary | memory
	Pack         string        `json:"pack"`             // "name version"
	Remark       string        `json:"remark,omitempty"` // to be read before it is relied on
	Assumed      bool          `json:"assumed,omitempty"`
	Draft        string        `json:"draft,omitempty"`     // plain text of the notice, to be completed by a person
	Confirmed    *DutyDecision `json:"confirmed,omitempty"` // that the regime applies
	Waived       *DutyDecision `json:"waived,omitempty"`    // that it does not
	Sent         *DutyDecision `json:"sent,omitempty"`
	Proof        string        `json:"proof,omitempty"` // evidence id, or a reference that the recipient gave
}

// DutyDecision is who decided or did something about a duty, when and why.
type DutyDecision struct {
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// States of a DutyStage.
const (
	DutyRunning      = "running"
	DutyWaiting      = "waiting"        // what starts it has not happened
	DutyNoFixedTerm  = "no_fixed_term"  // owed, without a due time
	DutyCannotBeDone = "cannot_compute" // owed, and its due time cannot be computed
	DutyWaived       = "waived"
)

// Counts tells whether the objective has a due time that can be breached: all
// have, save for duties that wait, have no fixed term, or were waived.
func (o Objective) Counts() bool { return o.Duty == nil || o.Duty.State == DutyRunning }
