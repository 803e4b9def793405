package notify_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func order(ways ...string) func(*policy.Notifications) {
	return func(n *policy.Notifications) { n.Order = []policy.NotifyRule{{Ways: ways}} }
}

// TestARosterWithNobodyReachesTheLead: a gap, or a roster that is gone, must not leave a
// task in silence.
func TestARosterWithNobodyReachesTheLead(t *testing.T) {
	t.Parallel()
	for _, roster := range []string{"gap", "gone"} {
		w := newWorld(t, nil)
		m := note(1)
		m.To = []soar.Approver{{Roster: roster}}
		if err := w.deliver(m); err != nil {
			t.Fatalf("%s: %v", roster, err)
		}
		if got := w.ways["email"]; len(got.to(lead)) != 1 || len(got.to(analyst)) != 0 {
			t.Errorf("%s: %d mails, %d to the lead", roster, len(got.got), len(got.to(lead)))
		}
	}
}

// TestShipped: as shipped everybody gets one mail at once, and it stands in the
// record with who, by which way and with which template.
func TestShipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	m := note(1)
	m.IncidentID = "" // its entry stands in the system's chain
	m.To = append(m.To, soar.Approver{Person: "other@lab.invalid"}, soar.Approver{Person: lead}, soar.Approver{Roster: "primary"})
	for range 2 { // the second finds that all have it
		if err := w.deliver(m); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.ways["email"].got); n != 3 || len(w.ways["slack"].got) != 0 {
		t.Fatalf("%d mails", n)
	}
	d := w.ways["email"].to(lead)[0]
	if d.Key != soar.NoticeKey(m.ID, lead, "email") || d.Subject != m.Subject || !strings.Contains(d.Text, m.Body) || !strings.Contains(d.HTML, m.Body) {
		t.Errorf("%+v", d)
	}
	entries, err := w.store.RecordList(t.Context(), record.ChainSystem, 0, 10)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	payload, err := record.ParsePayload(entries[0].Payload)
	if err != nil || payload.Kind != protocol.EventNotified {
		t.Fatalf("%+v %v", payload, err)
	}
	for _, part := range []string{`"person":"analyst@lab.invalid"`, `"way":"email"`, `"template":"message@`, `"state":"sent"`} {
		if !strings.Contains(strings.ReplaceAll(string(payload.Data), ": ", ":"), part) {
			t.Errorf("%s has no %s", payload.Data, part)
		}
	}
}

func TestNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	rows := map[string]protocol.Message{
		"no holder":        {ID: "a", Kind: "note", To: []soar.Approver{{Role: soar.RoleCISO}}},
		"unknown audience": {ID: "b", Kind: "note", Audience: "nobody"},
	}
	for name, m := range rows {
		if err := w.deliver(m); soar.CodeOf(err) != soar.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFallback: a way that fails for good is left at once, one that fails for now
// after three tries; who has the message is not told again.
func TestFallback(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		class  connector.Class
		rounds int // that end with an error, before the last
		tried  int
	}{
		{"refused", connector.Permanent, 0, 1},
		{"credentials", connector.Auth, 0, 1},
		{"for now", connector.Transient, 2, 3},
		{"too many", connector.Limited, 2, 3},
		{"no answer", connector.Unknown, 2, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, order("slack", "email"))
			w.ways["slack"].answer = func(_ int, d notify.Delivery) error {
				if d.Person.ID == analyst {
					return nil
				}
				return &connector.Error{Class: row.class, Message: "no", RetryAfter: 7 * time.Second}
			}
			m := note(1)
			m.IncidentID = ""
			m.To = append(m.To, soar.Approver{Person: analyst})
			for n := range row.rounds {
				err := w.deliver(m)
				var coded *soar.Error
				if !errors.As(err, &coded) || coded.Code != soar.CodeUnavailable || coded.RetryAfter != 7*time.Second {
					t.Fatalf("round %d: %v", n, err)
				}
			}
			if err := w.deliver(m); err != nil {
				t.Fatal(err)
			}
			if len(w.ways["slack"].to(analyst)) != 1 || len(w.ways["email"].got) != 1 || w.ways["slack"].tried != row.tried+1 {
				t.Errorf("slack tried %d, mails %d", w.ways["slack"].tried, len(w.ways["email"].got))
			}
			state := soar.NoticeFailed
			if row.class == connector.Unknown {
				state = soar.NoticeUnknown // he may have it on both ways
			}
			want := []string{analyst + "/slack=sent", lead + "/email=sent", lead + "/slack=" + string(state)}
			if diff := cmp.Diff(want, w.states(m.ID)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAllFail: with every way refused for good the item is laid aside and an alarm
// stands; put back in line, every way is tried again.
func TestAllFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, order("slack", "email"))
	w.ways["slack"].answer, w.ways["email"].answer = down(connector.Permanent), down(connector.Permanent)
	m := note(1)
	m.IncidentID = ""
	for range 2 {
		if err := w.deliver(m); soar.CodeOf(err) != soar.CodeInvalid {
			t.Fatal(err)
		}
	}
	if w.counted["email gave_up"] != 1 {
		t.Errorf("counted %v", w.counted)
	}
	entries, err := w.store.RecordList(t.Context(), record.ChainSystem, 0, 10)
	if err != nil || len(entries) != 3 || !strings.Contains(string(entries[2].Payload), "was NOT told") {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	w.ways["email"].answer = nil
	if err := w.deliver(m); err != nil || len(w.ways["email"].got) != 1 {
		t.Errorf("after it was put back: %v", err)
	}
}

// TestOutage: a mail server that is away for hours costs nothing but time; after a
// day a person must look.
func TestOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.ways["email"].answer = down(connector.Transient)
	m := note(1)
	m.IncidentID = ""
	for range 6 {
		if err := w.deliver(m); soar.CodeOf(err) != soar.CodeUnavailable {
			t.Fatal(err)
		}
		w.pass(time.Hour)
	}
	if w.counted["email all_failed"] != 1 || w.counted["email gave_up"] != 0 {
		t.Errorf("counted %v", w.counted)
	}
	w.pass(24 * time.Hour)
	if err := w.deliver(m); soar.CodeOf(err) != soar.CodeInvalid || w.counted["email gave_up"] != 1 {
		t.Errorf("%v, counted %v", err, w.counted)
	}
}

// TestCrash: a process that ends between sending and noting sends again, under the
// same key, and only to who is not noted.
func TestCrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	m := note(1)
	m.IncidentID = ""
	m.To = append(m.To, soar.Approver{Person: analyst})
	var keys []string
	w.ways["email"].answer = func(_ int, d notify.Delivery) error {
		keys = append(keys, d.Key)
		if len(keys) == 2 { // the second recipient: the bytes have left
			panic("the process ends")
		}
		return nil
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the process did not end")
			}
		}()
		_ = w.deliver(m)
	}()
	w.service = w.open()
	if err := w.deliver(m); err != nil {
		t.Fatal(err)
	}
	want := []string{soar.NoticeKey(m.ID, analyst, "email"), soar.NoticeKey(m.ID, lead, "email"), soar.NoticeKey(m.ID, lead, "email")}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

