package incidents

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// memory is a store in memory with the rules that the use cases lean on.
type memory struct {
	mu        sync.Mutex
	incidents map[string]soar.Incident
	detail    map[string]protocol.Detail
	alerts    map[string]soar.Alert
	approvals map[string]soar.Approval
	tasks     map[string]soar.Task
	answered  map[string]string // task -> command id
	evidence  map[string]soar.Evidence
	blobs     map[string]string
	custody   []soar.CustodyEntry
	chains    map[string][]record.Entry
	commands  map[string]string // id -> update
	opened    []protocol.OpenIncident
	freeze    soar.Freeze
	viewer    *soar.Viewer // of the last list
	away      []string     // of the last filter of approvals
	fail      map[string]error

	afterwards bool // commands are taken after the end
}

func newMemory() *memory {
	return &memory{
		incidents: map[string]soar.Incident{}, detail: map[string]protocol.Detail{}, alerts: map[string]soar.Alert{},
		approvals: map[string]soar.Approval{}, tasks: map[string]soar.Task{}, answered: map[string]string{},
		evidence: map[string]soar.Evidence{}, blobs: map[string]string{}, chains: map[string][]record.Entry{},
		commands: map[string]string{}, fail: map[string]error{},
	}
}

// enter locks, and gives the error that a test ordered for the method.
func (m *memory) enter(method string) (func(), error) {
	m.mu.Lock()
	return m.mu.Unlock, m.fail[method]
}

func missing(noun, id string) error {
	return soar.Errorf(soar.CodeNotFound, "memory", "%s %s does not exist", noun, id)
}

func lookup[T any](m *memory, method string, from map[string]T, id string) (T, error) {
	leave, err := m.enter(method)
	defer leave()
	noun, ok := from[id]
	if err == nil && !ok {
		err = missing(method, id)
	}
	return noun, err
}

func (m *memory) append(chain string, events ...record.Payload) error {
	for _, event := range events {
		raw, err := event.Canonical()
		if err != nil {
			return soar.Wrap(soar.CodeInvalid, "memory", err, "the event cannot be recorded")
		}
		m.chains[chain] = append(m.chains[chain], record.Entry{Chain: chain, Seq: int64(len(m.chains[chain]) + 1), Payload: raw})
	}
	return nil
}

func (m *memory) IncidentGet(_ context.Context, id string) (soar.Incident, error) {
	return lookup(m, "IncidentGet", m.incidents, id)
}

func (m *memory) IncidentDetail(_ context.Context, id string) (protocol.Detail, error) {
	return lookup(m, "IncidentDetail", m.detail, id)
}

func (m *memory) RunsOpen(context.Context) ([]soar.OpenRun, error) {
	leave, err := m.enter("RunsOpen")
	defer leave()
	var out []soar.OpenRun
	for id, detail := range m.detail {
		for _, run := range detail.Runs {
			if run.Status == soar.StepRunning && !detail.Incident.Status.Ended() {
				out = append(out, soar.OpenRun{IncidentID: id, RunID: run.RunID, Playbook: run.Playbook, Digest: run.Digest})
			}
		}
	}
	return out, err
}

func (m *memory) IncidentList(_ context.Context, f soar.IncidentFilter) ([]soar.Incident, string, error) {
	leave, err := m.enter("IncidentList")
	defer leave()
	m.viewer = f.Viewer
	return nil, f.After, err
}

func (m *memory) IncidentOpen(_ context.Context, open protocol.OpenIncident, events ...record.Payload) error {
	leave, err := m.enter("IncidentOpen")
	defer leave()
	if err != nil {
		return err
	}
	id := open.Input.Incident.ID
	if _, taken := m.incidents[id]; taken {
		return soar.Errorf(soar.CodeConflict, "memory", "incident %s exists", id)
	}
	m.incidents[id] = open.Input.Incident
	m.opened = append(m.opened, open)
	return m.append(id, events...)
}

func (m *memory) CommandInsert(_ context.Context, incidentID, update, updateID string, payload any, event record.Payload) error {
	leave, err := m.enter("CommandInsert")
	defer leave()
	if err != nil {
		return err
	}
	if before, ok := m.commands[updateID]; ok {
		if before != update {
			return soar.Errorf(soar.CodeConflict, "memory", "command %s was used before for something else", updateID)
		}
		return nil
	}
	if m.incidents[incidentID].Status.Ended() && !m.afterwards {
		return soar.Errorf(soar.CodeConflict, "memory", "incident %s has ended", incidentID)
	}
	m.commands[updateID] = update
	return m.append(incidentID, event)
}

