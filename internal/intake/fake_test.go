package intake

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// memory is a store that forgets. It keeps the promises of the real one that
// intake rests on; fail makes the next calls of a method fail.
type memory struct {
	mu        sync.Mutex
	alerts    map[string]soar.Alert
	raws      map[string][]byte
	incidents map[string]soar.Incident
	keys      map[string]string // correlation key by incident
	opened    []protocol.OpenIncident
	joined    []protocol.AddAlert
	events    map[string][]record.Payload
	fail      map[string]error
	inserts   int                 // transactions that stored alerts
	before    func(method string) // called without the lock, for races
}

func newMemory() *memory {
	return &memory{
		alerts: map[string]soar.Alert{}, raws: map[string][]byte{}, incidents: map[string]soar.Incident{}, keys: map[string]string{},
		events: map[string][]record.Payload{}, fail: map[string]error{},
	}
}

func (m *memory) enter(method string) error {
	if m.before != nil {
		m.before(method)
	}
	m.mu.Lock()
	return m.fail[method]
}

func conflict(text string) error { return soar.Errorf(soar.CodeConflict, "fake", "%s", text) }
func missing(text string) error  { return soar.Errorf(soar.CodeNotFound, "fake", "%s", text) }

func (m *memory) AlertsInsert(_ context.Context, alerts []soar.NewAlert) ([]soar.StoredAlert, error) {
	err := m.enter("AlertsInsert")
	defer m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	m.inserts++
	out := make([]soar.StoredAlert, len(alerts))
	for i, n := range alerts {
		out[i] = m.insert(n)
	}
	return out, nil
}

func (m *memory) insert(n soar.NewAlert) soar.StoredAlert {
	a := n.Alert
	for id, known := range m.alerts {
		if known.Fingerprint == a.Fingerprint {
			known.Count, known.Severity = known.Count+1, known.Severity.Worse(a.Severity)
			m.alerts[id] = known
			return soar.StoredAlert{Alert: known, Duplicate: true}
		}
	}
	m.alerts[a.ID], m.raws[a.ID] = a, n.Raw
	return soar.StoredAlert{Alert: a}
}

func (m *memory) AlertGet(_ context.Context, id string) (soar.Alert, error) {
	err := m.enter("AlertGet")
	defer m.mu.Unlock()
	a, ok := m.alerts[id]
	if err == nil && !ok {
		err = missing("alert")
	}
	return a, err
}

func (m *memory) IncidentGet(_ context.Context, id string) (soar.Incident, error) {
	err := m.enter("IncidentGet")
	defer m.mu.Unlock()
	incident, ok := m.incidents[id]
	if err == nil && !ok {
		err = missing("incident")
	}
	return incident, err
}

func (m *memory) IncidentFindOpen(_ context.Context, key string, since time.Time) (soar.Incident, error) {
	err := m.enter("IncidentFindOpen")
	defer m.mu.Unlock()
	if err != nil {
		return soar.Incident{}, err
	}
	if found, ok := m.findOpen(key, since); ok {
		return found, nil
	}
	return soar.Incident{}, missing("open incident")
}

func (m *memory) findOpen(key string, since time.Time) (soar.Incident, bool) {
	for id, incident := range m.incidents {
		if key != "" && m.keys[id] == key && !incident.Status.Ended() && !incident.OpenedAt.Before(since) {
			return incident, true
		}
	}
	return soar.Incident{}, false
}

// linked gives the open incident of an alert.
func (m *memory) linked(alertID string) string {
	id := m.alerts[alertID].IncidentID
	if id == "" || m.incidents[id].Status.Ended() {
		return ""
	}
	return id
}

func (m *memory) IncidentOpen(_ context.Context, open protocol.OpenIncident, events ...record.Payload) error {
	err := m.enter("IncidentOpen")
	defer m.mu.Unlock()
	incident := open.Input.Incident
	if err != nil {
		return err
	}
	if _, taken := m.findOpen(open.CorrelationKey, open.CorrelateSince); taken && !open.CorrelateSince.IsZero() {
		return conflict("same key")
	}
	if m.linked(open.AlertID) != "" {
		return conflict("alert belongs to another")
	}
	if _, taken := m.incidents[incident.ID]; taken {
		return conflict("id exists")
	}
	m.incidents[incident.ID], m.keys[incident.ID] = incident, open.CorrelationKey
	alert := m.alerts[open.AlertID]
	alert.IncidentID = incident.ID
	m.alerts[open.AlertID] = alert
	m.opened, m.events[incident.ID] = append(m.opened, open), events
	return nil
}

func (m *memory) IncidentJoin(_ context.Context, incidentID, alertID string, update protocol.AddAlert) error {
	err := m.enter("IncidentJoin")
	defer m.mu.Unlock()
	if err != nil {
		return err
	}
	if m.incidents[incidentID].Status.Ended() {
		return conflict("ended")
	}
	if other := m.linked(alertID); other != "" && other != incidentID {
		return conflict("alert belongs to another")
	}
	for _, done := range m.joined {
		if done.ID == update.ID {
			return nil
		}
	}
	alert := m.alerts[alertID]
	alert.IncidentID = incidentID
	m.alerts[alertID], m.joined = alert, append(m.joined, update)
	return nil
}

func (m *memory) RecordAppend(_ context.Context, chain string, events ...record.Payload) error {
	err := m.enter("RecordAppend")
	defer m.mu.Unlock()
	if err == nil {
		m.events[chain] = append(m.events[chain], events...)
	}
	return err
}

// end closes an incident.
func (m *memory) end(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	incident := m.incidents[id]
	incident.Status = soar.StatusClosed
	m.incidents[id] = incident
}

// plans is a library.
type plans []*plan.Plan

func (p plans) Active() []*plan.Plan { return p }

func playbook(name, when string, priority int) *plan.Plan {
	p := &plan.Plan{Playbook: name, Version: "1.0.0", Digest: "digest-" + name}
	if when != "" {
		p.Trigger = &plan.Trigger{When: plan.Expr{Source: when}, Priority: priority}
	}
	return p
}

type setup struct {
	store     keeper
	playbooks plans
	now       func() time.Time
	log       *slog.Logger
	limit     Limit
}

func service(t testing.TB, s setup) *Service {
	t.Helper()
	rules, faults := policy.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	sources, faults := mapping.LoadSources("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	if s.now == nil {
		s.now = noon
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var mu sync.Mutex
	count := 0
	return New(Options{
		Store: s.store, Playbooks: s.playbooks, Policy: rules, Sources: sources, Now: s.now, Logger: s.log, Limit: s.limit,
		Settings: protocol.Settings{AutoClose: true},
		NewID: func() string {
			mu.Lock()
			defer mu.Unlock()
			count++
			return fmt.Sprintf("ALR-%04d", count)
		},
	})
}

func tool(source string) soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: source}, Roles: []soar.Role{soar.RoleTool}, Source: source}
}

// send accepts one body and gives the id of its first alert.
func send(t testing.TB, s *Service, body string) string {
	t.Helper()
	receipts, err := s.Accept(t.Context(), tool("generic"), "generic", "application/json", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return receipts[0].AlertID
}
