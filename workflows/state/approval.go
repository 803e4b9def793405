package state

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Approval is a request for approval with its clocks, all absolute.
type Approval struct {
	soar.Approval
	Generation  int           `json:"generation,omitempty"`
	RemindEvery time.Duration `json:"remind_every_ns,omitempty"`
	RemindAt    *time.Time    `json:"remind_at,omitempty"`
	Escalations []Escalation  `json:"escalations,omitempty"`
	Again       int           `json:"again,omitempty"`   // how often it was asked anew before
	Floor       int           `json:"floor,omitempty"`   // the playbook's quorum, below which nothing brings it
	LookAt      *time.Time    `json:"look_at,omitempty"` // it is due to expire, and the store is asked for decisions then
	Looks       int           `json:"looks,omitempty"`   // how often the store did not answer
}

// Asked gives everybody who is to decide.
func (a *Approval) Asked() []soar.Approver { return slices.Concat(a.Approvers, a.Needs) }

// Risk gives the highest risk among the bound actions; read when nothing is bound.
func (a *Approval) Risk() soar.Risk {
	risk := soar.RiskRead
	for _, shown := range a.Shown {
		if slices.Index(soar.Risks(), shown.Risk) > slices.Index(soar.Risks(), risk) {
			risk = shown.Risk
		}
	}
	return risk
}

// DecidedBy tells whether the person has decided, also through a delegate.
func (a *Approval) DecidedBy(by soar.Actor) bool {
	return slices.ContainsFunc(a.Decisions, func(d soar.Decision) bool { return quorum.SamePerson(d, soar.Decision{By: by}) })
}

// Shut excludes somebody from now on.
func (a *Approval) Shut(by soar.Actor) {
	if !slices.ContainsFunc(a.Exclude, by.Same) {
		a.Exclude = append(a.Exclude, by)
	}
}

// Responders are those who work on an incident: its owner, when there is one, and
// the SOC's lead.
func Responders(incident soar.Incident) []soar.Approver {
	who := []soar.Approver{{Role: soar.RoleSOCLead}}
	if incident.Owner != "" {
		who = append([]soar.Approver{{Person: incident.Owner}}, who...)
	}
	return who
}

// Escalation tells somebody else at a time, or starts an escalation policy, unless it
// was done.
type Escalation struct {
	At     time.Time     `json:"at"`
	To     soar.Approver `json:"to"`
	Policy string        `json:"policy,omitempty"` // in the place of To
	Done   bool          `json:"done,omitempty"`
}

// Open tells whether it still waits for people.
func (a *Approval) Open() bool { return a.Status == soar.ApprovalPending }

// Approval gives the approval of this id, or nil.
func (c *Case) Approval(id string) *Approval {
	for _, approval := range c.Approvals {
		if approval.ID == id {
			return approval
		}
	}
	return nil
}

// AddApproval keeps a new request.
func (c *Case) AddApproval(a *Approval) {
	c.Approvals = append(c.Approvals, a)
	c.TouchApproval(a)
}

// TouchApproval lets the view ride along with the next journal batch.
func (c *Case) TouchApproval(a *Approval) { c.Journal.touch(&c.Journal.Dirty.Approvals, a.ID) }

// MayDecide says why this decision cannot count now, or nil. It checks what the
// use case checked before it, with what the workflow can see itself: state,
// digest, four eyes, role, and one decision a person.
func (a *Approval) MayDecide(d soar.Decision) error {
	if !a.Open() {
		return fmt.Errorf("approval %s is %s: nothing is left to decide", a.ID, a.Status)
	}
	switch reason := quorum.WhyNot(a.Approval, d); reason {
	case quorum.Counts:
	case quorum.NotAPerson:
		return fmt.Errorf("only a person may decide approval %s", a.ID)
	case quorum.OtherDigest:
		return fmt.Errorf("the decision was made on other actions than approval %s binds", a.ID)
	case quorum.Excluded:
		return fmt.Errorf("%s may not decide approval %s: it needs a second pair of eyes", d.By, a.ID)
	case quorum.NotApprover:
		return fmt.Errorf("%s holds no role that may decide approval %s", d.By, a.ID)
	default:
		return fmt.Errorf("approval %s: %s", a.ID, reason)
	}
	if slices.ContainsFunc(a.Decisions, func(other soar.Decision) bool { return quorum.SamePerson(other, d) }) {
		return fmt.Errorf("%s has decided approval %s already", d.By, a.ID)
	}
	return nil
}

// Decide counts a decision that MayDecide let pass. One no ends it; as many yes
// as the quorum, each by another person, grant it.
func (a *Approval) Decide(d soar.Decision, now time.Time) {
	a.Decisions = append(a.Decisions, d)
	a.Settle(now)
}

// Settle ends the request when its decisions are enough.
func (a *Approval) Settle(now time.Time) {
	if status := quorum.Count(a.Approval).Status(); status != soar.ApprovalPending {
		a.End(status, now)
	}
}

// End closes the request.
func (a *Approval) End(status soar.ApprovalStatus, now time.Time) {
	a.Status, a.DecidedAt, a.RemindAt = status, &now, nil
}

// NextDue gives the next moment at which something is to be done about it, and
// what: "expires", "remind" or "escalate".
func (a *Approval) NextDue() (time.Time, string) {
	due, what := a.ExpiresAt, "expires"
	if a.RemindAt != nil && a.RemindAt.Before(due) {
		due, what = *a.RemindAt, "remind"
	}
	for _, escalation := range a.Escalations {
		if !escalation.Done && escalation.At.Before(due) {
			due, what = escalation.At, "escalate"
		}
	}
	return due, what
}

// Expiry gives when it is to be looked at whether it expires: when it is due, later
// when the store did not say then who has decided.
func (a *Approval) Expiry() time.Time {
	if a.LookAt != nil && a.LookAt.After(a.ExpiresAt) {
		return *a.LookAt
	}
	return a.ExpiresAt
}

// BoundAction gives the bound action of this step key, or nil.
func (a *Approval) BoundAction(key string) *soar.BoundAction {
	for i := range a.Bound {
		if a.Bound[i].StepPath == key {
			return &a.Bound[i]
		}
	}
	return nil
}
