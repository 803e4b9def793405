package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// pending opens the incident with an approval that waits.
func pending(t testing.TB, s *store.Store, id string) {
	t.Helper()
	open(t, s, incidentID)
	pendingApproval(t, s, id)
}

func pendingApproval(t testing.TB, s *store.Store, id string) {
	t.Helper()
	writeApproval(t, s, approval(id, time.Now().Add(time.Hour)))
}

func writeApproval(t testing.TB, s *store.Store, a soar.Approval) {
	t.Helper()
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: incidentID, Approvals: []soar.Approval{a}}))(t)
}

func TestDecisionInsert(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	two := approval("APR-1", time.Now().Add(time.Hour))
	two.Quorum = 2
	writeApproval(t, s, two)
	d := decision("d1", "APR-1", lead)
	stored, duplicate, err := s.DecisionInsert(t.Context(), d, event("approved"))
	must(t, err)
	same(t, false, duplicate)
	same(t, d, stored)
	same(t, []soar.Decision{d}, get(s.ApprovalGet(t.Context(), "APR-1"))(t).Decisions)
	same(t, []string{"opened", "approved"}, chain(t, s, incidentID))

	var update soar.IncidentUpdate
	updates := items(t, s, soar.OutboxIncidentStart, soar.OutboxIncidentUpdate)
	same(t, 2, len(updates))
	must(t, json.Unmarshal(updates[1].Payload, &update))
	var decide protocol.Decide
	must(t, json.Unmarshal(update.Payload, &decide))
	same(t, "d1", update.UpdateID)
	same(t, protocol.Decide{Command: protocol.Command{ID: "d1", By: lead, Reason: "seen it", At: at}, Decision: d}, decide)

	// Sent again, also with another time: once.
	d.At = at.Add(time.Second)
	again, duplicate, err := s.DecisionInsert(t.Context(), d, event("approved"))
	must(t, err)
	same(t, true, duplicate)
	same(t, stored, again)
	same(t, 2, len(chain(t, s, incidentID)))

	_, _, err = s.DecisionInsert(t.Context(), decision("d2", "APR-1", lead), event("again"))
	wantCode(t, err, soar.CodeConflict, "has decided already, at 2026-03-01T09:00:00Z")
	_, _, err = s.DecisionInsert(t.Context(), decision("d3", "APR-1", analyst), event("second person"))
	must(t, err)
	_, _, err = s.DecisionInsert(t.Context(), decision("d4", "APR-1", soar.Actor{Kind: soar.ActorPerson, ID: "third"}), event("third person"))
	wantCode(t, err, soar.CodeConflict, "is approved already, by analyst@lab.invalid at 2026-03-01T09:00:00Z")
	changed := decision("d1", "APR-1", lead)
	changed.Approve = false
	_, _, err = s.DecisionInsert(t.Context(), changed, event("no"))
	wantCode(t, err, soar.CodeConflict, "something else")

	list, next, err := s.ApprovalList(t.Context(), soar.ApprovalFilter{Status: soar.ApprovalPending, IncidentID: incidentID})
	must(t, err)
	same(t, "", next)
	same(t, 2, len(list[0].Decisions))
}

func TestDecisionRefuses(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	pending(t, s, "APR-1")
	ended := approval("APR-2", time.Now().Add(time.Hour))
	ended.Status = soar.ApprovalCancelled
	writeApproval(t, s, ended)
	writeApproval(t, s, approval("APR-3", time.Now().Add(-time.Second)))
	two := approval("APR-5", time.Now().Add(time.Hour))
	two.Quorum = 2
	writeApproval(t, s, two)
	first := decision("d5", "APR-5", lead)
	first.AlsoKnownAs = []string{"lead@home.invalid"}
	_, _, err := s.DecisionInsert(t.Context(), first, event("first"))
	must(t, err)
	standIn := decision("d6", "APR-5", analyst)
	standIn.OnBehalfOf = lead.ID
	foreign := decision("d4", "APR-1", lead)
	foreign.IncidentID = "INC-2026-000002"
	rows := []struct {
		name string
		d    soar.Decision
		code soar.Code
		part string
	}{
		{"unknown approval", decision("d1", "nope", lead), soar.CodeNotFound, "approval"},
		{"cancelled", decision("d2", "APR-2", lead), soar.CodeConflict, "is cancelled"},
		{"expired", decision("d3", "APR-3", lead), soar.CodeConflict, "APR-3 expired at "},
		{"the same person by another account", decision("d7", "APR-5", soar.Actor{Kind: soar.ActorPerson, ID: "Lead@Home.invalid"}), soar.CodeConflict, "soc-lead@lab.invalid has decided already"},
		{"on behalf of who has decided", standIn, soar.CodeConflict, "soc-lead@lab.invalid has decided already"},
		{"another incident", foreign, soar.CodeInvalid, "another incident"},
		{"no id", decision("", "APR-1", lead), soar.CodeInvalid, "id"},
	}
	for _, row := range rows {
		_, _, err := s.DecisionInsert(t.Context(), row.d, event("x"))
		wantCode(t, err, row.code, row.part)
	}
	same(t, []string{"opened", "first"}, chain(t, s, incidentID))
}

