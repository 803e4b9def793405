package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/stretchr/testify/mock"

	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows"
)

const incidentID = "INC-2026-TEST01"

func start() time.Time { return time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC) }

// world is everything outside the workflow: plans, the answers of actions, the
// record, and what people do at which time.
type world struct {
	t       tester
	plans   map[string]*plan.Plan
	answer  func(request protocol.ActionRequest, nth int) (protocol.ActionResult, error) // nth call of that action, from 1
	delays  map[string]time.Duration                                                     // by connector.action: how long it takes
	match   func(protocol.MatchRequest) protocol.MatchResult
	pin     func(protocol.PinRequest) (protocol.RunPin, error)
	policy  func(protocol.EscalationRequest) (protocol.EscalationPolicy, error)
	journal func(protocol.JournalBatch) error // before it is taken in
	ballots func(protocol.DecisionsRequest) (protocol.CommittedDecisions, error)
	acts    []*act2
	prepare func(*testsuite.TestWorkflowEnvironment)
	often   bool          // continue as new whenever it is possible
	gap     time.Duration // how long nobody is there between two histories
	duties  func(protocol.DutyQuery) protocol.Duties
	limit   time.Duration

	mu       sync.Mutex
	calls    []protocol.ActionRequest
	counts   map[string]int
	events   []protocol.TimelineEvent
	messages []protocol.Message
	steps    map[string]protocol.StepView
	runs     map[string]protocol.RunView
	views    protocol.JournalBatch // newest of each single view
	asked    map[string]soar.Approval
	tasks    map[string]soar.Task
	held     map[string]soar.Containment
	rounds   int
	elapsed  time.Duration
	result   protocol.IncidentResult
	err      error
	env      *testsuite.TestWorkflowEnvironment
}

// act2 is something that a person does at a time after the start.
type act2 struct {
	at      time.Duration
	name    string
	id      string
	payload any
	done    bool
	reply   protocol.Reply
	refused string
	look    func(protocol.StateView) // instead of an update: look at the state
	special func(*testsuite.TestWorkflowEnvironment)
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

func newWorld(t tester, plans ...*plan.Plan) *world {
	w := &world{
		t: t, plans: map[string]*plan.Plan{}, delays: map[string]time.Duration{}, limit: 20 * time.Second,
		counts: map[string]int{}, steps: map[string]protocol.StepView{}, runs: map[string]protocol.RunView{},
		asked: map[string]soar.Approval{}, tasks: map[string]soar.Task{}, held: map[string]soar.Containment{},
	}
	for _, p := range plans {
		w.plans[p.Digest] = p
	}
	return w
}

func (w *world) source(digest string) (*plan.Plan, error) {
	if p := w.plans[digest]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no plan %s", digest)
}

func incident(plans ...*plan.Plan) protocol.IncidentInput {
	input := protocol.IncidentInput{
		Incident: soar.Incident{
			ID: incidentID, Title: "Strange | process", Status: soar.StatusReported, Severity: soar.SeverityHigh,
			Category: soar.CategoryPhishing, TLP: soar.TLPAmber, OpenedBy: soar.System("intake"), OpenedAt: start(),
		},
		Alerts: []soar.Alert{{
			ID: "ALR-1", Source: "wazuh", Title: "Process", Severity: soar.SeverityHigh, Host: soar.Host{Name: "web-1"},
			URLs: []string{"https://a.invalid", "https://b.invalid"}, OccurredAt: start(),
		}},
		Assessment: soar.Assessment{Incident: true, Category: soar.CategoryPhishing, Severity: soar.SeverityHigh, By: soar.System("policy")},
		Settings:   protocol.Settings{AutoClose: true},
	}
	for _, p := range plans {
		input.Runs = append(input.Runs, protocol.RunPin{Playbook: p.Playbook, Version: p.Version, Digest: p.Digest, By: soar.System("match")})
	}
	return input
}

func person(id string) soar.Actor { return soar.Actor{Kind: soar.ActorPerson, ID: id} }

func by(id string) protocol.Command {
	return protocol.Command{By: person(id), Reason: "because"}
}

// at lets a person send an update at a time after the start.
func (w *world) at(d time.Duration, name string, payload any) *act2 {
	a := &act2{at: d, name: name, id: fmt.Sprintf("u%d", len(w.acts)+1), payload: payload}
	w.acts = append(w.acts, a)
	return a
}

// again sends the same update once more.
func (w *world) again(d time.Duration, first *act2) *act2 {
	a := &act2{at: d, name: first.name, id: first.id, payload: first.payload}
	w.acts = append(w.acts, a)
	return a
}

func (w *world) look(d time.Duration, look func(protocol.StateView)) {
	w.acts = append(w.acts, &act2{at: d, look: look})
}

// run runs the incident to its end, through all its histories.
func (w *world) run(input protocol.IncidentInput) *world {
	w.t.Helper()
	for w.rounds = 1; ; w.rounds++ {
		next, again := w.once(input)
		if !again {
			return w
		}
		if w.rounds > 500 {
			lines := strings.Split(w.transcript(), "\n")
			w.t.Fatalf("no end after %d histories, at %s, last:\n%s", w.rounds, w.elapsed, strings.Join(lines[max(0, len(lines)-12):], "\n"))
		}
		input = next
	}
}

func (w *world) once(input protocol.IncidentInput) (protocol.IncidentInput, bool) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	w.env = env
	env.SetTestTimeout(w.limit)
	env.SetStartTime(start().Add(w.elapsed))
	if w.often {
		env.SetCurrentHistoryLength(100_000)
	}
	workflows.New(workflows.Sources{Plans: w.source, Programs: expression.NewCache(1000), Calendars: timeline.Counter, Duties: w.duties}).Register(env)
	// The random plans run beside other tests on few cores: a second is too short.
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
	w.activities(env)
	if w.prepare != nil {
		w.prepare(env)
	}
	w.schedule(env)
	env.ExecuteWorkflow(protocol.WorkflowIncident, input)
	w.elapsed = env.Now().Sub(start())
	w.err = env.GetWorkflowError()
	if w.err == nil {
		if err := env.GetWorkflowResult(&w.result); err != nil {
			w.t.Fatalf("result: %v", err)
		}
		return input, false
	}
	var again *workflow.ContinueAsNewError
	if !errors.As(w.err, &again) {
		return input, false
	}
	var next protocol.IncidentInput
	if err := converter.GetDefaultDataConverter().FromPayloads(again.Input, &next); err != nil {
		w.t.Fatalf("carry: %v", err)
	}
	w.err = nil
	w.elapsed += w.gap
	return next, true
}

