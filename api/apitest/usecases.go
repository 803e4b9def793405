package apitest

import (
	"bytes"
	"context"
	"io"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/intake"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Permits refuses nobody.
func (f *Fake) Permits(soar.Principal, string) error { return nil }

// Accept notes what came.
func (f *Fake) Accept(ctx context.Context, p soar.Principal, source, contentType string, body []byte) ([]intake.Receipt, error) {
	err := f.begin(ctx, "Accept", "%s %s %s %d bytes", p.Actor.ID, source, contentType, len(body))
	return []intake.Receipt{{AlertID: AlertID, Parsed: true, IncidentID: IncidentID}}, err
}

// Alerts gives the one alert on the first page and nothing after it.
func (f *Fake) Alerts(ctx context.Context, _ soar.Principal, filter soar.AlertFilter) ([]soar.Alert, string, error) {
	err := f.begin(ctx, "Alerts", "%+v", filter)
	if filter.After != "" {
		return nil, "", err
	}
	return []soar.Alert{alert()}, "page2", err
}

// Alert gives the one alert.
func (f *Fake) Alert(ctx context.Context, _ soar.Principal, id string) (soar.Alert, error) {
	if err := f.begin(ctx, "Alert", "%s", id); err != nil || id != AlertID {
		return soar.Alert{}, or(err, notFound("alert"))
	}
	return alert(), nil
}

// AlertRaw gives its bytes.
func (f *Fake) AlertRaw(ctx context.Context, _ soar.Principal, id string) ([]byte, error) {
	if err := f.begin(ctx, "AlertRaw", "%s", id); err != nil || id != AlertID {
		return nil, or(err, notFound("alert"))
	}
	return f.raw[id], nil
}

// List gives the one incident.
func (f *Fake) List(ctx context.Context, _ soar.Principal, filter soar.IncidentFilter) ([]soar.Incident, string, error) {
	err := f.begin(ctx, "List", "status=%s severity=%s q=%s limit=%d after=%s", filter.Status, filter.Severity, filter.Query, filter.Limit, filter.After)
	if filter.Query == "nothing" {
		return nil, "", err
	}
	return []soar.Incident{detail().Incident}, "", err
}

// Show gives it with all that belongs to it.
func (f *Fake) Show(ctx context.Context, _ soar.Principal, id string) (protocol.Detail, error) {
	if err := f.begin(ctx, "Show", "%s", id); err != nil || id != IncidentID {
		return protocol.Detail{}, or(err, notFound("incident"))
	}
	return f.detail, nil
}

// Open opens another one.
func (f *Fake) Open(ctx context.Context, p soar.Principal, request incidents.OpenRequest) (soar.Incident, error) {
	if err := f.begin(ctx, "Open", "%+v", request); err != nil {
		return soar.Incident{}, err
	}
	incident := detail().Incident
	incident.Title, incident.OpenedBy = request.Title, p.Actor
	return incident, nil
}

// Command notes a command.
func (f *Fake) Command(ctx context.Context, _ soar.Principal, request incidents.CommandRequest) (protocol.Reply, error) {
	if err := f.begin(ctx, "Command", "%s %s %+v reason=%q id=%s", request.IncidentID, request.Name, request.Payload, request.Reason, request.RequestID); err != nil {
		return protocol.Reply{}, err
	}
	if request.IncidentID != IncidentID {
		return protocol.Reply{}, notFound("incident")
	}
	return protocol.Reply{Message: "done"}, nil
}

// Timeline gives the chain's entries.
func (f *Fake) Timeline(ctx context.Context, _ soar.Principal, incidentID string, after int64, limit int) ([]record.Entry, error) {
	if err := f.begin(ctx, "Timeline", "%s %d %d", incidentID, after, limit); err != nil || incidentID != IncidentID {
		return nil, or(err, notFound("incident"))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	from := min(int(after), len(f.entries))
	to := min(from+limit, len(f.entries))
	return append([]record.Entry(nil), f.entries[from:to]...), nil
}

// Evidence gives the one item.
func (f *Fake) Evidence(ctx context.Context, _ soar.Principal, id string) (soar.Evidence, []soar.CustodyEntry, error) {
	if err := f.begin(ctx, "Evidence", "%s", id); err != nil || id != EvidenceID {
		return soar.Evidence{}, nil, or(err, notFound("item"))
	}
	return evidence(), []soar.CustodyEntry{{EvidenceID: id, Seq: 1, What: "collected", By: soar.System("worker"), SHA256: Digest, At: Start}}, nil
}

// EvidenceOpen gives its bytes; told to fail as "EvidenceRead", they fail at
// their end.
func (f *Fake) EvidenceOpen(ctx context.Context, _ soar.Principal, id string) (soar.Evidence, io.ReadCloser, error) {
	if err := f.begin(ctx, "EvidenceOpen", "%s", id); err != nil || id != EvidenceID {
		return soar.Evidence{}, nil, or(err, notFound("item"))
	}
	content := io.Reader(bytes.NewReader(f.content))
	if err := f.begin(ctx, "EvidenceRead", ""); err != nil {
		content = io.MultiReader(bytes.NewReader(f.content[:10]), failing{err})
	}
	return evidence(), io.NopCloser(content), nil
}

// Approvals gives the one approval.
func (f *Fake) Approvals(ctx context.Context, _ soar.Principal, filter soar.ApprovalFilter) ([]soar.Approval, string, error) {
	return []soar.Approval{approval()}, "", f.begin(ctx, "Approvals", "%+v", filter)
}

// Approval gives it.
func (f *Fake) Approval(ctx context.Context, _ soar.Principal, id string) (soar.Approval, error) {
	if err := f.begin(ctx, "Approval", "%s", id); err != nil || id != ApprovalID {
		return soar.Approval{}, or(err, notFound("approval"))
	}
	return approval(), nil
}

// Decide notes a decision.
func (f *Fake) Decide(ctx context.Context, p soar.Principal, request incidents.DecideRequest) (soar.Approval, error) {
	if err := f.begin(ctx, "Decide", "%+v", request); err != nil {
		return soar.Approval{}, err
	}
	decided := approval()
	if request.Approve && request.Digest != decided.Digest {
		return soar.Approval{}, soar.Errorf(soar.CodeConflict, "fake", "what would run is not what you were shown")
	}
	decided.Status = soar.ApprovalDenied
	if request.Approve {
		decided.Status = soar.ApprovalApproved
	}
	decided.Decisions = []soar.Decision{{ID: request.DecisionID, ApprovalID: decided.ID, IncidentID: IncidentID, Approve: request.Approve, By: p.Actor, Roles: p.Roles, Reason: request.Reason, Digest: request.Digest, Via: request.Via, At: Start}}
	return decided, nil
}

// Ask notes a question.
func (f *Fake) Ask(ctx context.Context, p soar.Principal, request incidents.AskRequest) (soar.Approval, error) {
	if err := f.begin(ctx, "Ask", "%+v", request); err != nil || request.ApprovalID != ApprovalID {
		return soar.Approval{}, or(err, notFound("approval"))
	}
	asked := approval()
	asked.Questions = append(asked.Questions, soar.Question{ID: request.QuestionID, AskedBy: p.Actor, Text: request.Text, At: Start})
	return asked, nil
}

// Answer notes the answer to the one question.
func (f *Fake) Answer(ctx context.Context, p soar.Principal, request incidents.AnswerRequest) (soar.Approval, error) {
	if err := f.begin(ctx, "Answer", "%+v", request); err != nil || request.QuestionID != QuestionID {
		return soar.Approval{}, or(err, notFound("question"))
	}
	answered, at := approval(), Start
	answered.Questions[0].Answer, answered.Questions[0].AnsweredBy, answered.Questions[0].AnsweredAt = request.Text, &p.Actor, &at
	return answered, nil
}

// Tasks gives the one task.
func (f *Fake) Tasks(ctx context.Context, _ soar.Principal, filter soar.TaskFilter) ([]soar.Task, string, error) {
	return detail().Tasks, "", f.begin(ctx, "Tasks", "%+v", filter)
}

// Task gives it.
func (f *Fake) Task(ctx context.Context, _ soar.Principal, id string) (soar.Task, error) {
	if err := f.begin(ctx, "Task", "%s", id); err != nil || id != TaskID {
		return soar.Task{}, or(err, notFound("task"))
	}
	return detail().Tasks[0], nil
}

// HandTask notes who has the task from then on.
func (f *Fake) HandTask(ctx context.Context, p soar.Principal, r incidents.HandRequest) (soar.Task, error) {
	if err := f.begin(ctx, "HandTask", "%s %s %s %+v %q", r.TaskID, r.RequestID, r.Do, r.To, r.Reason); err != nil {
		return soar.Task{}, err
	}
	task := detail().Tasks[0]
	switch held := task.Holding(); r.Do {
	case protocol.TaskClaim:
		task = task.Held(held.Claimed(p.Actor, Start))
	case protocol.TaskAssign:
		task = task.Held(held.Assigned(r.To, p.Actor, Start))
	default:
		task = task.Held(held.Returned())
	}
	return task, nil
}

// CompleteTask notes an answer.
func (f *Fake) CompleteTask(ctx context.Context, p soar.Principal, taskID, requestID string, answer map[string]any) (soar.Task, error) {
	if err := f.begin(ctx, "CompleteTask", "%s %s %v", taskID, requestID, answer); err != nil {
		return soar.Task{}, err
	}
	done := detail().Tasks[0]
	done.Status, done.Answer, done.CompletedBy, done.CompletedAt = soar.TaskDone, answer, &p.Actor, &Start
	return done, nil
}

// Catalog gives one connector.
func (f *Fake) Catalog() manifest.Catalog { return catalog() }

// Freeze tells how the kill switch stands.
func (f *Fake) Freeze(ctx context.Context, _ soar.Principal) (soar.Freeze, error) {
	return f.freeze, f.begin(ctx, "Freeze", "")
}

// SetFreeze sets it.
func (f *Fake) SetFreeze(ctx context.Context, p soar.Principal, on bool, scope, reason string) (soar.Freeze, error) {
	if err := f.begin(ctx, "SetFreeze", "%t %q %q", on, scope, reason); err != nil {
		return soar.Freeze{}, err
	}
	f.take(ctx, "")
	f.freeze = soar.Freeze{On: on, Scope: scope, Reason: reason, By: p.Actor, At: Start}
	return f.freeze, nil
}

type failing struct{ err error }

// Read fails.
func (r failing) Read([]byte) (int, error) { return 0, r.err }

func or(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
