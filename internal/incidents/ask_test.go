package incidents

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func what() AskRequest {
	return AskRequest{ApprovalID: "APR-INC-amber", QuestionID: "q-1", Text: " Who owns web-1? ", Via: "slack"}
}

func that() AnswerRequest {
	return AnswerRequest{ApprovalID: "APR-INC-amber", QuestionID: "q-1", AnswerID: "a-1", Text: "The shop team.", Via: "api"}
}

// asking is what the workflow makes of a question.
func (w *world) asking(answered bool) soar.Question {
	q := soar.Question{ID: "q-1", AskedBy: lead().Actor, Text: "Who owns web-1?", At: noon()}
	if by, at := analyst().Actor, noon(); answered {
		q.Answer, q.AnsweredBy, q.AnsweredAt = "The shop team.", &by, &at
	}
	approval := w.store.approvals["APR-INC-amber"]
	approval.Questions = []soar.Question{q}
	w.store.approvals[approval.ID] = approval
	return q
}

func TestAskAndAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := must(w.Ask(t.Context(), lead(), what()))(t)
	want := w.asking(false)
	if diff := cmp.Diff([]soar.Question{want}, asked.Questions); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
	answered := must(w.Answer(t.Context(), analyst(), that()))(t)
	if diff := cmp.Diff([]soar.Question{w.asking(true)}, answered.Questions); diff != "" {
		t.Errorf("answered (-want +got)\n%s", diff)
	}
	// Sent again, both give what stands.
	must(w.Ask(t.Context(), lead(), what()))(t)
	must(w.Answer(t.Context(), analyst(), that()))(t)
	if len(w.workflows.sent) != 2 || w.workflows.sent[0].Update != protocol.UpdateAsk || w.workflows.sent[0].ID != "q-1" || w.workflows.sent[1].Payload["question_id"] != "q-1" {
		t.Errorf("sent %+v", w.workflows.sent)
	}
	wantEntries := []string{
		"command.accepted: lead@lab.invalid asked for ask_information: Who owns web-1?",
		"command.accepted: analyst@lab.invalid asked for answer_question: The shop team.",
	}
	if diff := cmp.Diff(wantEntries, w.entries("INC-amber")); diff != "" {
		t.Errorf("record (-want +got)\n%s", diff)
	}
}

// The question stands also when the workflow cannot be reached: the outbox asks it.
func TestAskWhenTemporalIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.workflows.err = soar.Errorf(soar.CodeUnavailable, "temporal", "away")
	if asked := must(w.Ask(t.Context(), lead(), what()))(t); len(asked.Questions) != 1 || w.store.commands["q-1"] != protocol.UpdateAsk {
		t.Errorf("got %+v", asked.Questions)
	}
}

func TestAskRefused(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		p      soar.Principal
		change func(*world, *soar.Approval)
		answer bool
		code   soar.Code
		part   string
		record bool
	}{
		{"a manager, who may not speak in incidents", person("m", soar.RoleManager), nil, false, soar.CodeDenied, "approval:read", true},
		{"a tool", soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "siem"}, Roles: lead().Roles}, nil, false, soar.CodeDenied, "only a person", true},
		{"no such approval", lead(), func(w *world, _ *soar.Approval) { delete(w.store.approvals, "APR-INC-amber") }, false, soar.CodeNotFound, "there is no approval", false},
		{"decided already", lead(), func(_ *world, a *soar.Approval) {
			a.Decisions = []soar.Decision{{ApprovalID: a.ID, Approve: true, By: person("ciso").Actor, Digest: "d1", At: noon()}}
		}, false, soar.CodeConflict, "approved already, by ciso@lab.invalid at 2026-03-02T12:00:00Z", true},
		{"expired", lead(), func(_ *world, a *soar.Approval) { a.ExpiresAt, a.OnExpire = noon(), "deny" }, false, soar.CodeConflict, "which counts as no", true},
		{"no such question", analyst(), func(_ *world, a *soar.Approval) { a.Questions = nil }, true, soar.CodeNotFound, "has no question q-1", false},
		{"answered already", lead(), func(_ *world, a *soar.Approval) {
			by, at := analyst().Actor, noon()
			a.Questions[0].Answer, a.Questions[0].AnsweredBy, a.Questions[0].AnsweredAt = "x", &by, &at
		}, true, soar.CodeConflict, "answered already, by analyst@lab.invalid at 2026-03-02T12:00:00Z", true},
		{"answered too late", analyst(), func(_ *world, a *soar.Approval) { a.ExpiresAt = noon().Add(-time.Second) }, true, soar.CodeConflict, "expired at", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.asking(false)
			if row.change != nil {
				approval := w.store.approvals["APR-INC-amber"]
				row.change(w, &approval)
				if _, there := w.store.approvals[approval.ID]; there {
					w.store.approvals[approval.ID] = approval
				}
			}
			request := what()
			request.QuestionID = "q-2"
			ask := func() (soar.Approval, error) { return w.Ask(t.Context(), row.p, request) }
			if row.answer {
				ask = func() (soar.Approval, error) { return w.Answer(t.Context(), row.p, that()) }
			}
			_, err := ask()
			if soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.part) {
				t.Errorf("got %v, want %s with %q", err, row.code, row.part)
			}
			if entries := w.entries("INC-amber"); row.record != (len(entries) == 1 && strings.HasPrefix(entries[0], "command.refused: ")) {
				t.Errorf("record: %v", entries)
			}
		})
	}
}

func TestAskInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*AskRequest){
		"question_id": func(r *AskRequest) { r.QuestionID = "" },
		"question":    func(r *AskRequest) { r.Text = "  " },
		"via":         func(r *AskRequest) { r.Via = "phone" },
	} {
		request := what()
		change(&request)
		if _, err := w.Ask(t.Context(), lead(), request); soar.CodeOf(err) != soar.CodeInvalid || fieldOf(err) != name {
			t.Errorf("%s: got %v", name, err)
		}
	}
	request := that()
	request.Text = strings.Repeat("x", maxQuestion+1)
	if _, err := w.Answer(t.Context(), lead(), request); soar.CodeOf(err) != soar.CodeInvalid || fieldOf(err) != "answer" {
		t.Errorf("too long: got %v", err)
	}
}