func (m *memory) IncidentJoin(_ context.Context, incidentID, alertID string, update protocol.AddAlert) error {
	leave, err := m.enter("IncidentJoin")
	defer leave()
	if err != nil {
		return err
	}
	alert := m.alerts[alertID]
	if alert.IncidentID != "" && alert.IncidentID != incidentID {
		return soar.Errorf(soar.CodeConflict, "memory", "alert %s belongs to incident %s", alertID, alert.IncidentID)
	}
	alert.IncidentID = incidentID
	m.alerts[alertID], m.commands[update.ID] = alert, protocol.UpdateAddAlert
	return nil
}

func (m *memory) ContainmentList(_ context.Context, f soar.ContainmentFilter) ([]soar.Containment, string, error) {
	leave, err := m.enter("ContainmentList")
	defer leave()
	m.viewer = f.Viewer
	return nil, f.After, err
}

func (m *memory) EvidencePage(_ context.Context, f soar.EvidenceFilter) ([]soar.Evidence, string, error) {
	leave, err := m.enter("EvidencePage")
	defer leave()
	m.viewer = f.Viewer
	return nil, f.After, err
}

func (m *memory) CustodyOrder(_ context.Context, id string, entry soar.CustodyEntry, event record.Payload) error {
	leave, err := m.enter("CustodyOrder")
	defer leave()
	if _, before := m.commands[id]; err != nil || before {
		return err
	}
	m.commands[id] = "custody"
	entry.Seq = len(m.custody) + 1
	m.custody = append(m.custody, entry)
	return m.append(m.evidence[entry.EvidenceID].IncidentID, event)
}

func (m *memory) AlertGet(_ context.Context, id string) (soar.Alert, error) {
	return lookup(m, "AlertGet", m.alerts, id)
}

func (m *memory) AlertRaw(_ context.Context, id string) ([]byte, error) {
	_, err := lookup(m, "AlertRaw", m.alerts, id)
	return []byte("raw of " + id), err
}

func (m *memory) AlertList(_ context.Context, f soar.AlertFilter) ([]soar.Alert, string, error) {
	leave, err := m.enter("AlertList")
	defer leave()
	m.viewer = f.Viewer
	return nil, f.After, err
}

func (m *memory) ApprovalGet(_ context.Context, id string) (soar.Approval, error) {
	return lookup(m, "ApprovalGet", m.approvals, id)
}

func (m *memory) ApprovalList(_ context.Context, f soar.ApprovalFilter) ([]soar.Approval, string, error) {
	leave, err := m.enter("ApprovalList")
	defer leave()
	m.viewer, m.away = f.Viewer, nil
	for _, person := range f.Away {
		m.away = append(m.away, person.ID)
	}
	return nil, f.After, err
}

func (m *memory) DecisionInsert(_ context.Context, d soar.Decision, event record.Payload) (soar.Decision, bool, error) {
	leave, err := m.enter("DecisionInsert")
	defer leave()
	if err != nil {
		return d, false, err
	}
	a := m.approvals[d.ApprovalID]
	for _, before := range a.Decisions {
		if before.ID == d.ID && before.By.Same(d.By) && before.Approve == d.Approve {
			return before, true, nil
		}
		if before.ID == d.ID || before.By.Same(d.By) {
			return d, false, soar.Errorf(soar.CodeConflict, "memory", "%s has decided already", d.By.ID)
		}
	}
	a.Decisions = append(slices.Clone(a.Decisions), d)
	m.approvals[d.ApprovalID] = a
	return d, false, m.append(d.IncidentID, event)
}

func (m *memory) TaskGet(_ context.Context, id string) (soar.Task, error) {
	return lookup(m, "TaskGet", m.tasks, id)
}

func (m *memory) TaskList(_ context.Context, f soar.TaskFilter) ([]soar.Task, string, error) {
	leave, err := m.enter("TaskList")
	defer leave()
	m.viewer = f.Viewer
	return nil, f.After, err
}

