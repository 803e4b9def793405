package way

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// pager pages by PagerDuty's Events API v2. One alert stands for what a message is
// about, or its incident: a reminder adds to the alert that is open.
type pager struct{ over }

// Shared tells that it reaches a service and not a person.
func (pager) Shared() bool { return true }

// Follows tells that its alerts stay open until they are acknowledged or resolved.
func (pager) Follows() bool { return true }

// Send triggers, acknowledges or resolves the alert, by the kind of the message.
func (p pager) Send(ctx context.Context, d notify.Delivery) error {
	args := map[string]any{"dedup_key": alertKey(d.Message.IncidentID, d.Message.About, d.Key)}
	switch d.Message.Kind {
	case "acknowledged":
		return p.do(ctx, "acknowledge", d.Key, d.Message.IncidentID, args)
	case "resolved":
		return p.do(ctx, "resolve", d.Key, d.Message.IncidentID, args)
	}
	if d.Reopen { // a trigger for an acknowledged alert pages nobody
		if err := p.do(ctx, "resolve", d.Key, d.Message.IncidentID, args); err != nil {
			return err
		}
	}
	return p.do(ctx, "trigger", d.Key, d.Message.IncidentID, PagerArgs(d))
}

// PagerArgs are the arguments of the action that triggers.
func PagerArgs(d notify.Delivery) map[string]any {
	return map[string]any{
		"dedup_key": alertKey(d.Message.IncidentID, d.Message.About, d.Key), "summary": soar.Shorten(labelled(d), 1024), "severity": pagerSeverity(d),
		"details": map[string]any{"text": cut(d.Text, 8<<10), "kind": d.Message.Kind, "tlp": label(d), "incident_id": d.Message.IncidentID, "about": d.Message.About},
	}
}

// alertKey names the alert; at most 255 bytes.
func alertKey(incidentID, about, key string) string {
	switch {
	case about != "" && incidentID != "":
		return soar.Shorten(incidentID+"/"+about, 255)
	case incidentID != "":
		return soar.Shorten(incidentID, 255)
	default:
		return key
	}
}

// pagerSeverity reads our severities in PagerDuty's words.
func pagerSeverity(d notify.Delivery) string {
	if d.Incident == nil {
		if d.Urgent {
			return "critical"
		}
		return "warning"
	}
	switch d.Incident.Severity {
	case soar.SeverityCritical:
		return "critical"
	case soar.SeverityHigh:
		return "error"
	case soar.SeverityMedium:
		return "warning"
	default:
		return "info"
	}
}
