package incidents

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func attach(alert string) AttachRequest {
	return AttachRequest{IncidentID: "INC-amber", AlertID: alert, Reason: "the same attacker", RequestID: "c-1"}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.alerts["ALR-free"] = soar.Alert{ID: "ALR-free", Title: "one more"}
	for range 2 {
		if reply, err := w.Attach(t.Context(), analyst(), attach("ALR-free")); err != nil {
			t.Fatalf("%+v %v", reply, err)
		}
	}
	if len(w.workflows.sent) != 1 || w.store.alerts["ALR-free"].IncidentID != "INC-amber" {
		t.Errorf("sent %d times, the alert belongs to %q", len(w.workflows.sent), w.store.alerts["ALR-free"].IncidentID)
	}
	if sent := w.workflows.sent[0]; sent.Update != protocol.UpdateAddAlert {
		t.Errorf("sent %+v", sent)
	}
}

func TestAttachRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.alerts["ALR-taken"] = soar.Alert{ID: "ALR-taken", IncidentID: "INC-green"}
	w.store.incidents["INC-green"] = soar.Incident{ID: "INC-green", TLP: soar.TLPGreen, Status: soar.StatusAssessed}
	if _, err := w.Attach(t.Context(), analyst(), attach("ALR-taken")); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("an alert of another incident: %v", err)
	}
	if _, err := w.Attach(t.Context(), analyst(), attach("ALR-nothing")); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("no such alert: %v", err)
	}
	manager := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "manager@lab.invalid"}, Roles: []soar.Role{soar.RoleManager}}
	if _, err := w.Attach(t.Context(), manager, attach("ALR-taken")); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a manager: %v", err)
	}
	if entries := w.entries("INC-amber"); len(entries) != 2 || !strings.Contains(entries[1], "manager@lab.invalid tried to add alert ALR-taken") {
		t.Errorf("record %q", entries)
	}
}

// TestNoteRefusal: what the door refused stands in the record of the incident that
// it was about, once a minute.
func TestNoteRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	denied := soar.Errorf(soar.CodeDenied, "api", "you may not do this")
	for range 3 {
		w.NoteRefusal(t.Context(), analyst(), Refusal{Operation: "closeIncident", IncidentID: "INC-amber"}, denied)
		w.NoteRefusal(t.Context(), analyst(), Refusal{Operation: "recordCustody", EvidenceID: "EVD-INC-amber"}, denied)
		w.NoteRefusal(t.Context(), analyst(), Refusal{Operation: "closeIncident", IncidentID: "INC-nothing"}, denied)
	}
	entries := w.entries("INC-amber")
	if len(entries) != 2 || entries[0] != "command.refused: analyst@lab.invalid tried to use closeIncident and was refused: you may not do this" {
		t.Errorf("record %q", entries)
	}
	if got := w.entries("INC-nothing"); len(got) != 0 {
		t.Errorf("an incident that does not exist has a record: %q", got)
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	var r recent
	at := noon()
	for i, row := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {time.Second, false}, {59 * time.Second, false}, {time.Minute, true}, {61 * time.Second, false}} {
		if got := r.first(at.Add(row.after), "x"); got != row.want {
			t.Errorf("%d: got %t", i, got)
		}
	}
	for i := range refusedMost + 5 {
		r.first(at, strings.Repeat("y", i%7)+string(rune('a'+i%26))+time.Duration(i).String())
	}
	if len(r.seen) > refusedMost {
		t.Errorf("%d are kept", len(r.seen))
	}
}
