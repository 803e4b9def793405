package incidents

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func sprint(v any) string { return fmt.Sprint(v) }

func yes() DecideRequest {
	return DecideRequest{ApprovalID: "APR-INC-amber", DecisionID: "d-1", Approve: true, Reason: " seen it ", Digest: "d1", Via: "cli"}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.Decide(t.Context(), lead(), yes())
	if err != nil {
		t.Fatal(err)
	}
	want := soar.Decision{
		ID: "d-1", ApprovalID: "APR-INC-amber", IncidentID: "INC-amber", Approve: true, By: lead().Actor, Roles: lead().Roles,
		Reason: "seen it", Digest: "d1", Via: "cli", At: noon(),
	}
	if diff := cmp.Diff([]soar.Decision{want}, got.Decisions); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(w.workflows.sent) != 1 || w.workflows.sent[0].Update != protocol.UpdateDecide || w.workflows.sent[0].ID != "d-1" || w.workflows.sent[0].Incident != "INC-amber" {
		t.Errorf("sent %+v", w.workflows.sent)
	}
	if diff := cmp.Diff([]string{"command.accepted: lead@lab.invalid approved APR-INC-amber: seen it"}, w.entries("INC-amber")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	data := string(w.payload(w.store.chains["INC-amber"][0]).Data)
	for _, part := range []string{`"token":"tk-lead"`, `"digest":"d1"`, `"via":"cli"`, `"title":"Isolate web-1?"`, `"roles":["soc_lead"]`} {
		if !strings.Contains(data, part) {
			t.Errorf("the entry lacks %s: %s", part, data)
		}
	}
}

// TestWhoMayDecide is the matrix of four eyes, roles, state and digest. Every
// refusal stands in the record and nothing is committed.
func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		p      soar.Principal
		change func(*soar.Approval, *DecideRequest)
		code   soar.Code
		part   string
	}{
		{"a role among the approvers", lead(), nil, "", ""},
		{"a person among the approvers", person("ciso", soar.RoleIncidentCommander), nil, "", ""},
		{"another role that decides", person("x", soar.RoleIncidentCommander), nil, soar.CodeDenied, "soc_lead or ciso@lab.invalid"},
		{"the name of an approver, of another kind", soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "ciso@lab.invalid"}, Roles: lead().Roles}, nil, soar.CodeDenied, "only a person"},
		{"a role that does not decide", analyst(), nil, soar.CodeDenied, "approval:decide"},
		{"a token without the scope", scoped(lead(), access.IncidentRead), nil, soar.CodeDenied, "approval:decide"},
		{"the one who asked", person("asked", soar.RoleSOCLead), nil, soar.CodeDenied, "leaves it to somebody else"},
		{"the one who asked, under another name", soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "asked@lab.invalid", Name: "Somebody"}, Roles: lead().Roles}, nil, soar.CodeDenied, "leaves it to somebody else"},
		{"an empty approver fits nobody", lead(), func(a *soar.Approval, _ *DecideRequest) { a.Approvers = []soar.Approver{{}} }, soar.CodeDenied, "is for"},
		{"no approvers fit nobody", lead(), func(a *soar.Approval, _ *DecideRequest) { a.Approvers = nil }, soar.CodeDenied, "nobody"},
		{"approved already", lead(), func(a *soar.Approval, _ *DecideRequest) {
			a.Status = soar.ApprovalApproved
			a.Decisions = []soar.Decision{{ID: "d-0", By: person("ciso").Actor, At: noon()}}
		}, soar.CodeConflict, "approved already, by ciso@lab.invalid at 2026-03-02T12:00:00Z"},
		{"cancelled", lead(), func(a *soar.Approval, _ *DecideRequest) { a.Status = soar.ApprovalCancelled }, soar.CodeConflict, "cancelled already"},
		{"expires now", lead(), func(a *soar.Approval, _ *DecideRequest) { a.ExpiresAt = noon() }, soar.CodeConflict, "expired at 2026-03-02T12:00:00Z"},
		{"expires in a moment", lead(), func(a *soar.Approval, _ *DecideRequest) { a.ExpiresAt = noon().Add(time.Microsecond) }, "", ""},
		{"another digest", lead(), func(_ *soar.Approval, r *DecideRequest) { r.Digest = "d2" }, soar.CodeConflict, "not what you were shown"},
		{"a no to another digest", lead(), func(_ *soar.Approval, r *DecideRequest) { r.Approve, r.Digest = false, "d2" }, soar.CodeConflict, "not what you were shown"},
		{"a digest where nothing is bound", lead(), func(a *soar.Approval, _ *DecideRequest) { a.Digest = "" }, soar.CodeConflict, "not what you were shown"},
		{"nothing bound, nothing shown", lead(), func(a *soar.Approval, r *DecideRequest) { a.Digest, r.Digest = "", "" }, "", ""},
		{"decided before by the same person", lead(), func(a *soar.Approval, _ *DecideRequest) {
			a.Decisions = []soar.Decision{{ID: "d-0", Approve: true, By: lead().Actor, At: noon()}}
		}, soar.CodeConflict, "has decided already"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w, request := newWorld(t), yes()
			if row.change != nil {
				approval := w.store.approvals["APR-INC-amber"]
				row.change(&approval, &request)
				w.store.approvals["APR-INC-amber"] = approval
			}
			before := len(w.store.approvals["APR-INC-amber"].Decisions)
			_, err := w.Decide(t.Context(), row.p, request)
			if soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.part) {
				t.Fatalf("got %v, want %q with %q", err, row.code, row.part)
			}
			after, entries := len(w.store.approvals["APR-INC-amber"].Decisions), w.entries("INC-amber")
			if row.code == "" {
				if after != before+1 {
					t.Error("nothing was committed")
				}
				return
			}
			if after != before || len(w.workflows.sent) > 0 {
				t.Errorf("a refused decision was committed or sent: %+v", w.workflows.sent)
			}
			if len(entries) != 1 || !strings.HasPrefix(entries[0], "command.refused: "+row.p.Actor.ID+" tried to ") {
				t.Errorf("record: %v", entries)
			}
		})
	}
}