func (m *memory) TaskComplete(_ context.Context, taskID string, update protocol.CompleteTask, event record.Payload) error {
	leave, err := m.enter("TaskComplete")
	defer leave()
	if err != nil {
		return err
	}
	if before, ok := m.answered[taskID]; ok {
		if before == update.ID {
			return nil
		}
		return soar.Errorf(soar.CodeConflict, "memory", "task %s was done", taskID)
	}
	task := m.tasks[taskID]
	task.Status, task.Answer, task.CompletedBy, task.CompletedAt = soar.TaskDone, update.Answer, &update.By, &update.At
	m.tasks[taskID], m.answered[taskID] = task, update.ID
	return m.append(task.IncidentID, event)
}

func (m *memory) TaskHand(_ context.Context, taskID string, update protocol.HandTask, event record.Payload, next func(soar.Task) (soar.Holding, error)) error {
	leave, err := m.enter("TaskHand")
	defer leave()
	if err != nil {
		return err
	}
	task := m.tasks[taskID]
	held, err := next(task)
	if err != nil {
		return err
	}
	m.tasks[taskID], m.commands[update.ID] = task.Held(held), protocol.UpdateHandTask
	return m.append(task.IncidentID, event)
}

func (m *memory) EvidenceGet(_ context.Context, id string) (soar.Evidence, error) {
	return lookup(m, "EvidenceGet", m.evidence, id)
}

func (m *memory) BlobOpen(_ context.Context, sha256 string) (io.ReadCloser, error) {
	body, err := lookup(m, "BlobOpen", m.blobs, sha256)
	if body == "changed" {
		return io.NopCloser(io.MultiReader(bytes.NewReader([]byte("half")), changedBytes{})), err
	}
	return io.NopCloser(bytes.NewReader([]byte(body))), err
}

// changedBytes fails as the store does when the digest does not match.
type changedBytes struct{}

func (changedBytes) Read([]byte) (int, error) {
	return 0, soar.Errorf(soar.CodeConflict, "memory", "the bytes were changed")
}

func (m *memory) CustodyAppend(_ context.Context, entry soar.CustodyEntry, event record.Payload) error {
	leave, err := m.enter("CustodyAppend")
	defer leave()
	if err != nil {
		return err
	}
	m.custody = append(m.custody, entry)
	return m.append(m.evidence[entry.EvidenceID].IncidentID, event)
}

func (m *memory) CustodyList(context.Context, string) ([]soar.CustodyEntry, error) {
	leave, err := m.enter("CustodyList")
	defer leave()
	return m.custody, err
}

func (m *memory) RecordAppend(_ context.Context, chain string, events ...record.Payload) error {
	leave, err := m.enter("RecordAppend")
	defer leave()
	if err != nil {
		return err
	}
	return m.append(chain, events...)
}

func (m *memory) RecordList(_ context.Context, chain string, afterSeq int64, limit int) ([]record.Entry, error) {
	leave, err := m.enter("RecordList")
	defer leave()
	entries := m.chains[chain]
	from := min(int(afterSeq), len(entries))
	return entries[from:min(from+limit, len(entries))], err
}

func (m *memory) FreezeGet(context.Context) (soar.Freeze, error) {
	leave, err := m.enter("FreezeGet")
	defer leave()
	return m.freeze, err
}

func (m *memory) FreezeSet(_ context.Context, freeze soar.Freeze, event record.Payload) error {
	leave, err := m.enter("FreezeSet")
	defer leave()
	if err != nil {
		return err
	}
	m.freeze = freeze
	return m.append(record.ChainSystem, event)
}

// sent is one update that reached the workflow.
type sent struct {
	Incident, Update, ID string
	Payload              map[string]any
}

// workflows is a Temporal that answers as told.
type workflows struct {
	mu    sync.Mutex
	sent  []sent
	reply protocol.Reply
	err   error
	hang  bool // until the deadline
}

func (w *workflows) UpdateIncident(ctx context.Context, incidentID, update, updateID string, payload json.RawMessage) (protocol.Reply, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var values map[string]any
	if err := json.Unmarshal(payload, &values); err != nil {
		return protocol.Reply{}, err
	}
	w.sent = append(w.sent, sent{incidentID, update, updateID, values})
	if w.hang {
		<-ctx.Done()
		return protocol.Reply{}, soar.Wrap(soar.CodeUnavailable, "workflows", ctx.Err(), "Temporal does not answer")
	}
	return w.reply, w.err
}

// matches is an intake that finds what it is told.
type matches struct {
	runs  []protocol.RunPin
	err   error
	asked []protocol.MatchRequest
}

