package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func closeIncident(t testing.TB, s *store.Store, id string) {
	t.Helper()
	closed := incident(id)
	closed.Status = soar.StatusClosed
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: id, Incident: &closed}))(t)
}

// events gives timeline events numbered from first to last.
func events(first, last int64) []protocol.TimelineEvent {
	var out []protocol.TimelineEvent
	for seq := first; seq <= last; seq++ {
		out = append(out, protocol.TimelineEvent{Seq: seq, At: at, Kind: protocol.EventNote, By: soar.System("workflow"), Text: fmt.Sprint(seq), Data: json.RawMessage(`{"text":"\u0000"}`)})
	}
	return out
}

func fullBatch() protocol.JournalBatch {
	now, assessed := at.Add(time.Minute), incident(incidentID)
	assessed.Status, assessed.AcknowledgedAt, assessed.Owner = soar.StatusAssessed, &now, "lead"
	return protocol.JournalBatch{
		IncidentID: incidentID, Events: events(1, 3), Incident: &assessed,
		Runs:         []protocol.RunView{{RunID: "r1", Playbook: "brute_force", Version: "1", Status: soar.StepRunning, StartedAt: at}},
		Steps:        []protocol.StepView{{Key: "r1/b", RunID: "r1", StepID: "b", Kind: "action", Status: soar.StepRunning, StartedAt: at}, {Key: "r1/a", RunID: "r1", StepID: "a", Kind: "set", Status: soar.StepSucceeded, StartedAt: at}},
		Approvals:    []soar.Approval{approval("APR-1", at.Add(time.Hour))},
		Tasks:        []soar.Task{task("TSK-1")},
		Containments: []soar.Containment{{ID: "key-1", IncidentID: incidentID, Action: "edr.isolate_host", Target: "web-1", Since: at, State: "active"}},
		Objectives:   []soar.Objective{{Name: "acknowledge", DueAt: now, MetAt: &now, Policy: "default 1"}, {Name: "contain", DueAt: now, Policy: "default 1"}},
		Messages:     []protocol.Message{{ID: "m1", Subject: "one", Urgent: true}, {ID: "m2", Subject: "two\x00"}},
	}
}

func TestJournalWrite(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: incident(incidentID)}, AlertID: "ALR-0001"}, event("opened")))
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-1"), soar.CustodyEntry{What: "collected"}, event("collected")))
	b := fullBatch()
	same(t, int64(3), get(s.JournalWrite(t.Context(), b))(t).LastSeq)

	linked := alert(1)
	linked.IncidentID = incidentID
	run := b.Runs[0]
	run.Steps = b.Steps
	want := protocol.Detail{
		Incident: *b.Incident, Runs: []protocol.RunView{run}, Approvals: b.Approvals, Tasks: b.Tasks, Containments: b.Containments,
		Objectives: b.Objectives, Evidence: []soar.Evidence{evidence("EVD-1")}, Alerts: []soar.Alert{linked},
	}
	same(t, want, get(s.IncidentDetail(t.Context(), incidentID))(t))
	same(t, []string{"opened", "collected", "1", "2", "3"}, chain(t, s, incidentID))
	messages := items(t, s, soar.OutboxNotify)
	same(t, 2, len(messages))
	same(t, "m1", messages[0].Key)
	var message protocol.Message
	must(t, json.Unmarshal(messages[0].Payload, &message))
	same(t, protocol.Message{ID: "m1", IncidentID: incidentID, Subject: "one", Urgent: true}, message)

	_, err := s.IncidentDetail(t.Context(), "nope")
	wantCode(t, err, soar.CodeNotFound, "incident")
}

func TestJournalIdempotent(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	b := fullBatch()
	for range 3 {
		same(t, int64(3), get(s.JournalWrite(t.Context(), b))(t).LastSeq)
	}
	same(t, 4, len(chain(t, s, incidentID)))
	same(t, 2, len(items(t, s, soar.OutboxNotify)))

	// Overlapping: only what is new is written; its views count.
	overlap := protocol.JournalBatch{IncidentID: incidentID, Events: events(2, 5), Tasks: []soar.Task{task("TSK-1")}, Steps: b.Steps[:1]}
	overlap.Tasks[0].Status = soar.TaskCancelled
	overlap.Steps[0].Status = soar.StepFailed
	same(t, int64(5), get(s.JournalWrite(t.Context(), overlap))(t).LastSeq)
	same(t, []string{"opened", "1", "2", "3", "4", "5"}, chain(t, s, incidentID))
	same(t, soar.TaskCancelled, get(s.TaskGet(t.Context(), "TSK-1"))(t).Status)

	// An attempt that was thought dead comes late: its views are old.
	same(t, int64(5), get(s.JournalWrite(t.Context(), fullBatch()))(t).LastSeq)
	same(t, soar.TaskCancelled, get(s.TaskGet(t.Context(), "TSK-1"))(t).Status)
	detail := get(s.IncidentDetail(t.Context(), incidentID))(t)
	same(t, soar.StepFailed, detail.Runs[0].Steps[0].Status)
	same(t, "r1/a", detail.Runs[0].Steps[1].Key)
}

