package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestIncidentOpen(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	input := protocol.IncidentInput{Incident: incident(incidentID), Alerts: []soar.Alert{alert(1)}}
	must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: input, AlertID: "ALR-0001"}, event("opened"), event("assessed")))

	same(t, input.Incident, get(s.IncidentGet(t.Context(), incidentID))(t))
	same(t, incidentID, get(s.AlertGet(t.Context(), "ALR-0001"))(t).IncidentID)
	same(t, []string{"opened", "assessed"}, chain(t, s, incidentID))
	starts := items(t, s, soar.OutboxIncidentStart)
	same(t, 1, len(starts))
	same(t, incidentID, starts[0].Key)
	var started protocol.IncidentInput
	must(t, json.Unmarshal(starts[0].Payload, &started))
	same(t, input, started)

	again := protocol.OpenIncident{Input: input}
	wantCode(t, s.IncidentOpen(t.Context(), again), soar.CodeConflict, "exists")
	again.Input.Incident.ID = "INC-2026-000002"
	again.AlertID = "ALR-0001"
	wantCode(t, s.IncidentOpen(t.Context(), again), soar.CodeConflict, "belongs to incident "+incidentID)
	again.AlertID = "nope"
	wantCode(t, s.IncidentOpen(t.Context(), again), soar.CodeNotFound, "alert")
	wantCode(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{}), soar.CodeInvalid, "id")
	_, err := s.IncidentGet(t.Context(), "INC-2026-000002")
	wantCode(t, err, soar.CodeNotFound, "incident")
}

func TestIncidentCorrelation(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	openAt := func(id, key string, opened, since time.Time) error {
		i := incident(id)
		i.OpenedAt = opened
		return s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: i}, CorrelationKey: key, CorrelateSince: since})
	}
	must(t, openAt("INC-2026-000001", "host:web-1", at, time.Time{}))
	must(t, openAt("INC-2026-000002", "host:web-1", at.Add(time.Hour), time.Time{}))
	same(t, "INC-2026-000002", get(s.IncidentFindOpen(t.Context(), "host:web-1", at))(t).ID)

	_, err := s.IncidentFindOpen(t.Context(), "host:web-1", at.Add(2*time.Hour))
	wantCode(t, err, soar.CodeNotFound, "")
	_, err = s.IncidentFindOpen(t.Context(), "", time.Time{})
	wantCode(t, err, soar.CodeNotFound, "")

	closed := incident("INC-2026-000002")
	closed.Status = soar.StatusNotIncident
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: closed.ID, Incident: &closed}))(t)
	same(t, "INC-2026-000001", get(s.IncidentFindOpen(t.Context(), "host:web-1", at))(t).ID)

	wantCode(t, openAt("INC-2026-000003", "host:web-1", at, at), soar.CodeConflict, "correlation key")
	must(t, openAt("INC-2026-000003", "host:web-1", at.Add(3*time.Hour), at.Add(2*time.Hour)))
	must(t, openAt("INC-2026-000009", longText(), at, at))
	same(t, "INC-2026-000009", get(s.IncidentFindOpen(t.Context(), longText(), at))(t).ID)
	must(t, openAt("INC-2026-000004", "", at, at))
	must(t, openAt("INC-2026-000005", "", at, at))
}

// TestIncidentOpenAtOnce: of 16 alerts that belong together, one opens.
func TestIncidentOpenAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	errs := together(16, func(i int) error {
		in := protocol.IncidentInput{Incident: incident(fmt.Sprintf("INC-2026-%06d", i))}
		return s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: in, CorrelationKey: "k", CorrelateSince: at.Add(-time.Hour)})
	})
	opened := 0
	for _, err := range errs {
		if err == nil {
			opened++
			continue
		}
		wantCode(t, err, soar.CodeConflict, "correlation key")
	}
	same(t, 1, opened)
}

func TestIncidentJoin(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	open(t, s, "INC-2026-000002")
	for n := range 3 {
		get2(s.AlertInsert(t.Context(), alert(n), nil))(t)
	}
	items(t, s, soar.OutboxIncidentStart)
	add := func(id string, n int) protocol.AddAlert {
		return protocol.AddAlert{Command: protocol.Command{ID: id, By: soar.System("intake"), At: at}, Alert: alert(n)}
	}
	must(t, s.IncidentJoin(t.Context(), incidentID, "ALR-0000", add("join-0", 0)))
	must(t, s.IncidentJoin(t.Context(), incidentID, "ALR-0000", add("join-0", 0)))
	must(t, s.IncidentJoin(t.Context(), incidentID, "ALR-0000", add("join-0-worse", 0)))
	updates := items(t, s, soar.OutboxIncidentUpdate)
	same(t, 2, len(updates))
	var update soar.IncidentUpdate
	must(t, json.Unmarshal(updates[0].Payload, &update))
	same(t, [3]string{incidentID, protocol.UpdateAddAlert, "join-0"}, [3]string{update.IncidentID, update.Update, update.UpdateID})
	var carried protocol.AddAlert
	must(t, json.Unmarshal(update.Payload, &carried))
	same(t, add("join-0", 0), carried)

	wantCode(t, s.IncidentJoin(t.Context(), "INC-2026-000002", "ALR-0000", add("join-x", 0)), soar.CodeConflict, "belongs")
	wantCode(t, s.IncidentJoin(t.Context(), "nope", "ALR-0001", add("join-1", 1)), soar.CodeNotFound, "incident")
	wantCode(t, s.IncidentJoin(t.Context(), incidentID, "nope", add("join-1", 1)), soar.CodeNotFound, "alert")
	wantCode(t, s.IncidentJoin(t.Context(), incidentID, "ALR-0001", add("", 1)), soar.CodeInvalid, "id")
	closeIncident(t, s, incidentID)
	wantCode(t, s.IncidentJoin(t.Context(), incidentID, "ALR-0001", add("join-1", 1)), soar.CodeConflict, "ended")
	same(t, "", get(s.AlertGet(t.Context(), "ALR-0001"))(t).IncidentID)
}

