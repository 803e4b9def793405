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
	Verification string        `json:"verification"`     // primary | secondary | unverified
	Pack         string        `json:"pack"`             // "name version"
	Packs        string        `json:"packs,omitempty"`  // SHA-256 hex over all packs that it was computed with
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

// DutyUnverified is a DutyStage.Verification: no text of the law was at hand.
const DutyUnverified = "unverified"

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

// DutyStanding says how a duty stands towards an incident.
type DutyStanding string

// Standings.
const (
	DutyOpen          DutyStanding = "open"      // it opened, and is neither sent nor waived
	DutySent          DutyStanding = "sent"      // its notice was sent
	DutyWaivedBy      DutyStanding = "waived"    // a person said that it does not apply
	DutyDropped       DutyStanding = "dropped"   // it ended with the incident
	DutyMayApply      DutyStanding = "may_apply" // facts that would decide are not declared
	DutyNotApplicable DutyStanding = "not_applicable"
)

// DutyEntry is one line of what an incident owes: a stage of a regime that opened, or
// a regime that has not.
type DutyEntry struct {
	Duty         string       `json:"duty"` // regime/stage when it opened, else the regime
	Title        string       `json:"title"`
	To           string       `json:"to,omitempty"`
	Standing     DutyStanding `json:"standing"`
	State        string       `json:"state,omitempty"` // of the clock; see DutyStage
	Confirmed    bool         `json:"confirmed,omitempty"`
	Late         bool         `json:"late,omitempty"`    // it was due before it was sent
	Missing      []string     `json:"missing,omitempty"` // facts that would decide whether it applies
	If           string       `json:"if,omitempty"`
	Why          string       `json:"why,omitempty"`
	DueAt        time.Time    `json:"due_at,omitzero"` // of may_apply: when the first notice would be due
	SentAt       *time.Time   `json:"sent_at,omitempty"`
	Proof        string       `json:"proof,omitempty"`
	Faults       []string     `json:"faults,omitempty"` // facts that cannot be read
	Source       string       `json:"source"`
	Verification string       `json:"verification"`
	Pack         string       `json:"pack"`
	Packs        string       `json:"packs,omitempty"`
	Remark       string       `json:"remark,omitempty"`
}