func TestDecideInput(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		change func(*DecideRequest)
		field  string
	}{
		"no reason":          {func(r *DecideRequest) { r.Reason = "" }, "reason"},
		"two characters":     {func(r *DecideRequest) { r.Reason = "  éé  " }, "reason"},
		"too much reason":    {func(r *DecideRequest) { r.Reason = strings.Repeat("x", maxReason+1) }, "reason"},
		"no id":              {func(r *DecideRequest) { r.DecisionID = " " }, "decision_id"},
		"a door nobody has":  {func(r *DecideRequest) { r.Via = "temporal" }, "via"},
		"no digest to a yes": {func(r *DecideRequest) { r.Digest = "" }, "digest"},
	}
	for name, row := range rows {
		w, request := newWorld(t), yes()
		row.change(&request)
		_, err := w.Decide(t.Context(), lead(), request)
		if soar.CodeOf(err) != soar.CodeInvalid || fieldOf(err) != row.field {
			t.Errorf("%s: got %v in field %q", name, err, fieldOf(err))
		}
		if len(w.entries("INC-amber")) > 0 {
			t.Errorf("%s: wrong input is in the record: %v", name, w.entries("INC-amber"))
		}
	}
	w, request := newWorld(t), yes()
	request.Reason = "日本語" // three characters
	if _, err := w.Decide(t.Context(), lead(), request); err != nil {
		t.Errorf("three characters: %v", err)
	}
}

func TestANoNeedsNoDigest(t *testing.T) {
	t.Parallel()
	w, request := newWorld(t), yes()
	request.Approve, request.Digest = false, ""
	got, err := w.Decide(t.Context(), lead(), request)
	if err != nil {
		t.Fatal(err)
	}
	if d := got.Decisions[0]; d.Approve || d.Digest != "d1" {
		t.Errorf("got %+v: the workflow would not count it", d)
	}
}

func TestDecideAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.Decide(t.Context(), lead(), yes()); err != nil {
		t.Fatal(err)
	}
	// Meanwhile the workflow took it over.
	approval := w.store.approvals["APR-INC-amber"]
	approval.Status = soar.ApprovalApproved
	w.store.approvals["APR-INC-amber"] = approval
	w.now = noon().Add(2 * time.Hour)
	got, err := w.Decide(t.Context(), lead(), yes())
	if err != nil || got.Status != soar.ApprovalApproved || len(got.Decisions) != 1 {
		t.Errorf("again: %+v %v", got, err)
	}
	if len(w.entries("INC-amber")) != 1 {
		t.Errorf("record: %v", w.entries("INC-amber"))
	}
	other := yes()
	other.Approve = false
	if _, err := w.Decide(t.Context(), lead(), other); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("the same id for the opposite: %v", err)
	}
	if _, err := w.Decide(t.Context(), person("ciso", soar.RoleCISO), yes()); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("the same id of another person: %v", err)
	}
}

func TestDecideWhenTheWorkflow(t *testing.T) {
	t.Parallel()
	t.Run("refuses", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.workflows.err = soar.Errorf(soar.CodeConflict, "temporal", "nothing is left to decide")
		_, err := w.Decide(t.Context(), lead(), yes())
		if soar.CodeOf(err) != soar.CodeConflict || soar.MessageOf(err) != "nothing is left to decide" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("is away", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.workflows.err = soar.Errorf(soar.CodeUnavailable, "temporal", "away")
		got, err := w.Decide(t.Context(), lead(), yes())
		if err != nil || len(got.Decisions) != 1 {
			t.Errorf("the decision is committed: %+v %v", got, err)
		}
	})
	t.Run("has not started", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.workflows.err = soar.Errorf(soar.CodeNotFound, "temporal", "no such workflow is running")
		if _, err := w.Decide(t.Context(), lead(), yes()); err != nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("took it and the store is away", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		first := w.store.approvals["APR-INC-amber"]
		got, err := w.decide(t.Context(), first, soar.Decision{ID: "d-1", ApprovalID: first.ID, Approve: true})
		if err != nil || got.ID != first.ID {
			t.Fatalf("got %+v %v", got, err)
		}
		w.store.fail["ApprovalGet"] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
		got, err = w.decide(t.Context(), first, soar.Decision{ID: "d-1", ApprovalID: first.ID, Approve: true})
		if err != nil || len(got.Decisions) != 1 {
			t.Errorf("a committed decision failed: %+v %v", got, err)
		}
	})
}

func TestRefusalStandsWithoutItsRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.fail["RecordAppend"] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
	if _, err := w.Decide(t.Context(), analyst(), yes()); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("got %v", err)
	}
	w.store.fail["DecisionInsert"] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
	if _, err := w.Decide(t.Context(), lead(), yes()); soar.CodeOf(err) != soar.CodeUnavailable || len(w.workflows.sent) > 0 {
		t.Errorf("got %v; sent %v", err, w.workflows.sent)
	}
}

func fieldOf(err error) string {
	if coded, ok := errors.AsType[*soar.Error](err); ok {
		return coded.Field
	}
	return ""
}
