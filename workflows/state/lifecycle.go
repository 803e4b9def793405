package state

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// assess moves a reported incident on when it comes with its assessment.
func (c *Case) assess(assessment soar.Assessment, now time.Time) {
	if c.Incident.Status == "" {
		c.Incident.Status = soar.StatusReported
	}
	if !assessment.Incident || c.Incident.Status != soar.StatusReported {
		return
	}
	c.Incident.Status = soar.StatusAssessed
	text := fmt.Sprintf("Assessed as %s, severity %s", assessment.Category, assessment.Severity)
	c.Tell(now, Entry{Kind: protocol.EventIncidentAssessed, By: assessment.By, Text: text, Data: assessment})
}

// CheckDeclare says why the change cannot be made, or nil. Moving the status
// back is refused; ending the incident is done by closing it.
func (c *Case) CheckDeclare(change protocol.Declare) error {
	switch {
	case change.Severity != "" && !change.Severity.Valid():
		return fmt.Errorf("%q is not a severity; there are %v", change.Severity, soar.Severities())
	case change.Category != "" && !change.Category.Valid():
		return fmt.Errorf("%q is not a category of the taxonomy", change.Category)
	case change.Impact != "" && !change.Impact.Valid():
		return fmt.Errorf("%q is not an impact; there are %v", change.Impact, soar.Levels())
	case change.Urgency != "" && !change.Urgency.Valid():
		return fmt.Errorf("%q is not an urgency; there are %v", change.Urgency, soar.Levels())
	case change.TLP != "" && !change.TLP.Valid():
		return fmt.Errorf("%q is not a TLP label; there are %v", change.TLP, soar.TLPs())
	case change.Status != "" && !change.Status.Valid():
		return fmt.Errorf("%q is not a status; there are %v", change.Status, soar.IncidentStatuses())
	case change.Status.Ended():
		return fmt.Errorf("status %s is reached by closing the incident, not by declaring it", change.Status)
	}
	return nil
}

// Declare makes a change that CheckDeclare let pass, tells it, and gives the
// names of what changed. A status that the incident has passed already is left.
func (c *Case) Declare(change protocol.Declare, by soar.Actor, step string, now time.Time) []string {
	var changed []string
	set := func(name string, differs bool, apply func()) {
		if differs {
			apply()
			changed = append(changed, name)
		}
	}
	i := &c.Incident
	set("title", differs(change.Title, i.Title), func() { i.Title = change.Title })
	set("severity", differs(change.Severity, i.Severity), func() { i.Severity = change.Severity })
	set("impact", differs(change.Impact, i.Impact), func() { i.Impact = change.Impact })
	set("urgency", differs(change.Urgency, i.Urgency), func() { i.Urgency = change.Urgency })
	set("category", differs(change.Category, i.Category), func() { i.Category = change.Category })
	set("owner", differs(change.Owner, i.Owner), func() { i.Owner = change.Owner })
	set("tlp", differs(change.TLP, i.TLP), func() { i.TLP = change.TLP })
	set("facts", len(change.Facts) > 0, func() { c.addFacts(change.Facts) })
	if len(changed) > 0 {
		c.Journal.TouchIncident()
		text := "Declared: " + c.describe(changed)
		c.Tell(now, Entry{Kind: protocol.EventIncidentDeclared, By: by, Step: step, Text: text, Data: declared(change)})
	}
	if slices.Contains(changed, "severity") {
		c.SetObjectives(now)
	}
	if slices.Contains(changed, "severity") || slices.Contains(changed, "category") {
		c.WantMatch(c.FirstAlert())
	}
	if change.Status != "" && c.Advance(change.Status, by, step, now) {
		changed = append(changed, "status")
	}
	return changed
}

func differs[T comparable](next, now T) bool {
	var empty T
	return next != empty && next != now
}

// declared is the change without what only carried it here.
func declared(change protocol.Declare) protocol.Declare {
	change.Command = protocol.Command{Reason: change.Reason}
	return change
}

func (c *Case) addFacts(facts map[string]any) {
	merged := maps.Clone(c.Incident.Facts)
	if merged == nil {
		merged = map[string]any{}
	}
	maps.Copy(merged, facts)
	c.Incident.Facts = merged
}

func (c *Case) describe(changed []string) string {
	now := map[string]string{
		"severity": string(c.Incident.Severity), "impact": string(c.Incident.Impact), "urgency": string(c.Incident.Urgency),
		"category": string(c.Incident.Category), "owner": c.Incident.Owner, "tlp": string(c.Incident.TLP),
	}
	parts := make([]string, 0, len(changed))
	for _, name := range changed {
		if value := now[name]; value != "" {
			name += " " + value
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, ", ")
}

// Advance moves the incident forward to status, when that is forward, and tells
// so. The first time that it is contained or further, the contain clock is met.
func (c *Case) Advance(status soar.IncidentStatus, by soar.Actor, step string, now time.Time) bool {
	if !c.Incident.Status.MayBecome(status) {
		return false
	}
	c.Incident.Status = status
	c.Journal.TouchIncident()
	c.Tell(now, Entry{Kind: protocol.EventIncidentDeclared, By: by, Step: step, Text: "The incident is " + string(status)})
	if c.Incident.ContainedAt == nil && status != soar.StatusAssessed {
		c.Incident.ContainedAt = &now
		c.MeetObjective(ObjectiveContain, by, now)
	}
	if status == soar.StatusRecovered {
		c.Incident.RecoveredAt = &now
	}
	return true
}

// Acknowledge marks the moment at which somebody took the incident on. Only the
// first time counts; false when it was acknowledged before.
func (c *Case) Acknowledge(by soar.Actor, now time.Time) bool {
	if c.Incident.AcknowledgedAt != nil || by.Kind != soar.ActorPerson {
		return false
	}
	c.Incident.AcknowledgedAt = &now
	c.Journal.TouchIncident()
	c.Tell(now, Entry{Kind: protocol.EventAcknowledged, By: by, Text: "Acknowledged"})
	c.MeetObjective(ObjectiveAcknowledge, by, now)
	return true
}

// Close ends the incident as its Closing says.
func (c *Case) Close(now time.Time) {
	order := c.Closing
	c.Incident.Status = soar.StatusClosed
	if order.Resolution.NotIncident() {
		c.Incident.Status = soar.StatusNotIncident
	}
	c.Incident.Resolution, c.Incident.Reason, c.Incident.ClosedAt = order.Resolution, order.Reason, &now
	c.Incident.Paused = false
	c.endEscalations(now)
	text := fmt.Sprintf("Closed as %s", order.Resolution)
	if held := len(c.Held()); held > 0 {
		text += fmt.Sprintf("; %s still in force", Plural(held, "containment"))
	}
	c.Tell(now, Entry{Kind: protocol.EventIncidentClosed, By: order.By, Text: text, Data: map[string]any{
		"resolution": order.Resolution, "reason": order.Reason,
	}})
	c.Journal.TouchIncident()
}
