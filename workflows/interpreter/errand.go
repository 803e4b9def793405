package interpreter

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// The time an action's activity has beyond the connector's call, for guard and
// ledger, and the defaults where a plan has none.
const (
	activityMargin  = 15 * time.Second
	defaultAttempt  = 30 * time.Second
	defaultTotal    = 10 * time.Minute
	unattendedAfter = time.Minute
	maxLost         = 2 // an action that loses its worker three times may be what kills it
)

// errand is one action to be done by an activity, with all that decides when it
// may start and what is done while the store is away.
type errand struct {
	request protocol.ActionRequest
	retry   plan.Retry
	attempt time.Duration
	total   time.Duration
	title   string
	sc      *scope      // nil: nothing stops it
	paused  bool        // waits while the incident is paused
	wake    **time.Time // kept in the state: the end of a pause for the store
	rounds  *int        // kept in the state: how often it was scheduled
	flying  *bool
	prepare func() // just before it is scheduled: what depends on the time
}

func (e *errand) stopped() *stop {
	if e.sc == nil {
		return nil
	}
	return e.sc.stopped()
}

// carryOut does the errand. Three things do not use up the step's attempts,
// because they say nothing about the action: the record's store is away (the
// activity refuses to act unrecorded), no worker was there to take the work, or
// the worker that had it was lost. Temporal counts attempts for one scheduling
// only, so each of them ends the activity and schedules it anew under the same
// idempotency key: what an earlier attempt did, the ledger knows. For the store
// that goes on for ever, with a pause in which the workflow may continue as new.
func (m *Machine) carryOut(ctx workflow.Context, e *errand) (protocol.ActionResult, *stop, error) {
	for lost := 0; ; {
		if why := m.gate(ctx, e); why != nil {
			return protocol.ActionResult{}, why, nil
		}
		scheduled := m.Now()
		reply, err := m.send(ctx, e)
		switch {
		case err == nil:
			return reply, nil, nil
		case temporal.IsCanceledError(err) && e.stopped() != nil:
			return reply, e.stopped(), nil
		case StoreAway(err):
			wake := m.Now().Add(outagePause(*e.rounds))
			*e.wake = &wake
		case m.unattended(err, scheduled, e):
		case workerLost(err) && lost < maxLost:
			lost++
		default:
			return reply, nil, err
		}
	}
}

// gate waits until the action may start: not draining, not paused, no pause for
// the store, and everything that happened before is written.
func (m *Machine) gate(ctx workflow.Context, e *errand) *stop {
	if *e.wake != nil {
		WaitUntil(ctx, **e.wake, "Store is away: "+e.title, func() bool { return e.stopped() != nil })
		if why := e.stopped(); why != nil {
			return why
		}
		*e.wake = nil
	}
	mark := m.Case.Journal.Next - 1
	open := func() bool {
		return !m.draining && !(e.paused && m.Case.Incident.Paused) && m.Case.Journal.Written() >= mark
	}
	block(ctx, func() bool { return open() || e.stopped() != nil })
	return e.stopped()
}

// send schedules the activity and waits for its end. What changes the world is
// never cut off: its outcome is waited for whatever happens around it.
func (m *Machine) send(ctx workflow.Context, e *errand) (protocol.ActionResult, error) {
	m.flying++
	*e.flying = true
	*e.rounds++
	defer func() {
		m.flying--
		m.worked++
		*e.flying = false
		m.Touch()
	}()
	if e.prepare != nil {
		e.prepare()
	}
	inside, cancel := workflow.WithCancel(workflow.WithActivityOptions(ctx, e.options()))
	defer cancel()
	future := workflow.ExecuteActivity(inside, protocol.ActivityAction, e.request)
	if e.sc != nil && !e.request.Risk.Writes() {
		block(ctx, func() bool { return future.IsReady() || e.mayCut() })
		if !future.IsReady() {
			cancel()
		}
	}
	block(ctx, future.IsReady)
	var reply protocol.ActionResult
	err := future.Get(ctx, &reply)
	return reply, err
}

func (e *errand) mayCut() bool {
	why := e.stopped()
	return why != nil && why.cause != rewalk
}

func (e *errand) options() workflow.ActivityOptions {
	attempt := cmpOr(e.attempt, defaultAttempt)
	total := max(cmpOr(e.total, defaultTotal), attempt)
	e.request.Timeout = attempt
	return workflow.ActivityOptions{
		ActivityID:             e.activityID(),
		StartToCloseTimeout:    attempt + activityMargin,
		ScheduleToCloseTimeout: total + attempt + activityMargin, // an attempt begun in time may end
		WaitForCancellation:    true,
		Summary:                Summary(e.title),
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        cmpOr(e.retry.Initial, time.Second),
			BackoffCoefficient:     max(e.retry.Backoff, 1),
			MaximumInterval:        e.retry.Maximum,
			MaximumAttempts:        int32(max(e.retry.MaxAttempts, 1)), //nolint:gosec // at most 20 by the checker
			NonRetryableErrorTypes: finalClasses(e.retry.On),
		},
	}
}

// activityID names the activity by what it does. Replay compares it: a build that
// would do two actions in another order is caught by that, although both have the
// same activity type.
func (e *errand) activityID() string {
	return fmt.Sprintf("%s %.12s.%d", e.request.StepKey, e.request.Key, *e.rounds)
}

// finalClasses are the error types that the step does not want tried again by
// Temporal. The store's absence is one: see carryOut.
func finalClasses(on []string) []string {
	final := []string{protocol.ErrorStore}
	for _, class := range []string{protocol.ErrorTransient, protocol.ErrorLimited} {
		if !slices.Contains(on, class) {
			final = append(final, class)
		}
	}
	return final
}

func cmpOr(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// StoreAway tells whether an activity failed because our own store is away.
func StoreAway(err error) bool { return errorType(err) == protocol.ErrorStore }

func errorType(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Type()
	}
	return ""
}

// unattended tells whether the time ran out while no worker was there: the
// timeout itself was read long after it happened.
func (m *Machine) unattended(err error, scheduled time.Time, e *errand) bool {
	if !temporal.IsTimeoutError(err) {
		return false
	}
	return m.Now().Sub(scheduled) > e.options().ScheduleToCloseTimeout+unattendedAfter
}

// workerLost tells whether the last attempt ran out of its time. The activity
// ends the connector's call well before, so that only a lost worker does.
func workerLost(err error) bool {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	return ok && timeout.TimeoutType().String() == "StartToClose"
}

// outagePause grows from 5 s to a minute.
func outagePause(rounds int) time.Duration {
	return min(5*time.Second<<min(max(rounds, 1)-1, 4), time.Minute)
}

// describe words an activity's error for people.
func describe(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return clip(app.Message(), 500)
	}
	if temporal.IsTimeoutError(err) {
		return "it did not end in time"
	}
	return clip(err.Error(), 500)
}

// undoRisk is the risk of an undo: plans do not carry it, and taking a
// containment back changes the world.
const undoRisk = soar.RiskChange
