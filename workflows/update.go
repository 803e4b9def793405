package workflows

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

const maxPayload = 64 << 10 // bytes of JSON that one command may put into the state

// command is any update's payload.
type command interface{ Header() protocol.Command }

// update is one kind of command. check looks at the state and changes nothing;
// do changes the state and blocks on nothing: coroutines that wait on the state
// act on it.
type update[T command] struct {
	name  string
	about string // for Temporal's UI
	last  stage  // up to which it is permitted
	check func(T) error
	do    func(T) protocol.Reply
}

// stage is how far the incident is.
type stage int

const (
	whileClosing stage = iota // the default: people must be able to help a closing that waits for them
	whileOpen                 // what would begin something new
	whileEnded
)

// install registers the update. What all have in common is here: a command is
// done once, by its update id, also across continue-as-new; it needs an actor;
// a closed incident takes hardly any; and the first thing that a person does
// counts as acknowledging the incident.
func install[T command](ctx workflow.Context, i *incident, u update[T]) error {
	handler := func(ctx workflow.Context, payload T) (protocol.Reply, error) {
		id := updateID(ctx, payload)
		if reply, done := i.Case.Answered(id); done {
			return reply, nil
		}
		if u.name != protocol.UpdateAddAlert && i.Case.Acknowledge(payload.Header().By, i.Now()) {
			i.Touch()
		}
		reply := u.do(payload)
		i.Case.WorkOn(payload.Header().By, i.Now())
		i.Case.Remember(id, reply)
		i.updates++
		i.Touch()
		return reply, nil
	}
	validator := func(ctx workflow.Context, payload T) error {
		if _, done := i.Case.Answered(updateID(ctx, payload)); done {
			return nil
		}
		if err := i.admits(payload, u.last); err != nil {
			return err
		}
		if u.check == nil {
			return nil
		}
		if err := u.check(payload); err != nil {
			return refuse(err.Error())
		}
		return nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, u.name, handler,
		workflow.UpdateHandlerOptions{Validator: validator, Description: u.about})
}

func updateID(ctx workflow.Context, payload command) string {
	if info := workflow.GetCurrentUpdateInfo(ctx); info != nil && info.ID != "" {
		return info.ID
	}
	return payload.Header().ID
}

// admits is what every command is checked for.
func (i *incident) admits(payload command, last stage) error {
	by := payload.Header().By
	if by.Kind == "" || by.ID == "" {
		return refuse("the command does not say who gives it")
	}
	switch {
	case i.Case.Ended() && last != whileEnded:
		return refuse(fmt.Sprintf("incident %s is %s", i.Case.Incident.ID, i.Case.Incident.Status))
	case i.Case.Closing != nil && last == whileOpen:
		return refuse(fmt.Sprintf("incident %s is being closed", i.Case.Incident.ID))
	}
	body, err := json.Marshal(payload)
	if err == nil && len(body) > maxPayload {
		err = fmt.Errorf("it has %d bytes, at most %d are allowed", len(body), maxPayload)
	}
	if err != nil {
		return refuse("the command is too large: " + err.Error())
	}
	return nil
}

func reply(format string, args ...any) protocol.Reply {
	return protocol.Reply{Message: fmt.Sprintf(format, args...)}
}

func order(c protocol.Command) state.Order { return state.Order{By: c.By, Reason: c.Reason} }

func needReason(c protocol.Command) error {
	if c.Reason == "" {
		return fmt.Errorf("a reason is needed")
	}
	return nil
}

// handle registers all updates and the query, before anything blocks: an update
// that came with the first workflow task waits for this.
func (i *incident) handle(ctx workflow.Context) error {
	for _, register := range []func(workflow.Context) error{
		i.handleState, i.handleAlerts, i.handleDecisions, i.handleTasks, i.handleDeclare, i.handleControl, i.handleSteps, i.handleContainments, i.handleDuties, i.handleEscalations, i.handleClose,
	} {
		if err := register(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (i *incident) handleState(ctx workflow.Context) error {
	return workflow.SetQueryHandlerWithOptions(ctx, protocol.QueryState, func() (protocol.StateView, error) {
		return i.Case.View(i.Draining()), nil
	}, workflow.QueryHandlerOptions{Description: "The incident as it stands: status, runs with steps, approvals, tasks, containments, objectives."})
}

// all gives the first error.
func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// tellBy puts what a person did into the journal.
func (i *incident) tellBy(by soar.Actor, kind, step, text string, data any) {
	i.Tell(state.Entry{Kind: kind, By: by, Step: step, Text: text, Data: data})
}