// TestDecisionAtOnce: one click 32 times is one decision, and of 32 different
// clicks of one person one counts.
func TestDecisionAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	pending(t, s, "APR-1")
	pendingApproval(t, s, "APR-2")
	items(t, s, soar.OutboxIncidentStart)
	var first atomic.Int32
	errs := together(32, func(int) error {
		_, duplicate, err := s.DecisionInsert(t.Context(), decision("d1", "APR-1", lead), event("once"))
		if err == nil && !duplicate {
			first.Add(1)
		}
		return err
	})
	must(t, errors.Join(errs...))
	same(t, int32(1), first.Load())

	taken := 0
	for _, err := range together(32, func(i int) error {
		_, _, err := s.DecisionInsert(t.Context(), decision(fmt.Sprintf("e%d", i), "APR-2", lead), event("once"))
		return err
	}) {
		if err == nil {
			taken++
			continue
		}
		wantCode(t, err, soar.CodeConflict, "decided already")
	}
	same(t, 1, taken)
	same(t, []string{"opened", "once", "once"}, chain(t, s, incidentID))
	same(t, 2, len(items(t, s, soar.OutboxIncidentUpdate)))
}

func TestApprovalList(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	for n := range 5 {
		a := approval(fmt.Sprintf("APR-%d", n), at)
		a.RequestedAt = at.Add(time.Duration(n) * time.Second)
		if n == 2 {
			a.Status = soar.ApprovalExpired
		}
		writeApproval(t, s, a)
	}
	page, next, err := s.ApprovalList(t.Context(), soar.ApprovalFilter{Status: soar.ApprovalPending, Page: soar.Page{Limit: 3}})
	must(t, err)
	same(t, 3, len(page))
	same(t, "APR-4", page[0].ID)
	rest, next, err := s.ApprovalList(t.Context(), soar.ApprovalFilter{Status: soar.ApprovalPending, Page: soar.Page{Limit: 3, After: next}})
	must(t, err)
	same(t, "", next)
	same(t, "APR-0", rest[0].ID)
	none, _, err := s.ApprovalList(t.Context(), soar.ApprovalFilter{IncidentID: "nope"})
	must(t, err)
	same(t, []soar.Approval{}, none)
	_, err = s.ApprovalGet(t.Context(), "nope")
	wantCode(t, err, soar.CodeNotFound, "approval")
}

