package notify_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/notices"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

const (
	incidentID = "INC-2026-0A1B2C"
	lead       = "lead@lab.invalid"
	analyst    = "analyst@lab.invalid"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday

// world is the service on the real ledger, with people and cases as a test sets
// them, and ways that keep what they are given.
type world struct {
	t       *testing.T
	store   *store.Store
	ledger  notices.Notices
	policy  *policy.Policy
	service *notify.Service

	mu        sync.Mutex
	now       time.Time
	patience  time.Duration
	people    []soar.Person
	absences  []soar.Absence
	incident  *soar.Incident
	approvals map[string]soar.Approval
	tasks     map[string]soar.Task
	counted   map[string]int
	ways      map[string]*fakeWay
	real      []notify.Way // in the place of those of the same name
}

// fakeWay keeps what it takes; answer says how it fails, nil: never.
type fakeWay struct {
	name   string
	place  bool
	mu     sync.Mutex
	answer func(n int, d notify.Delivery) error
	tried  int
	got    []notify.Delivery
}

func (f *fakeWay) Name() string { return f.name }
func (f *fakeWay) Shared() bool { return f.place }

func (f *fakeWay) Send(_ context.Context, d notify.Delivery) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried++
	if f.answer != nil {
		if err := f.answer(f.tried, d); err != nil {
			return err
		}
	}
	f.got = append(f.got, d)
	return nil
}

func (f *fakeWay) to(person string) (list []notify.Delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.got {
		if d.Person.ID == person {
			list = append(list, d)
		}
	}
	return list
}

func down(class connector.Class) func(int, notify.Delivery) error {
	return func(int, notify.Delivery) error { return &connector.Error{Class: class, Message: "the way is down"} }
}

func newWorld(t *testing.T, change func(*policy.Notifications)) *world {
	t.Helper()
	loaded, faults := policy.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	loaded.Notifications.Ways = []policy.NotifyWay{
		{Name: "email", Connector: "mail", TLP: soar.TLPAmberStrict}, {Name: "slack", TLP: soar.TLPAmber}, {Name: "pager", Connector: "pagerduty", TLP: soar.TLPAmber},
	}
	if change != nil {
		change(&loaded.Notifications)
	}
	if _, faults := letter.Load(""); faults.HasErrors() {
		t.Fatal(faults)
	}
	s := storetest.New(t)
	w := &world{
		t: t, store: s, ledger: notices.New(s), policy: loaded, now: noon, counted: map[string]int{}, approvals: map[string]soar.Approval{}, tasks: map[string]soar.Task{},
		incident: &soar.Incident{ID: incidentID, Title: "Sign-ins of jdoe from 203.0.113.9", Severity: soar.SeverityHigh, TLP: soar.TLPAmber, Category: "account_compromise"},
		people: []soar.Person{
			{ID: lead, Name: "Lead", Email: lead, Active: true, UpdatedAt: noon, Zone: "Europe/Berlin", Roles: []soar.RoleGrant{{Role: soar.RoleSOCLead}}},
			{ID: analyst, Name: "Analyst", Email: analyst, Active: true, UpdatedAt: noon, Roles: []soar.RoleGrant{{Role: soar.RoleAnalyst}}},
		},
		ways: map[string]*fakeWay{"email": {name: "email"}, "slack": {name: "slack"}, "pager": {name: "pager", place: true}},
	}
	w.service = w.open()
	return w
}

// open makes the service, as a process that starts does.
func (w *world) open() *notify.Service {
	return notify.New(notify.Options{
		Ledger: w.ledger, People: w, Cases: w, Policy: w.policy, Letters: must(letter.Load("")), Ways: append([]notify.Way{w.ways["email"], w.ways["slack"], w.ways["pager"]}, w.real...),
		Links: func(_ context.Context, approval, person string) (string, error) {
			return "https://tocsin.invalid/approve/" + approval + "-" + person, nil
		},
		OnCall: func(_ context.Context, roster string, _ time.Time) ([]string, error) {
			switch roster {
			case "gap":
				return nil, nil
			case "gone":
				return nil, soar.Errorf(soar.CodeNotFound, "test", "no roster %s", roster)
			default:
				return []string{analyst}, nil
			}
		},
		Away:  func(context.Context, time.Time) ([]soar.Absence, error) { return w.absences, nil },
		Meter: w, NewID: rand.Text, Now: w.clock, SendWithin: w.patience, Log: slog.New(slog.DiscardHandler),
	})
}

func must[T, F any](value T, _ F) T { return value }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) Notified(way, result string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counted[way+" "+result]++
}

func (w *world) Find(_ context.Context, id string) (soar.Person, error) {
	for _, p := range w.people {
		if p.ID == id {
			return p, nil
		}
	}
	return soar.Person{}, soar.Errorf(soar.CodeNotFound, "test", "no %s", id)
}

func (w *world) Holding(_ context.Context, role soar.Role) (list []soar.Person, _ error) {
	for _, p := range w.people {
		if slices.Contains(p.RoleNames(), role) && p.Active {
			list = append(list, p)
		}
	}
	return list, nil
}

func (w *world) IncidentGet(_ context.Context, id string) (soar.Incident, error) {
	if w.incident == nil || id != w.incident.ID {
		return soar.Incident{}, soar.Errorf(soar.CodeNotFound, "test", "no %s", id)
	}
	return *w.incident, nil
}

func (w *world) ApprovalGet(_ context.Context, id string) (soar.Approval, error) {
	if a, ok := w.approvals[id]; ok {
		return a, nil
	}
	return soar.Approval{}, soar.Errorf(soar.CodeNotFound, "test", "no %s", id)
}

func (w *world) TaskGet(_ context.Context, id string) (soar.Task, error) {
	if task, ok := w.tasks[id]; ok {
		return task, nil
	}
	return soar.Task{}, soar.Errorf(soar.CodeNotFound, "test", "no %s", id)
}

// deliver carries out one item of the outbox once.
func (w *world) deliver(m protocol.Message) error {
	w.t.Helper()
	payload, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.service.Deliver(w.t.Context(), soar.OutboxItem{Kind: soar.OutboxNotify, Key: m.ID, Payload: payload, CreatedAt: noon})
}

func note(n int) protocol.Message {
	return protocol.Message{
		ID: fmt.Sprintf("m-%04d", n), IncidentID: incidentID, Kind: "note", To: []soar.Approver{{Role: soar.RoleSOCLead}},
		Subject: fmt.Sprintf("note %04d on ws-042", n), Body: "jdoe signed in from 203.0.113.9",
	}
}

// states gives how the deliveries of a message stand, as person/way=state.
func (w *world) states(message string) (list []string) {
	w.t.Helper()
	rows, _, err := w.ledger.List(w.t.Context(), soar.NoticeFilter{MessageID: message, Page: soar.Page{Limit: 100}})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, row := range rows {
		list = append(list, fmt.Sprintf("%s/%s=%s", row.Person, row.Way, row.State))
	}
	slices.Sort(list)
	return list
}
