package twin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows"
)

// Result says what rang.
type Result struct {
	Scenario  Scenario
	Simulated []string // "2026-11-20T18:00:00Z due contain", sorted
	Rang      []string // of the workflow
	Duties    int      // of them, instants of duties
	Faults    []string // of the simulator: a scenario that cannot be read compares nothing
}

// Equal tells whether both gave the same. It may be nothing: no rule fitted, or all
// was met in time.
func (r Result) Equal() bool { return slices.Equal(r.Simulated, r.Rang) }

// OnlyIn gives the lines of a that b does not have.
func OnlyIn(a, b []string) []string {
	var out []string
	for _, line := range a {
		if !slices.Contains(b, line) {
			out = append(out, line)
		}
	}
	return out
}

const (
	span      = 70 * 24 * time.Hour // how long an incident is followed; it is closed then
	mostTurns = 400                 // histories of one incident
)

// Run lets a scenario happen in both.
func Run(s Scenario, library *duty.Library) (Result, error) {
	result := Result{Scenario: s}
	simulated, err := timeline.Play(timeline.Request{Incident: s.Incident, Policy: s.Policy, Library: library}, s.Changes, s.Incident.OpenedAt.Add(span-time.Second))
	if err != nil {
		return result, fmt.Errorf("scenario %s: simulator: %w", s.Name, err)
	}
	result.Faults = simulated.Faults
	for _, moment := range simulated.Moments {
		result.Simulated = append(result.Simulated, moment.String())
		if moment.To != "" {
			result.Duties++
		}
	}
	p := &process{scenario: s, library: library}
	if err := p.run(); err != nil {
		return result, fmt.Errorf("scenario %s: workflow: %w", s.Name, err)
	}
	result.Rang = p.rang
	slices.Sort(result.Simulated)
	slices.Sort(result.Rang)
	return result, nil
}

// process is all that is around the workflow of one incident.
type process struct {
	scenario Scenario
	library  *duty.Library
	passed   time.Duration // in the histories before this one
	told     int           // changes that were told

	mu   sync.Mutex
	last int64
	rang []string
	err  error
}

// run goes through all histories of the incident.
func (p *process) run() error {
	input := protocol.IncidentInput{Incident: p.scenario.Incident, Policy: p.scenario.Policy}
	for range mostTurns {
		next, err := p.turn(input)
		if err != nil || next == nil {
			return err
		}
		input = *next
	}
	return fmt.Errorf("no end after %d histories", mostTurns)
}

// turn runs one history; what it gives is the input of the next, or nil.
func (p *process) turn(input protocol.IncidentInput) (*protocol.IncidentInput, error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetStartTime(p.scenario.Incident.OpenedAt.Add(p.passed))
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // cores may be few
	if p.scenario.Often {
		env.SetCurrentHistoryLength(100_000)
	}
	workflows.New(workflows.Sources{
		Plans:    func(digest string) (*plan.Plan, error) { return nil, fmt.Errorf("no plan %s", digest) },
		Programs: expression.NewCache(100), Calendars: timeline.Counter, Duties: timeline.Duties(p.library),
	}).Register(env)
	env.RegisterActivityWithOptions(p.write, activity.RegisterOptions{Name: protocol.ActivityJournal})
	env.RegisterActivityWithOptions(func(context.Context, protocol.MatchRequest) (protocol.MatchResult, error) {
		return protocol.MatchResult{}, nil
	}, activity.RegisterOptions{Name: protocol.ActivityMatch})
	p.schedule(env)
	env.ExecuteWorkflow(protocol.WorkflowIncident, input)
	p.passed = env.Now().Sub(p.scenario.Incident.OpenedAt)
	err := env.GetWorkflowError()
	var again *workflow.ContinueAsNewError
	if !errors.As(err, &again) {
		return nil, errors.Join(err, p.err)
	}
	next := &protocol.IncidentInput{}
	return next, errors.Join(converter.GetDefaultDataConverter().FromPayloads(again.Input, next), p.err)
}

// schedule lets people say what is still to be said, and close the incident at last.
func (p *process) schedule(env *testsuite.TestWorkflowEnvironment) {
	by := protocol.Command{By: soar.Actor{Kind: soar.ActorPerson, ID: "anna"}, Reason: "because"}
	for n, change := range p.scenario.Changes[p.told:] {
		name, payload := protocol.UpdateDeclare, any(protocol.Declare{Command: by, Severity: change.Severity, Category: change.Category, Status: change.Status, Facts: change.Facts})
		switch {
		case change.Sent != "":
			name, payload = protocol.UpdateDuty, protocol.DutyCommand{Command: by, Duty: change.Sent, Do: protocol.DutySent, Proof: "receipt"}
		case change.Waived != "":
			name, payload = protocol.UpdateDuty, protocol.DutyCommand{Command: by, Duty: change.Waived, Do: protocol.DutyWaive}
		}
		p.say(env, change.At.Sub(p.scenario.Incident.OpenedAt), name, fmt.Sprintf("u%d", p.told+n), payload)
	}
	p.say(env, span, protocol.UpdateClose, "close", protocol.Close{Command: by, Resolution: soar.ResolutionFalsePositive})
}

// say sends an update. A refused one is no fault: a notice of a duty that is not
// open is refused, and the simulator passes over it.
func (p *process) say(env *testsuite.TestWorkflowEnvironment, after time.Duration, name, id string, payload any) {
	env.RegisterDelayedCallback(func() {
		if name != protocol.UpdateClose {
			p.told++
		}
		env.UpdateWorkflow(name, id, &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) {
				if name != protocol.UpdateDuty {
					p.err = errors.Join(p.err, err)
				}
			}, OnComplete: func(any, error) {},
		}, payload)
	}, max(0, after-p.passed))
}

// write is the record: it takes each event once, and keeps what rang.
func (p *process) write(_ context.Context, batch protocol.JournalBatch) (protocol.JournalReceipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, event := range batch.Events {
		if event.Seq <= p.last {
			continue
		}
		p.last = event.Seq
		what := map[string]string{protocol.EventObjectiveWarning: timeline.Warning, protocol.EventObjectiveBreached: timeline.DueTime}[event.Kind]
		if what == "" {
			continue
		}
		var clock soar.Objective
		if err := json.Unmarshal(event.Data, &clock); err != nil {
			p.err = errors.Join(p.err, err)
		}
		p.rang = append(p.rang, timeline.Moment{At: event.At, What: what, Clock: clock.Name}.String())
	}
	return protocol.JournalReceipt{LastSeq: p.last}, nil
}
