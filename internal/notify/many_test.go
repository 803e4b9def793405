package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// drain carries out what waits in the real outbox.
func (w *world) drain() {
	w.t.Helper()
	items, err := w.store.OutboxClaim(w.t.Context(), []string{soar.OutboxNotify}, 100, time.Minute)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, item := range items {
		if err := w.service.Deliver(w.t.Context(), item); err != nil {
			w.t.Fatal(err)
		}
		if err := w.store.OutboxDone(w.t.Context(), item.ID); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestMany: of 1,000 messages one person gets at most five, the last of which names
// the rest; nothing that is urgent waits.
func TestMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(n *policy.Notifications) { n.Coalesce = policy.Coalescing{Most: 5, Within: 5 * time.Minute} })
	w.incident = nil
	urgent := 0
	for n := range 1000 {
		m := note(n)
		m.IncidentID = ""
		if m.Urgent = n%100 == 50; m.Urgent {
			urgent++
		}
		if err := w.deliver(m); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := w.service.Gather(t.Context()); n != 0 || err != nil {
		t.Errorf("%d summaries before the window is over, %v", n, err)
	}
	w.pass(5 * time.Minute)
	for want := range 2 { // the second finds nothing left
		if n, err := w.service.Gather(t.Context()); n != 1-want || err != nil {
			t.Errorf("%d summaries, %v", n, err)
		}
	}
	w.drain()
	told := map[bool]int{}
	var summary string
	for _, d := range w.ways["email"].to(lead) {
		told[d.Urgent]++
		if d.Message.Kind == "summary" {
			summary = d.Text
		}
	}
	if told[true] != urgent || told[false] != 5 {
		t.Errorf("%d of %d urgent ones, %d others", told[true], urgent, told[false])
	}
	for n := range 1000 {
		named := strings.Contains(summary, fmt.Sprintf("note %04d ", n))
		if want := n >= 4 && n%100 != 50; named != want {
			t.Errorf("message %d: in the summary %v, want %v", n, named, want)
		}
	}
}

// TestQuietHours: at night what is not urgent waits until the person's morning, and
// what would expire before does not.
func TestQuietHours(t *testing.T) {
	t.Parallel()
	quiet := func(n *policy.Notifications) {
		n.Quiet = &policy.QuietHours{From: 20 * time.Hour, Until: 7 * time.Hour, Zone: time.UTC}
	}
	for _, row := range []struct {
		name    string
		urgent  bool
		expires time.Duration
		sent    int
	}{
		{"a note", false, 0, 0}, {"urgent", true, 0, 1}, {"expires in the morning", false, 12 * time.Hour, 0}, {"expires in the night", false, 2 * time.Hour, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, quiet)
			w.pass(10 * time.Hour) // 22:00 UTC, 23:00 in Berlin
			m := note(1)
			m.IncidentID, m.Urgent = "", row.urgent
			if row.expires > 0 {
				m.Kind, m.About = "approval_requested", "APR-0123456789"
				w.approvals[m.About] = soar.Approval{ID: m.About, Status: soar.ApprovalPending, ExpiresAt: w.clock().Add(row.expires)}
			}
			if err := w.deliver(m); err != nil || len(w.ways["email"].got) != row.sent {
				t.Fatalf("%d sent, %v", len(w.ways["email"].got), err)
			}
			w.pass(7*time.Hour + 59*time.Minute) // 05:59 UTC, a minute before seven in Berlin
			if n, _ := w.service.Gather(t.Context()); n != 0 {
				t.Error("sent in the night")
			}
			w.pass(time.Minute)
			if n, err := w.service.Gather(t.Context()); n != 1-row.sent || err != nil {
				t.Fatalf("%d summaries in the morning, %v", n, err)
			}
			w.drain()
			if len(w.ways["email"].got) != 1 {
				t.Errorf("%d sent in the morning", len(w.ways["email"].got))
			}
		})
	}
}

// TestLabels: what is TLP:RED leaves no host, user or indicator by any way, and the
// label of a way or an audience holds back what is stricter.
func TestLabels(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		tlp      soar.TLP
		audience string
		way      string
		reduced  bool
	}{
		{"amber inside", soar.TLPAmber, "", "email", false},
		{"strict by mail", soar.TLPAmberStrict, "", "email", false},
		{"strict by a service outside", soar.TLPAmberStrict, "", "slack", true},
		{"amber to an open audience", soar.TLPAmber, "press", "email", true},
		{"green to an open audience", soar.TLPGreen, "press", "email", false},
		{"red by mail", soar.TLPRed, "", "email", true},
		{"red by slack", soar.TLPRed, "", "slack", true},
		{"red to a place", soar.TLPRed, "", "pager", true},
		{"red to an audience of red", soar.TLPRed, "board", "email", true},
		{"no incident known", "", "", "email", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, order(row.way))
			w.policy.Audiences = []policy.Audience{
				{Name: "press", Emails: []string{"press@outside.invalid"}, TLP: soar.TLPGreen}, {Name: "board", Emails: []string{"board@lab.invalid"}, TLP: soar.TLPRed},
			}
			if w.incident.TLP = row.tlp; row.tlp == "" {
				w.incident = nil
			}
			w.approvals["APR-0123456789"] = soar.Approval{
				ID: "APR-0123456789", Title: "Isolate ws-042", Status: soar.ApprovalPending, ExpiresAt: noon.Add(time.Hour), Playbook: "p-jdoe",
				Shown:     []soar.ShownAction{{Title: "Isolate", Action: "edr.isolate_host", Target: "ws-042", Why: "jdoe", Undo: "edr.release_host"}},
				Questions: []soar.Question{{Text: "is jdoe at 203.0.113.9?"}},
			}
			for n, kind := range []string{"approval_requested", "note", "needs_decision", "objective_breached"} {
				m := note(n)
				if m.Kind = kind; kind == "approval_requested" {
					m.About = "APR-0123456789"
				}
				if row.audience != "" {
					m.To, m.Audience = nil, row.audience
				}
				// The record of an incident that the store does not have is another test's.
				if err := w.deliver(m); err != nil && soar.CodeOf(err) != soar.CodeNotFound {
					t.Logf("%v", err)
				}
			}
			got := w.ways[row.way].got
			if len(got) == 0 {
				t.Fatal("nothing was sent")
			}
			for _, d := range got {
				all, err := json.Marshal([]string{d.Subject, d.Text, d.HTML})
				if err != nil {
					t.Fatal(err)
				}
				leaks := false
				for _, secret := range []string{"ws-042", "jdoe", "203.0.113", "edr.isolate", "account_compromise"} {
					leaks = leaks || strings.Contains(string(all), secret)
				}
				if leaks == row.reduced || d.Minimal != row.reduced {
					t.Errorf("%s: minimal %v: %s", d.Message.Kind, d.Minimal, all)
				}
				if !strings.Contains(d.Text, incidentID) || row.tlp != "" && !strings.Contains(d.Text, "TLP:"+strings.ToUpper(string(row.tlp))) {
					t.Errorf("it names no incident or label: %s", d.Text)
				}
			}
		})
	}
}
