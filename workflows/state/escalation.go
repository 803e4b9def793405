package state

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/oncall/escalation"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Escalating is an escalation policy that is carried out, pinned as it was when the
// escalation started.
type Escalating struct {
	soar.Escalation
	Pinned   *protocol.EscalationPolicy `json:"pinned,omitempty"` // nil: still to be looked up
	Progress escalation.Progress        `json:"progress"`
	Wake     *time.Time                 `json:"wake,omitempty"` // the store is away: look it up again then
	Tasks    []string                   `json:"tasks,omitempty"`
}

// Over tells whether nothing more comes of it.
func (p *Escalating) Over() bool { return p.Status.Over() }

// Escalate starts a policy in the incident. One that runs already and waits for an
// acknowledgement is not started twice: started is false then.
func (c *Case) Escalate(e soar.Escalation, now time.Time) (policy *Escalating, started bool) {
	for _, known := range c.Escalations {
		if known.Policy == e.Policy && known.Status == soar.EscalationRunning {
			text := "Policy " + e.Policy + " is under way already as " + known.ID + ": " + e.Reason
			c.Tell(now, Entry{Kind: protocol.EventEscalated, By: e.StartedBy, Step: e.StepPath, Text: text, Data: map[string]any{"policy": e.Policy, "escalation": known.ID, "reason": e.Reason}})
			return known, false
		}
	}
	c.EscalationCount++
	e.ID = protocol.DerivedID("ESC-", c.Incident.ID, "escalation", c.EscalationCount)
	e.Reason, e.StartedAt = cut(e.Reason), now
	policy = &Escalating{Escalation: e, Progress: escalation.Start(now)}
	c.Escalations = append(c.Escalations, policy)
	c.TouchEscalation(policy)
	c.Tell(now, Entry{Kind: protocol.EventEscalated, By: e.StartedBy, Step: e.StepPath, Text: "Escalated by policy " + e.Policy + " as " + e.ID + ": " + e.Reason, Data: e})
	return policy, true
}

// TouchEscalation brings the view up to date and lets it ride along with the next
// journal batch.
func (c *Case) TouchEscalation(p *Escalating) {
	p.Status, p.Taken, p.NextAt = p.Progress.Status, p.Progress.Next, nil
	if p.Pinned != nil {
		p.Steps = escalation.Steps(*p.Pinned)
		if due, some := p.Progress.Due(*p.Pinned); some {
			p.NextAt = &due
		}
	}
	c.Journal.TouchIncident()
}

// FindEscalation gives the escalation of this id, or nil.
func (c *Case) FindEscalation(id string) *Escalating {
	for _, policy := range c.Escalations {
		if policy.ID == id {
			return policy
		}
	}
	return nil
}

// MayAcknowledge says why there is nothing to acknowledge, or nil. An empty id means
// all.
func (c *Case) MayAcknowledge(id string, by soar.Actor) error {
	if by.Kind != soar.ActorPerson {
		return fmt.Errorf("only a person can acknowledge an escalation")
	}
	if id == "" {
		for _, policy := range c.Escalations {
			if !policy.Over() {
				return nil
			}
		}
		return fmt.Errorf("no escalation is under way in incident %s", c.Incident.ID)
	}
	policy := c.FindEscalation(id)
	switch {
	case policy == nil:
		return fmt.Errorf("there is no escalation %s in incident %s", id, c.Incident.ID)
	case policy.Over():
		return fmt.Errorf("escalation %s is %s", id, policy.Status)
	}
	return nil
}

// AcknowledgeEscalation marks the one of this id, or all when id is empty, as taken
// on by a person, and gives their ids.
func (c *Case) AcknowledgeEscalation(id string, by soar.Actor, now time.Time) []string {
	var ids []string
	for _, policy := range c.Escalations {
		if id != "" && policy.ID != id || !policy.Progress.Acknowledge(now) {
			continue
		}
		policy.AcknowledgedBy, policy.AcknowledgedAt = &by, &now
		ids = append(ids, policy.ID)
		c.TouchEscalation(policy)
		c.Tell(now, Entry{Kind: protocol.EventEscalationAcknowledged, By: by, Step: policy.StepPath, Text: "Escalation " + policy.ID + " by policy " + policy.Policy + " acknowledged", Data: policy.Escalation})
	}
	return ids
}

// WorkOn says that a person did something in the incident: acknowledgements stay
// fresh.
func (c *Case) WorkOn(by soar.Actor, now time.Time) {
	if by.Kind != soar.ActorPerson {
		return
	}
	for _, policy := range c.Escalations {
		if policy.Progress.Status == soar.EscalationAcknowledged {
			policy.Progress.Touch(now)
			c.TouchEscalation(policy)
		}
	}
}

// FailEscalation ends an escalation that cannot be carried out.
func (c *Case) FailEscalation(policy *Escalating, problem string, now time.Time) {
	policy.Progress.Status, policy.Problem = soar.EscalationFailed, problem
	c.TouchEscalation(policy)
	c.Tell(now, Entry{Kind: protocol.EventEscalationFailed, By: soar.System("escalation"), Step: policy.StepPath, Text: "Escalation " + policy.ID + ": " + problem, Data: policy.Escalation})
}

// endEscalations stops all with the incident and cancels the tasks that they opened.
func (c *Case) endEscalations(now time.Time) {
	for _, policy := range c.Escalations {
		for _, id := range policy.Tasks {
			if task := c.Task(id); task != nil && task.Open() {
				task.Status = soar.TaskCancelled
				c.TouchTask(task)
			}
		}
		if !policy.Progress.Stop() {
			continue
		}
		c.TouchEscalation(policy)
		c.Tell(now, Entry{Kind: protocol.EventEscalationEnded, By: soar.System("escalation"), Step: policy.StepPath, Text: "Escalation " + policy.ID + " ended with the incident", Data: policy.Escalation})
	}
}

// Escalated tells whether a policy was or is carried out: people have the incident
// then, and close it.
func (c *Case) Escalated() bool {
	return slices.ContainsFunc(c.Escalations, func(e *Escalating) bool { return e.Status != soar.EscalationFailed })
}

func (c *Case) escalationViews() []soar.Escalation {
	var views []soar.Escalation
	for _, policy := range c.Escalations {
		views = append(views, policy.Escalation)
	}
	return views
}
