package card

import (
	"time"

	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func noon() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

func look() Look { return Look{Now: noon()} }

func incidentWith(text string) soar.Incident {
	return soar.Incident{
		ID: "INC-2026-0A1B2C", Title: text, Status: soar.StatusAssessed, Severity: soar.SeverityHigh, Category: soar.Category(text), Owner: text, TLP: soar.TLPAmber,
		OpenedBy: soar.Actor{Kind: soar.ActorTool, ID: text, Name: text}, OpenedAt: noon().Add(-time.Hour),
	}
}

func approvalWith(text string) soar.Approval {
	person := soar.Actor{Kind: soar.ActorPerson, ID: text, Name: text}
	at := noon()
	return soar.Approval{
		ID: "APR-0123456789", IncidentID: "INC-2026-0A1B2C", Title: text, Status: soar.ApprovalPending, Quorum: 2, Digest: "5f70bf18",
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}, {Person: text}}, Exclude: []soar.Actor{person}, Needs: []soar.Approver{{Person: text}},
		Bound:    []soar.BoundAction{{StepPath: "isolate", Action: text, Args: map[string]any{"host": text, text: map[string]any{text: []any{text}}}}},
		Shown:    []soar.ShownAction{{StepPath: "isolate", Action: text, Title: text, Target: text, Why: text, Risk: soar.RiskDestroy, Undo: text}},
		OnExpire: "deny", RequestedBy: person, RequestedAt: noon().Add(-time.Minute), ExpiresAt: noon().Add(25 * time.Minute),
		Decisions: []soar.Decision{{ApprovalID: "APR-0123456789", Digest: "5f70bf18", By: soar.Actor{Kind: soar.ActorPerson, ID: text + "2"}, OnBehalfOf: text, Approve: true, Roles: []soar.Role{soar.RoleCISO}, Reason: text, At: noon()}},
		Questions: []soar.Question{{ID: "q1", AskedBy: person, Text: text, At: noon(), Answer: text, AnsweredBy: &person, AnsweredAt: &at}, {ID: "q2", AskedBy: person, Text: text, At: noon()}},
	}
}

func taskWith(text string) soar.Task {
	due := noon().Add(time.Hour)
	return soar.Task{
		ID: "TSK-0123456789", IncidentID: "INC-2026-0A1B2C", Title: text, Status: soar.TaskOpen, Assignee: soar.Approver{Person: text}, CreatedAt: noon(), DueAt: &due,
		Answer: map[string]any{text: text},
		Form: map[string]any{"type": "object", "required": []any{text + "1"}, "properties": map[string]any{
			text + "1": map[string]any{"type": "string", "title": text, "description": text, "default": Clean(text)},
			text + "2": map[string]any{"enum": []any{"a"}, "title": text},
		}},
	}
}

// anyText is short or long, plain or not.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringN(0, 5000, -1), rapid.SampledFrom([]string{"", "host-1", "<!channel>", "\u202e"}),
		rapid.Map(rapid.IntRange(0, 4000), func(n int) string {
			long := make([]rune, n)
			for i := range long {
				long[i] = '𐍈'
			}
			return string(long)
		}))
}

func anyActor() *rapid.Generator[soar.Actor] {
	return rapid.Custom(func(t *rapid.T) soar.Actor {
		return soar.Actor{Kind: rapid.SampledFrom([]soar.ActorKind{"", soar.ActorPerson, soar.ActorPlaybook}).Draw(t, "kind"), ID: anyText().Draw(t, "id"), Name: anyText().Draw(t, "name")}
	})
}

func anyTime() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(-1e10, 1e11), func(s int64) time.Time { return time.Unix(s, 0).UTC() })
}

func anyApproval() *rapid.Generator[soar.Approval] {
	return rapid.Custom(func(t *rapid.T) soar.Approval {
		a := soar.Approval{
			ID: anyText().Draw(t, "id"), IncidentID: anyText().Draw(t, "incident"), Title: anyText().Draw(t, "title"),
			Status: rapid.SampledFrom([]soar.ApprovalStatus{"pending", "approved", "denied", "expired", "cancelled", "odd"}).Draw(t, "status"),
			Quorum: rapid.IntRange(-1, 500).Draw(t, "quorum"), Digest: anyText().Draw(t, "digest"), OnExpire: anyText().Draw(t, "on expire"),
			RequestedBy: anyActor().Draw(t, "by"), RequestedAt: anyTime().Draw(t, "at"), ExpiresAt: anyTime().Draw(t, "expires"),
			Exclude: rapid.SliceOfN(anyActor(), 0, 20).Draw(t, "exclude"),
		}
		for range rapid.IntRange(0, 40).Draw(t, "actions") {
			text := anyText().Draw(t, "of action")
			a.Bound = append(a.Bound, soar.BoundAction{Action: text, Args: map[string]any{text: text, "n": 1.5, "odd": func() {}}})
			a.Shown = append(a.Shown, soar.ShownAction{
				Action: text, Title: anyText().Draw(t, "what"), Target: anyText().Draw(t, "target"), Why: text, Risk: soar.Risk(rapid.SampledFrom([]string{"", "destroy", "change", text}).Draw(t, "risk")),
				Undo: text, ExpiresIn: time.Duration(rapid.Int64().Draw(t, "expires in")),
			})
		}
		if rapid.Bool().Draw(t, "older") {
			a.Shown = nil
		}
		for range rapid.IntRange(0, 12).Draw(t, "people") {
			by, at := anyActor().Draw(t, "who"), anyTime().Draw(t, "when")
			a.Approvers = append(a.Approvers, soar.Approver{Role: soar.Role(by.ID), Person: by.Name})
			a.Needs = append(a.Needs, soar.Approver{Role: soar.Role(by.ID)})
			a.Decisions = append(a.Decisions, soar.Decision{ApprovalID: a.ID, Digest: a.Digest, By: by, Approve: rapid.Bool().Draw(t, "yes"), Reason: anyText().Draw(t, "reason"), At: at})
			a.Questions = append(a.Questions, soar.Question{ID: by.ID, AskedBy: by, Text: anyText().Draw(t, "question"), At: at, Answer: by.Name, AnsweredBy: &by, AnsweredAt: &at})
		}
		return a
	})
}