// TestStale: who would be asked about something that is over is not told.
func TestStale(t *testing.T) {
	t.Parallel()
	approval := soar.Approval{ID: "APR-0123456789", IncidentID: incidentID, Title: "Isolate ws-042", Status: soar.ApprovalPending, ExpiresAt: noon.Add(time.Hour)}
	for _, row := range []struct {
		name, kind string
		approval   soar.ApprovalStatus
		after      time.Duration
		sent       int
	}{
		{"waiting", "approval_requested", soar.ApprovalPending, 0, 1},
		{"decided", "approval_requested", soar.ApprovalApproved, 0, 0},
		{"reminder of what is decided", "reminder", soar.ApprovalDenied, 0, 0},
		{"expired", "approval_requested", soar.ApprovalPending, 2 * time.Hour, 0},
		{"news of what is decided", "note", soar.ApprovalApproved, 0, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			decided := approval
			decided.Status = row.approval
			w.approvals[decided.ID] = decided
			w.pass(row.after)
			m := note(1)
			m.IncidentID, m.Kind, m.About = "", row.kind, decided.ID
			if err := w.deliver(m); err != nil {
				t.Fatal(err)
			}
			if got := len(w.ways["email"].got); got != row.sent {
				t.Errorf("%d sent, want %d", got, row.sent)
			}
			if row.sent == 0 && cmp.Diff([]string{lead + "/email=skipped"}, w.states(m.ID)) != "" {
				t.Errorf("states %v", w.states(m.ID))
			}
		})
	}
}

// TestAbsent: who stands in for somebody that is away is told, too, and why.
func TestAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.absences = []soar.Absence{{Person: lead, Delegate: analyst, From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}}
	m := note(1)
	m.IncidentID = ""
	if err := w.deliver(m); err != nil {
		t.Fatal(err)
	}
	told := w.ways["email"].to(analyst)
	if len(told) != 1 || len(w.ways["email"].to(lead)) != 1 || !strings.Contains(told[0].Text, "you stand in for Lead") {
		t.Errorf("%+v", told)
	}
}

// TestShared: a place is told once, however many people stand behind it.
func TestShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, order("pager", "email"))
	m := note(1)
	m.IncidentID = ""
	m.To = append(m.To, soar.Approver{Person: analyst})
	if err := w.deliver(m); err != nil {
		t.Fatal(err)
	}
	if got := w.ways["pager"].got; len(got) != 1 || got[0].Person.ID != "" || len(w.ways["email"].got) != 0 {
		t.Errorf("%d pages, %d mails", len(got), len(w.ways["email"].got))
	}
}