func (w *world) activities(env *testsuite.TestWorkflowEnvironment) {
	action := func(_ context.Context, request protocol.ActionRequest) (protocol.ActionResult, error) {
		return w.act(request)
	}
	env.RegisterActivityWithOptions(action, activity.RegisterOptions{Name: protocol.ActivityAction})
	env.RegisterActivityWithOptions(w.write, activity.RegisterOptions{Name: protocol.ActivityJournal})
	env.RegisterActivityWithOptions(func(_ context.Context, request protocol.MatchRequest) (protocol.MatchResult, error) {
		if w.match == nil {
			return protocol.MatchResult{}, nil
		}
		return w.match(request), nil
	}, activity.RegisterOptions{Name: protocol.ActivityMatch})
	env.RegisterActivityWithOptions(func(_ context.Context, request protocol.PinRequest) (protocol.RunPin, error) {
		return w.pin(request)
	}, activity.RegisterOptions{Name: protocol.ActivityPin})
	env.RegisterActivityWithOptions(func(_ context.Context, request protocol.EscalationRequest) (protocol.EscalationPolicy, error) {
		if w.policy == nil {
			return protocol.EscalationPolicy{}, nil
		}
		return w.policy(request)
	}, activity.RegisterOptions{Name: protocol.ActivityEscalationPolicy})
	env.RegisterActivityWithOptions(func(_ context.Context, request protocol.DecisionsRequest) (protocol.CommittedDecisions, error) {
		if w.ballots == nil {
			return protocol.CommittedDecisions{}, nil
		}
		return w.ballots(request)
	}, activity.RegisterOptions{Name: protocol.ActivityDecisions})
	for _, ref := range slices.Sorted(maps.Keys(w.delays)) {
		env.OnActivity(protocol.ActivityAction, mock.Anything, mock.MatchedBy(func(r protocol.ActionRequest) bool {
			return r.Connector+"."+r.Action == ref
		})).Return(action).After(w.delays[ref])
	}
	if len(w.delays) > 0 {
		env.OnActivity(protocol.ActivityAction, mock.Anything, mock.Anything).Return(action)
	}
}

func (w *world) act(request protocol.ActionRequest) (protocol.ActionResult, error) {
	w.mu.Lock()
	w.calls = append(w.calls, request)
	ref := request.Connector + "." + request.Action
	w.counts[ref]++
	nth := w.counts[ref]
	w.mu.Unlock()
	if w.answer != nil {
		return w.answer(request, nth)
	}
	return done(nil), nil
}

// write is the store: it takes each event once and checks that none is missing.
func (w *world) write(_ context.Context, batch protocol.JournalBatch) (protocol.JournalReceipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.journal != nil {
		if err := w.journal(batch); err != nil {
			return protocol.JournalReceipt{}, err
		}
	}
	last := int64(len(w.events))
	for _, event := range batch.Events {
		if event.Seq <= last {
			continue
		}
		if event.Seq != last+1 {
			w.t.Errorf("journal: event %d after %d", event.Seq, last)
		}
		last = event.Seq
		w.events = append(w.events, event)
	}
	w.messages = append(w.messages, batch.Messages...)
	w.project(batch)
	return protocol.JournalReceipt{LastSeq: last}, nil
}