func TestJournalRefuses(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	other := approval("APR-9", at)
	other.IncidentID = "INC-2026-000002"
	rows := []struct {
		name string
		b    protocol.JournalBatch
		code soar.Code
		part string
	}{
		{"unknown incident", protocol.JournalBatch{IncidentID: "nope"}, soar.CodeNotFound, "incident"},
		{"gap before", protocol.JournalBatch{IncidentID: incidentID, Events: events(2, 3)}, soar.CodeConflict, "event 1 is expected"},
		{"gap within", protocol.JournalBatch{IncidentID: incidentID, Events: append(events(1, 1), events(3, 3)...)}, soar.CodeInvalid, "numbered"},
		{"number 0", protocol.JournalBatch{IncidentID: incidentID, Events: events(0, 1)}, soar.CodeInvalid, "numbered"},
		{"foreign view", protocol.JournalBatch{IncidentID: incidentID, Approvals: []soar.Approval{other}}, soar.CodeInvalid, "INC-2026-000002"},
		{"foreign incident", protocol.JournalBatch{IncidentID: incidentID, Incident: &soar.Incident{ID: "x"}}, soar.CodeInvalid, "holds a view"},
		{"message without id", protocol.JournalBatch{IncidentID: incidentID, Messages: []protocol.Message{{}}}, soar.CodeInvalid, "message"},
		{"event without kind", protocol.JournalBatch{IncidentID: incidentID, Events: []protocol.TimelineEvent{{Seq: 1, At: at}}}, soar.CodeInvalid, "recorded"},
	}
	for _, row := range rows {
		_, err := s.JournalWrite(t.Context(), row.b)
		wantCode(t, err, row.code, row.part)
	}
	same(t, 1, len(chain(t, s, incidentID)))
}

// TestJournalForeignID: the journal of one incident cannot take over what
// belongs to another by using its id.
func TestJournalForeignID(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	open(t, s, "INC-2026-000002")
	pendingApproval(t, s, "APR-1")
	stolen := approval("APR-1", at)
	stolen.IncidentID, stolen.Status = "INC-2026-000002", soar.ApprovalApproved
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: stolen.IncidentID, Approvals: []soar.Approval{stolen}}))(t)
	got := get(s.ApprovalGet(t.Context(), "APR-1"))(t)
	same(t, incidentID, got.IncidentID)
	same(t, soar.ApprovalPending, got.Status)
}

// TestJournalAtOnce: the same batch from several attempts, and appends beside it.
func TestJournalAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	b := fullBatch()
	errs := together(32, func(i int) error {
		if i%2 == 0 {
			return s.RecordAppend(t.Context(), incidentID, event("beside"))
		}
		_, err := s.JournalWrite(t.Context(), b)
		return err
	})
	must(t, errors.Join(errs...))
	same(t, 1+16+3, len(chain(t, s, incidentID)))
	same(t, 2, len(items(t, s, soar.OutboxNotify)))
}

func TestRunsOpen(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	ended := incident("INC-2026-000009")
	ended.Status, ended.ClosedAt = soar.StatusClosed, &at
	for _, one := range []soar.Incident{incident(incidentID), ended} {
		open(t, s, one.ID)
		get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: one.ID, Incident: &one, Runs: []protocol.RunView{
			{RunID: "r1", Playbook: "first", Digest: "d1", Status: soar.StepSucceeded},
			{RunID: "r2", Playbook: "second", Digest: "d2", Status: soar.StepRunning},
			{RunID: "r3", Playbook: "third", Digest: "d3", Status: soar.StepRunning},
		}}))(t)
	}
	want := []soar.OpenRun{{IncidentID: incidentID, RunID: "r3", Playbook: "third", Digest: "d3"}, {IncidentID: incidentID, RunID: "r2", Playbook: "second", Digest: "d2"}}
	same(t, want, get(s.RunsOpen(t.Context()))(t))
}
