package incidents

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/form"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// schema reads a JSON Schema.
func schema(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) setTask(change func(*soar.Task)) {
	task := w.store.tasks["TSK-INC-amber"]
	change(&task)
	w.store.tasks["TSK-INC-amber"] = task
}

func TestCompleteTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setTask(func(task *soar.Task) {
		task.Form = schema(t, `{"type": "object", "required": ["clicked"], "properties": {"clicked": {"type": "boolean"}}}`)
	})
	got, err := w.CompleteTask(t.Context(), analyst(), "TSK-INC-amber", "c-1", map[string]any{"clicked": true})
	if err != nil || got.Status != soar.TaskDone {
		t.Fatalf("got %+v %v", got, err)
	}
	want := sent{"INC-amber", protocol.UpdateCompleteTask, "c-1", map[string]any{
		"id": "c-1", "by": map[string]any{"kind": "person", "id": "analyst@lab.invalid"}, "at": "2026-03-02T12:00:00Z",
		"task_id": "TSK-INC-amber", "answer": map[string]any{"clicked": true},
	}}
	if diff := cmp.Diff([]sent{want}, w.workflows.sent); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := w.CompleteTask(t.Context(), analyst(), "TSK-INC-amber", "c-1", map[string]any{"clicked": true}); err != nil {
		t.Errorf("again: %v", err)
	}
	if _, err := w.CompleteTask(t.Context(), lead(), "TSK-INC-amber", "c-2", map[string]any{"clicked": false}); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("another answer: %v", err)
	}
	wantRecord := []string{
		"command.accepted: analyst@lab.invalid completed task TSK-INC-amber: Call",
		"command.refused: lead@lab.invalid tried to complete task TSK-INC-amber and was refused: task TSK-INC-amber was done",
	}
	if diff := cmp.Diff(wantRecord, w.entries("INC-amber")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhoMayComplete(t *testing.T) {
	t.Parallel()
	legal := soar.Approver{Role: soar.RoleLegal}
	rows := map[string]struct {
		p        soar.Principal
		assignee soar.Approver
		code     soar.Code
	}{
		"a holder of the role":      {person("l", soar.RoleLegal), legal, ""},
		"a holder of another role":  {analyst(), legal, soar.CodeDenied},
		"who leads":                 {lead(), legal, ""},
		"the person":                {person("anna", soar.RoleComms), soar.Approver{Person: "anna@lab.invalid"}, ""},
		"another person":            {person("otto", soar.RoleComms), soar.Approver{Person: "anna@lab.invalid"}, soar.CodeDenied},
		"anybody":                   {analyst(), soar.Approver{}, ""},
		"a role that completes not": {person("a", soar.RoleAuditor), soar.Approver{}, soar.CodeDenied},
		"a token without the scope": {scoped(analyst(), access.IncidentRead, access.TaskRead), soar.Approver{}, soar.CodeDenied},
		"a manager":                 {person("m", soar.RoleManager), soar.Approver{Role: soar.RoleManager}, soar.CodeDenied},
		"a playbook engineer reads": {person("p", soar.RolePlaybookEngineer), soar.Approver{}, soar.CodeDenied},
		"a custodian for custodian": {person("c", soar.RoleEvidenceCustodian), soar.Approver{Role: soar.RoleEvidenceCustodian}, ""},
	}
	for name, row := range rows {
		w := newWorld(t)
		w.setTask(func(task *soar.Task) { task.Assignee = row.assignee })
		_, err := w.CompleteTask(t.Context(), row.p, "TSK-INC-amber", "c", nil)
		if soar.CodeOf(err) != row.code {
			t.Errorf("%s: %v", name, err)
		}
		refused := len(w.entries("INC-amber")) == 1 && strings.HasPrefix(w.entries("INC-amber")[0], "command.refused")
		if refused != (row.code != "") {
			t.Errorf("%s: record %v", name, w.entries("INC-amber"))
		}
	}
}

// TestAnswers: the error names the place as a JSON pointer into the request, and has
// all that is wrong. What fits and what does not is tested in internal/form.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const asked = `{"type": "object", "required": ["clicked"], "properties": {
		"clicked": {"type": "boolean"}, "host": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}, "seen": {"type": "integer", "default": 1}}}`
	rows := []struct {
		name, form, answer, field, part string
		faults                          int
	}{
		{"fits", asked, `{"clicked": true, "host": {"name": "web-1"}}`, "", "", 0},
		{"nothing given", asked, `null`, "/answer/clicked", "/answer/clicked is missing", 1},
		{"several", asked, `{"host": {}, "clickd": 1}`, "/answer/clickd", "/answer/clickd is not a known field; /answer/clicked is missing; /answer/host/name is missing", 3},
		{"no form", ``, `{"anything": 1}`, "", "", 0},
		{"not kept exactly", ``, `{"n": 9007199254740993}`, "/answer/n", "ask for it as text", 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var asked map[string]any
			if row.form != "" {
				asked = number(t, row.form)
			}
			_, err := fill("op", asked, number(t, row.answer))
			if row.field == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			faults, _ := errors.AsType[form.Faults](err)
			if soar.CodeOf(err) != soar.CodeInvalid || fieldOf(err) != row.field || !strings.Contains(soar.MessageOf(err), row.part) || len(faults) != row.faults {
				t.Errorf("got %v in field %q (%d), want %q in %q", err, fieldOf(err), len(faults), row.part, row.field)
			}
		})
	}
}

// TestDefaultsAreCommitted: what the form gives by default is what the record and the
// workflow get.
func TestDefaultsAreCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setTask(func(task *soar.Task) {
		task.Form = schema(t, `{"type": "object", "properties": {"seen": {"type": "integer", "default": 1}}}`)
	})
	if _, err := w.CompleteTask(t.Context(), analyst(), "TSK-INC-amber", "c-1", nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"seen": 1.0}, w.workflows.sent[0].Payload["answer"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// number reads JSON and keeps the digits of numbers.
func number(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnswersThatAreTooMuch(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]map[string]any{"long": {"a": strings.Repeat("x", maxPayload)}, "no JSON": {"a": func() {}}} {
		if _, err := fill("op", nil, answer); soar.CodeOf(err) != soar.CodeInvalid || fieldOf(err) != "/answer" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFormsThatCannotBeUsed are our own fault, and tell nothing.
func TestFormsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`{"$ref": "file:///etc/passwd"}`, `{"type": "nonsense"}`} {
		_, err := fill("op", schema(t, bad), map[string]any{})
		if soar.CodeOf(err) != soar.CodeInternal || strings.Contains(soar.MessageOf(err), "passwd") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestCompleteTaskWhenTheWorkflowRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.workflows.err = soar.Errorf(soar.CodeConflict, "temporal", "task is cancelled")
	if _, err := w.CompleteTask(t.Context(), analyst(), "TSK-INC-amber", "c", nil); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("got %v", err)
	}
	if _, err := w.CompleteTask(t.Context(), analyst(), "TSK-INC-amber", "", nil); fieldOf(err) != "request_id" {
		t.Errorf("no id: %v", err)
	}
}

func TestCompletedAndUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	task := w.store.tasks["TSK-INC-amber"]
	w.store.fail["TaskGet"] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
	update := protocol.CompleteTask{Command: protocol.Command{ID: "c", By: analyst().Actor, At: noon()}, Answer: map[string]any{"a": 1}}
	got, err := w.complete(t.Context(), task, update)
	if err != nil || got.Status != soar.TaskDone || *got.CompletedAt != noon() || got.CompletedBy.ID != "analyst@lab.invalid" {
		t.Errorf("a committed answer failed: %+v %v", got, err)
	}
}
