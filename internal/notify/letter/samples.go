package letter

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Sample gives facts of a kind of message, for previews and to try a template.
func Sample(kind string) Facts {
	facts := Facts{
		Kind: kind, Lead: Lead(kind), Label: Label(soar.TLPAmber), Subject: "INC-2026-0A1B2C: an example", Body: "What happened stands here.",
		Incident: &Incident{ID: "INC-2026-0A1B2C", Title: "Sign-ins from two continents", Severity: "high", Category: "account_compromise", Status: "open"},
		Commands: []string{"tocsin incident show INC-2026-0A1B2C"},
	}
	switch kind {
	case "approval_requested", "reminder", "escalation", "question", "answer":
		approval := SampleApproval()
		facts.Subject, facts.Body, facts.Approval = approval.ID+": "+approval.Title, "", OfApproval(&approval, time.UTC, false)
		facts.Link = "https://tocsin.invalid/approve/EXAMPLE"
		facts.Commands = []string{"tocsin approval show " + approval.ID, "tocsin approve " + approval.ID + " --reason '...'"}
	case "task_assigned":
		facts.Task = &Task{ID: "TSK-0123456789", Title: "Call the account's owner", Due: "Mon 2026-03-02 14:00 UTC (+00:00)"}
	case "summary":
		facts.Subject, facts.Body = "2 messages", ""
		facts.Items = []Item{
			{Lead: Lead("note"), Incident: "INC-2026-0A1B2C", Severity: "high", Subject: "an example", Body: "What happened.", Command: "tocsin incident show INC-2026-0A1B2C", Label: "TLP:AMBER"},
			{Lead: Lead("reminder"), Incident: "INC-2026-3D4E5F", Severity: "low", Link: "https://tocsin.invalid/approve/EXAMPLE"},
		}
	}
	return facts
}

// SampleApproval is an approval that nobody asked for.
func SampleApproval() soar.Approval {
	return soar.Approval{
		ID: "APR-0123456789", IncidentID: "INC-2026-0A1B2C", Title: "Take ws-042 off the network", Status: soar.ApprovalPending, Quorum: 2, OnExpire: "deny",
		Playbook: "account_compromise 1.0.0", ExpiresAt: time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC),
		Shown: []soar.ShownAction{{
			StepPath: "contain/isolate", Action: "edr.isolate_host", Title: "Isolate the host", Target: "ws-042", Why: "It talks to a known control server.",
			Risk: "disruptive", Undo: "edr.release_host", ExpiresIn: 4 * time.Hour,
		}},
	}
}

// Reduced leaves of facts what every label lets out: ids, severity and times.
func Reduced(f Facts) Facts {
	f.Minimal, f.Subject, f.Body, f.Items = true, "", "", nil
	if f.Incident != nil {
		f.Incident = &Incident{ID: f.Incident.ID, Severity: f.Incident.Severity}
	}
	if f.Approval != nil {
		f.Approval = &Approval{ID: f.Approval.ID, Expires: f.Approval.Expires}
	}
	if f.Task != nil {
		f.Task = &Task{ID: f.Task.ID, Due: f.Task.Due}
	}
	return f
}

// samples are facts of every shape.
func samples() []Facts {
	var all []Facts
	for _, kind := range []string{"note", "approval_requested", "task_assigned", "summary"} {
		full := Sample(kind)
		full.StandsFor = []string{"Lead"}
		all = append(all, full, Reduced(full), Facts{Kind: kind})
	}
	return all
}