func (w *world) project(batch protocol.JournalBatch) {
	for _, view := range batch.Steps {
		w.steps[view.Key] = view
	}
	for _, view := range batch.Runs {
		w.runs[view.RunID] = view
	}
	for _, view := range batch.Approvals {
		w.asked[view.ID] = view
	}
	for _, view := range batch.Tasks {
		w.tasks[view.ID] = view
	}
	for _, view := range batch.Containments {
		w.held[view.ID] = view
	}
	if batch.Incident != nil {
		w.views.Incident = batch.Incident
	}
	if batch.Objectives != nil {
		w.views.Objectives = batch.Objectives
	}
}

func (w *world) schedule(env *testsuite.TestWorkflowEnvironment) {
	for _, a := range w.acts {
		if a.done {
			continue
		}
		env.RegisterDelayedCallback(func() { w.perform(env, a) }, max(0, a.at-w.elapsed))
	}
}

func (w *world) perform(env *testsuite.TestWorkflowEnvironment, a *act2) {
	switch {
	case a.look != nil:
		a.done = true
		value, err := env.QueryWorkflow(protocol.QueryState)
		if err != nil {
			w.t.Errorf("query: %v", err)
			return
		}
		var view protocol.StateView
		if err := value.Get(&view); err != nil {
			w.t.Errorf("query: %v", err)
		}
		a.look(view)
	case a.special != nil:
		a.done = true
		a.special(env)
	default:
		env.UpdateWorkflow(a.name, a.id, &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { a.done, a.refused = true, err.Error() },
			OnComplete: func(result any, err error) {
				a.done = true
				if err != nil {
					w.t.Errorf("update %s: %v", a.name, err)
					return
				}
				a.reply = result.(protocol.Reply)
			},
		}, a.payload)
	}
}

// Answers of actions.

func done(output map[string]any) protocol.ActionResult {
	return protocol.ActionResult{Outcome: protocol.OutcomeDone, Output: output}
}

func refusedBy(why string) protocol.ActionResult {
	return protocol.ActionResult{Outcome: protocol.OutcomeRefused, Error: why}
}

func broken(why string) protocol.ActionResult {
	return protocol.ActionResult{Outcome: protocol.OutcomeFailed, Error: why, Class: "permanent"}
}

func unclear(why string) protocol.ActionResult {
	return protocol.ActionResult{Outcome: protocol.OutcomeUnknown, Error: why}
}

func transient(why string) error { return temporal.NewApplicationError(why, protocol.ErrorTransient) }

func storeAway() error { return temporal.NewApplicationError("no database", protocol.ErrorStore) }

// failOn answers with a failure for these actions and with success otherwise.
func failOn(refs ...string) func(protocol.ActionRequest, int) (protocol.ActionResult, error) {
	return func(r protocol.ActionRequest, _ int) (protocol.ActionResult, error) {
		if slices.Contains(refs, r.Connector+"."+r.Action) {
			return broken("it broke"), nil
		}
		return done(nil), nil
	}
}

// What is asked of a world afterwards.

func (w *world) status(key string) soar.StepStatus { return w.steps["r1/"+key].Status }

func (w *world) expect(statuses map[string]soar.StepStatus) *world {
	w.t.Helper()
	for _, key := range slices.Sorted(maps.Keys(statuses)) {
		if got := w.status(key); got != statuses[key] {
			w.t.Errorf("step %s is %q (%s), want %q", key, got, w.steps["r1/"+key].Error, statuses[key])
		}
	}
	return w
}

func (w *world) ended(status soar.IncidentStatus) *world {
	w.t.Helper()
	if w.err != nil {
		w.t.Errorf("workflow: %v", w.err)
	} else if w.result.Status != status {
		w.t.Errorf("incident ended as %q, want %q", w.result.Status, status)
	}
	if int64(len(w.events)) != w.result.Events && w.err == nil {
		w.t.Errorf("%d events written, the workflow told %d", len(w.events), w.result.Events)
	}
	return w
}

func (w *world) called() []string {
	var refs []string
	for _, request := range w.calls {
		refs = append(refs, request.Connector+"."+request.Action)
	}
	return refs
}

func (w *world) kinds() []string {
	var kinds []string
	for _, event := range w.events {
		kinds = append(kinds, event.Kind)
	}
	return kinds
}

func (w *world) told(kind string) []protocol.TimelineEvent {
	var found []protocol.TimelineEvent
	for _, event := range w.events {
		if event.Kind == kind {
			found = append(found, event)
		}
	}
	return found
}

func (w *world) sent(kind string) []protocol.Message {
	var found []protocol.Message
	for _, message := range w.messages {
		if message.Kind == kind {
			found = append(found, message)
		}
	}
	return found
}

func (w *world) transcript() string {
	var out strings.Builder
	for _, event := range w.events {
		fmt.Fprintf(&out, "%d %s %s %s %s | %s\n", event.Seq, event.At.Format(time.RFC3339), event.Kind, event.By, event.Step, event.Text)
	}
	return out.String()
}