func (m *matches) Match(_ context.Context, request protocol.MatchRequest) (protocol.MatchResult, error) {
	m.asked = append(m.asked, request)
	return protocol.MatchResult{Runs: slices.Clone(m.runs)}, m.err
}

// shelf is a library with one playbook in version 2.
type shelf struct{ err error }

func (s shelf) Pin(_ context.Context, request protocol.PinRequest) (protocol.RunPin, error) {
	if s.err != nil {
		return protocol.RunPin{}, s.err
	}
	if request.Playbook != "ssh_brute_force" || (request.Version != "" && request.Version != "2") {
		return protocol.RunPin{}, missing("playbook", request.Playbook)
	}
	return protocol.RunPin{Playbook: request.Playbook, Version: "2", Digest: "digest of 2"}, nil
}

// world is the use case on fakes.
type world struct {
	*Service
	t         *testing.T
	store     *memory
	workflows *workflows
	matches   *matches
	now       time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	shipped, faults := policy.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	w := &world{t: t, store: newMemory(), workflows: &workflows{reply: protocol.Reply{Message: "done"}}, matches: &matches{}, now: noon()}
	w.Service = New(Options{
		Store: w.store, Workflows: w.workflows, Playbooks: w.matches, Pins: shelf{}, Policy: shipped,
		Now: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler),
	})
	for _, label := range []soar.TLP{soar.TLPAmber, soar.TLPRed} {
		w.add(soar.Incident{ID: "INC-" + string(label), Title: "one", Status: soar.StatusAssessed, TLP: label, Owner: "owner@lab.invalid", OpenedBy: person("reporter").Actor})
	}
	return w
}

// add stores an incident with one of everything that belongs to it.
func (w *world) add(incident soar.Incident) {
	id := incident.ID
	w.store.incidents[id] = incident
	approval := soar.Approval{
		ID: "APR-" + id, IncidentID: id, Title: "Isolate web-1?", Status: soar.ApprovalPending, Quorum: 1, Digest: "d1",
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}, {Person: "ciso@lab.invalid"}}, Exclude: []soar.Actor{person("asked").Actor},
		Bound: []soar.BoundAction{{Action: "edr.isolate_host"}}, ExpiresAt: noon().Add(time.Hour),
	}
	task := soar.Task{ID: "TSK-" + id, IncidentID: id, Title: "Call", Status: soar.TaskOpen, Assignee: soar.Approver{Role: soar.RoleAnalyst}}
	item := soar.Evidence{ID: "EVD-" + id, IncidentID: id, Name: "memory", SHA256: "sha of " + id, TLP: incident.TLP}
	alert := soar.Alert{ID: "ALR-" + id, IncidentID: id}
	w.store.approvals[approval.ID], w.store.tasks[task.ID], w.store.evidence[item.ID], w.store.alerts[alert.ID] = approval, task, item, alert
	w.store.blobs[item.SHA256] = "bytes"
	w.store.detail[id] = protocol.Detail{
		Incident: incident, Runs: []protocol.RunView{{RunID: "r1"}}, Approvals: []soar.Approval{approval}, Tasks: []soar.Task{task},
		Containments: []soar.Containment{{ID: "c1"}}, Objectives: []soar.Objective{{Name: "contain"}}, Evidence: []soar.Evidence{item}, Alerts: []soar.Alert{alert},
	}
}

// person gives a caller with an id of this name.
func person(name string, roles ...soar.Role) soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: name + "@lab.invalid"}, Roles: roles, Token: "tk-" + name}
}

func lead() soar.Principal    { return person("lead", soar.RoleSOCLead) }
func analyst() soar.Principal { return person("analyst", soar.RoleAnalyst) }

// scoped takes away all but the given permissions.
func scoped(p soar.Principal, permissions ...access.Permission) soar.Principal {
	for _, permission := range permissions {
		p.Scopes = append(p.Scopes, string(permission))
	}
	return p
}

// entries gives what a chain says, as "kind: text".
func (w *world) entries(chain string) []string {
	w.t.Helper()
	var out []string
	for _, e := range w.store.chains[chain] {
		out = append(out, w.payload(e).Kind+": "+w.payload(e).Text)
	}
	return out
}

func (w *world) payload(e record.Entry) record.Payload {
	w.t.Helper()
	p, err := record.ParsePayload(e.Payload)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}