func TestIncidentList(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for n := 1; n <= 5; n++ {
		i := incident(fmt.Sprintf("INC-2026-00000%d", n))
		i.OpenedAt = at.Add(time.Duration(n) * time.Minute)
		switch n {
		case 2:
			i.Severity, i.Owner = soar.SeverityLow, "lead"
		case 3:
			i.Status, i.Title = soar.StatusClosed, "100% CPU_load on DB"
		case 4:
			i.Category = soar.CategoryPhishing
		}
		must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: i}}))
	}
	yes, no := true, false
	rows := []struct {
		name   string
		filter soar.IncidentFilter
		want   string
	}{
		{"all", soar.IncidentFilter{}, "54321"},
		{"open", soar.IncidentFilter{Open: &yes}, "5421"},
		{"ended", soar.IncidentFilter{Open: &no}, "3"},
		{"status", soar.IncidentFilter{Status: soar.StatusClosed}, "3"},
		{"severity", soar.IncidentFilter{Severity: soar.SeverityLow}, "2"},
		{"category", soar.IncidentFilter{Category: soar.CategoryPhishing}, "4"},
		{"owner", soar.IncidentFilter{Owner: "lead"}, "2"},
		{"title, any case", soar.IncidentFilter{Query: "BRUTE"}, "5421"},
		{"id", soar.IncidentFilter{Query: "000004"}, "4"},
		{"percent is not a wildcard", soar.IncidentFilter{Query: "%"}, "3"},
		{"underscore is not a wildcard", soar.IncidentFilter{Query: "_"}, "3"},
		{"both", soar.IncidentFilter{Severity: soar.SeverityHigh, Category: soar.CategoryPhishing}, "4"},
		{"nothing", soar.IncidentFilter{Query: "\x00"}, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, f := "", row.filter
			f.Limit = 2
			for {
				list, next, err := s.IncidentList(t.Context(), f)
				must(t, err)
				for _, i := range list {
					got += strings.TrimPrefix(i.ID, "INC-2026-00000")
				}
				if next == "" {
					break
				}
				f.After = next
			}
			same(t, row.want, got)
		})
	}
}

func TestCommandInsert(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	note := protocol.Note{Command: protocol.Command{ID: "c1", By: analyst, At: at}, Text: "hello"}
	must(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, "c1", note, event("note")))
	later := note
	later.At = at.Add(time.Minute)
	must(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, "c1", later, event("note")))
	same(t, []string{"opened", "note"}, chain(t, s, incidentID))
	same(t, 2, len(items(t, s, soar.OutboxIncidentStart, soar.OutboxIncidentUpdate)))
	// The outbox may forget; the command does not.
	get(s.Purge(t.Context(), -time.Minute))(t)
	must(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, "c1", later, event("note")))
	same(t, 0, len(items(t, s, soar.OutboxIncidentUpdate)))

	later.Text = "something else"
	wantCode(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, "c1", later, event("note")), soar.CodeConflict, "used before")
	wantCode(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdatePause, "c1", note, event("note")), soar.CodeConflict, "used before")
	wantCode(t, s.CommandInsert(t.Context(), "nope", protocol.UpdateNote, "c2", note, event("note")), soar.CodeNotFound, "incident")
	wantCode(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, "", note, event("note")), soar.CodeInvalid, "id")
	wantCode(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, "c2", 7, event("note")), soar.CodeInvalid, "JSON object")
	closeIncident(t, s, incidentID)
	wantCode(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdatePause, "c3", note, event("pause")), soar.CodeConflict, "ended")
	must(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateRelease, "c4", note, event("release"))) // what is held back must be let go
	must(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, "c1", note, event("note")))
}

// TestCommandsInOrder: updates of one incident leave the outbox in the order in
// which they were committed, whoever was first to begin.
func TestCommandsInOrder(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	items(t, s, soar.OutboxIncidentStart)
	errs := together(24, func(i int) error {
		id := fmt.Sprintf("c%02d", i)
		return s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, id, protocol.Note{Command: protocol.Command{ID: id}}, event(id))
	})
	must(t, errors.Join(errs...))
	var sent []string
	for _, item := range items(t, s, soar.OutboxIncidentUpdate) {
		var update soar.IncidentUpdate
		must(t, json.Unmarshal(item.Payload, &update))
		sent = append(sent, update.UpdateID)
	}
	same(t, chain(t, s, incidentID)[1:], sent)
}
