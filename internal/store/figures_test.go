package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/figures"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestFiguresOfNothing(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.URL(t), store.Options{})
	got := get(figures.Read(t.Context(), s.Room()))(t)
	if diff := cmp.Diff(soar.Figures{}, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.URL(t), store.Options{})
	pending(t, s, "APR-1")
	past := time.Now().Add(-time.Hour).UTC()
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{
		IncidentID: incidentID, Events: events(1, 1),
		Objectives:   []soar.Objective{{Name: "acknowledge", DueAt: past, MetAt: &past}, {Name: "contain", DueAt: past, Breached: true}, {Name: "resolve", DueAt: past}},
		Containments: []soar.Containment{{ID: "c1", IncidentID: incidentID, State: "active"}, {ID: "c2", IncidentID: incidentID, State: "released"}, {ID: "c3", IncidentID: incidentID, State: "release_failed"}},
		Messages:     []protocol.Message{{ID: "m1"}, {ID: "m2"}},
	}))(t)
	for key, state := range map[string]soar.LedgerState{"k1": soar.LedgerIntent, "k2": soar.LedgerSent, "k3": soar.LedgerUnknown, "k4": soar.LedgerConfirmed} {
		get2(s.LedgerBegin(t.Context(), ledgerEntry(key), event("intent")))(t)
		if state == soar.LedgerIntent {
			continue
		}
		get(s.LedgerMove(t.Context(), key, []soar.LedgerState{soar.LedgerIntent}, soar.LedgerSent, soar.LedgerChange{}, nil))(t)
		if state != soar.LedgerSent {
			get(s.LedgerMove(t.Context(), key, []soar.LedgerState{soar.LedgerSent}, state, soar.LedgerChange{}, nil))(t)
		}
	}
	for _, item := range get(s.OutboxClaim(t.Context(), []string{soar.OutboxNotify}, 1, time.Minute))(t) {
		must(t, s.OutboxPark(t.Context(), item.ID, "no address"))
	}
	got := get(figures.Read(t.Context(), s.Room()))(t)
	want := soar.Figures{
		ApprovalsWaiting: 1,
		Ledger:           map[soar.LedgerState]int{soar.LedgerIntent: 1, soar.LedgerSent: 1, soar.LedgerUnknown: 1},
		Containments:     map[string]int{"active": 1, "release_failed": 1},
		Objectives:       map[soar.ObjectiveFigure]int{{Name: "acknowledge", State: "met"}: 1, {Name: "contain", State: "breached"}: 1, {Name: "resolve", State: "running"}: 1},
	}
	rest := cmpopts.IgnoreFields(soar.Figures{}, "Clocks", "ClockNext", "Incidents", "ApprovalOldest", "Outbox", "RecordChains", "RecordEntries")
	if diff := cmp.Diff(want, got, rest); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	incident := get(s.IncidentGet(t.Context(), incidentID))(t)
	if n := got.Incidents[soar.IncidentFigure{Severity: incident.Severity, Status: incident.Status}]; n != 1 || len(got.Incidents) != 1 {
		t.Errorf("incidents: %v", got.Incidents)
	}
	if mail := got.Outbox[soar.OutboxNotify]; mail.Parked != 1 || mail.Waiting != 1 || mail.Oldest <= 0 {
		t.Errorf("outbox: %+v", got.Outbox)
	}
	heads := get(s.RecordHeads(t.Context()))(t)
	var entries int64
	for _, head := range heads {
		entries += head.Seq
	}
	if got.RecordChains != int64(len(heads)) || got.RecordEntries != entries || entries == 0 {
		t.Errorf("record: %d chains, %d entries; want %d, %d", got.RecordChains, got.RecordEntries, len(heads), entries)
	}
}

// TestFirstAction: only the first entry of an incident's ledger is the first, and
// the time counts from the alert.
func TestFirstAction(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.URL(t), store.Options{})
	pending(t, s, "APR-1")
	get2(s.LedgerBegin(t.Context(), ledgerEntry("k1"), event("intent")))(t)
	if _, first, err := figures.FirstAction(t.Context(), s.Room(), incidentID, "k1"); err != nil || first {
		t.Errorf("without an alert: %t, %v", first, err)
	}
	received := alert(1)
	get2(s.AlertInsert(t.Context(), received, nil))(t)
	must(t, s.IncidentJoin(t.Context(), incidentID, received.ID, protocol.AddAlert{Command: protocol.Command{ID: "join"}}))
	get2(s.LedgerBegin(t.Context(), ledgerEntry("k2"), event("intent")))(t)
	at, first, err := figures.FirstAction(t.Context(), s.Room(), incidentID, "k1")
	if err != nil || !first || !at.Equal(received.ReceivedAt.UTC().Truncate(time.Microsecond)) {
		t.Errorf("the first: %s, %t, %v", at, first, err)
	}
	if _, first, err := figures.FirstAction(t.Context(), s.Room(), incidentID, "k2"); err != nil || first {
		t.Errorf("the second: %t, %v", first, err)
	}
}

func TestServerGet(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.URL(t), store.Options{})
	got := get(s.ServerGet(t.Context()))(t)
	want := get(store.SchemaVersion())(t)
	if got.Version < 150000 || got.Schema != want || got.Standby || got.User == "" || got.Skew.Abs() > 2*time.Second {
		t.Errorf("got %+v, want schema %d", got, want)
	}
}