func TestTaskComplete(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	cancelled := task("TSK-2")
	cancelled.Status = soar.TaskCancelled
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: incidentID, Tasks: []soar.Task{task("TSK-1"), cancelled}}))(t)
	same(t, task("TSK-1"), get(s.TaskGet(t.Context(), "TSK-1"))(t))

	complete := func(id, taskID string) error {
		update := protocol.CompleteTask{Command: protocol.Command{ID: id, By: analyst, At: at}, TaskID: taskID, Answer: map[string]any{"ok": true}}
		return s.TaskComplete(t.Context(), taskID, update, event("done"))
	}
	must(t, complete("c1", "TSK-1"))
	must(t, complete("c1", "TSK-1"))
	want := task("TSK-1")
	want.Status, want.Answer, want.CompletedAt, want.CompletedBy = soar.TaskDone, map[string]any{"ok": true}, &at, &analyst
	same(t, want, get(s.TaskGet(t.Context(), "TSK-1"))(t))
	same(t, []string{"opened", "done"}, chain(t, s, incidentID))
	same(t, 2, len(items(t, s, soar.OutboxIncidentStart, soar.OutboxIncidentUpdate)))

	wantCode(t, complete("c2", "TSK-1"), soar.CodeConflict, "was done by ")
	wantCode(t, complete("c3", "TSK-2"), soar.CodeConflict, "is cancelled")
	wantCode(t, complete("c4", "nope"), soar.CodeNotFound, "task")
	wantCode(t, complete("", "TSK-1"), soar.CodeInvalid, "id")

	count := func(f soar.TaskFilter) int {
		list, _, err := s.TaskList(t.Context(), f)
		must(t, err)
		return len(list)
	}
	same(t, []int{2, 0, 1, 1}, []int{count(soar.TaskFilter{IncidentID: incidentID}), count(soar.TaskFilter{Status: soar.TaskOpen}), count(soar.TaskFilter{Status: soar.TaskDone}), count(soar.TaskFilter{Status: soar.TaskCancelled})})
	same(t, soar.TaskDone, get(s.IncidentDetail(t.Context(), incidentID))(t).Tasks[0].Status)
	_, err := s.TaskGet(t.Context(), "nope")
	wantCode(t, err, soar.CodeNotFound, "task")
}

func TestDecisionsCommitted(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	two := approval("APR-1", time.Now().Add(time.Hour))
	two.Quorum = 2
	open(t, s, incidentID)
	asked := protocol.DecisionsRequest{IncidentID: incidentID, ApprovalID: "APR-1", ExpiresAt: time.Now().Add(-time.Second)}
	same(t, protocol.CommittedDecisions{Decisions: []soar.Decision{}}, get(s.DecisionsCommitted(t.Context(), asked))(t)) // not in the projection yet
	writeApproval(t, s, two)
	first, second := decision("d1", "APR-1", lead), decision("d0", "APR-1", analyst)
	for _, d := range []soar.Decision{first, second} {
		_, _, err := s.DecisionInsert(t.Context(), d, event("yes"))
		must(t, err)
	}
	same(t, protocol.CommittedDecisions{Decisions: []soar.Decision{first, second}}, get(s.DecisionsCommitted(t.Context(), asked))(t))
	asked.ExpiresAt = time.Now().Add(time.Hour)
	if got := get(s.DecisionsCommitted(t.Context(), asked))(t); got.Left < 59*time.Minute || got.Left > time.Hour || len(got.Decisions) != 2 {
		t.Errorf("an hour before: %+v", got)
	}
}

// TestNoDecisionAfterTheLastLook: whoever clicks at the last moment, all that are
// answered with yes are among those that the look at the expiry gives.
func TestNoDecisionAfterTheLastLook(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	many := approval("APR-1", time.Now().Add(300*time.Millisecond).UTC())
	many.Quorum = 1000
	writeApproval(t, s, many)
	var taken, refused atomic.Int32
	var last protocol.CommittedDecisions
	errs := together(8, func(n int) error {
		for i := 0; ; i++ {
			if n == 0 {
				seen, err := s.DecisionsCommitted(t.Context(), protocol.DecisionsRequest{IncidentID: incidentID, ApprovalID: "APR-1", ExpiresAt: many.ExpiresAt})
				if last = seen; err != nil || seen.Left == 0 {
					return err
				}
				continue
			}
			by := soar.Actor{Kind: soar.ActorPerson, ID: fmt.Sprintf("p%d-%d", n, i)}
			_, _, err := s.DecisionInsert(t.Context(), decision(by.ID, "APR-1", by), event("yes"))
			switch {
			case err == nil:
				taken.Add(1)
			case soar.CodeOf(err) == soar.CodeConflict:
				refused.Add(1)
				return nil
			default:
				return err
			}
		}
	})
	must(t, errors.Join(errs...))
	if taken.Load() == 0 || refused.Load() != 7 {
		t.Fatalf("%d decisions were taken, %d people were refused: this says nothing", taken.Load(), refused.Load())
	}
	same(t, int(taken.Load()), len(last.Decisions))
	same(t, int(taken.Load()), len(get(s.ApprovalGet(t.Context(), "APR-1"))(t).Decisions))
}
