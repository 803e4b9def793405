package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// handleControl registers what steers the runs. A pause lets no step start and
// no containment be released by its clock; what is under way ends, people can
// decide, and all clocks run on.
func (i *incident) handleControl(ctx workflow.Context) error {
	return all(
		install(ctx, i, update[protocol.Control]{
			name: protocol.UpdatePause, about: "Let no step start. Clocks and expiries run on.",
			check: i.mayPause(false), do: func(c protocol.Control) protocol.Reply { return i.pause(c, true) },
		}),
		install(ctx, i, update[protocol.Control]{
			name: protocol.UpdateResume, about: "Let steps start again.",
			check: i.mayPause(true), do: func(c protocol.Control) protocol.Reply { return i.pause(c, false) },
		}),
		install(ctx, i, update[protocol.Cancel]{
			name: protocol.UpdateCancel, about: "Stop all runs; with compensate, take back what they did. Always steps still run; a second cancel stops them too. The incident stays open.",
			check: i.mayCancel,
			do: func(c protocol.Cancel) protocol.Reply {
				return reply("%s cancelled", state.Plural(i.cancelRuns(order(c.Command), c.Compensate), "run"))
			},
		}),
		install(ctx, i, update[protocol.RunPlaybook]{
			name: protocol.UpdateRunPlaybook, about: "Start one more playbook in the incident.", last: whileOpen,
			check: i.mayRun, do: i.run,
		}),
	)
}

func (i *incident) mayPause(paused bool) func(protocol.Control) error {
	return func(protocol.Control) error {
		if i.Case.Incident.Paused == paused {
			return nil
		}
		if paused {
			return fmt.Errorf("incident %s is not paused", i.Case.Incident.ID)
		}
		return fmt.Errorf("incident %s is paused already", i.Case.Incident.ID)
	}
}

func (i *incident) pause(c protocol.Control, on bool) protocol.Reply {
	i.Case.Incident.Paused = on
	i.Case.Journal.TouchIncident()
	kind, text := protocol.EventIncidentResumed, "Resumed"
	if on {
		kind, text = protocol.EventIncidentPaused, "Paused: no step starts until it is resumed"
	}
	i.tellBy(c.By, kind, "", withReason(text, c.Reason), nil)
	return reply("%s", text)
}

func withReason(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}

func (i *incident) mayCancel(c protocol.Cancel) error {
	if len(i.Case.LiveRuns()) == 0 && (!c.Compensate || len(i.Case.Held()) == 0) {
		return fmt.Errorf("nothing runs in incident %s", i.Case.Incident.ID)
	}
	return needReason(c.Command)
}

// mayRun sees to it that a plan which cannot be had is refused here: later it
// would hold up the whole incident.
func (i *incident) mayRun(r protocol.RunPlaybook) error {
	if r.Run.Playbook == "" {
		return fmt.Errorf("the command does not name a playbook")
	}
	if r.Run.Digest == "" {
		return nil
	}
	if p, err := i.flows.plans(r.Run.Digest); err != nil || p == nil {
		return fmt.Errorf("there is no playbook with digest %s", r.Run.Digest)
	}
	return nil
}

func (i *incident) run(r protocol.RunPlaybook) protocol.Reply {
	pin := r.Run
	if pin.By.Kind == "" {
		pin.By = r.By
	}
	if pin.Reason == "" {
		pin.Reason = r.Reason
	}
	run := i.Case.AddRun(pin, i.Now())
	i.StartRun(run)
	answer := reply("playbook %s started as %s", pin.Playbook, run.ID)
	answer.RunID = run.ID
	return answer
}

// handleSteps registers what is done about single steps.
func (i *incident) handleSteps(ctx workflow.Context) error {
	return all(
		install(ctx, i, update[protocol.StepCommand]{
			name: protocol.UpdateRetryStep, about: "Try a failed or expired step again, or one whose outcome is not known. A run that failed goes on.", last: whileOpen,
			check: func(c protocol.StepCommand) error { return i.Case.MayRetry(c.Key) }, do: i.retryStep,
		}),
		install(ctx, i, update[protocol.StepCommand]{
			name: protocol.UpdateSkipStep, about: "Skip a waiting or failed step, with a reason. Approvals are decided, not skipped.",
			check: func(c protocol.StepCommand) error { return all(i.Case.MaySkip(c.Key), needReason(c.Command)) },
			do:    i.skipStep,
		}),
		install(ctx, i, update[protocol.StepCommand]{
			name: protocol.UpdateMarkDone, about: "Say that an action whose outcome is not known did happen.",
			check: i.mayMarkDone, do: i.markDone,
		}),
	)
}

func (i *incident) retryStep(c protocol.StepCommand) protocol.Reply {
	run, record := i.Case.Record(c.Key)
	if record.Person {
		record.Verdict = &state.Verdict{Order: order(c.Command)}
		return reply("step %s is tried again", c.Key)
	}
	return i.redo(run, state.Redo{Order: order(c.Command), Key: c.Key}, "is tried again")
}

func (i *incident) skipStep(c protocol.StepCommand) protocol.Reply {
	run, record := i.Case.Record(c.Key)
	if !record.Status.Ended() && record.Begun {
		skip := order(c.Command)
		record.Skip = &skip
		return reply("step %s is skipped", c.Key)
	}
	return i.redo(run, state.Redo{Order: order(c.Command), Key: c.Key, Skip: true}, "is skipped")
}

// redo leaves the change of an ended step to the run's own coroutine, which
// makes it between two walks.
func (i *incident) redo(run *state.Run, redo state.Redo, what string) protocol.Reply {
	root := i.Case.RootOf(run)
	root.Redo = append(root.Redo, redo)
	i.Rewalk(root)
	return reply("step %s %s", redo.Key, what)
}

func (i *incident) mayMarkDone(c protocol.StepCommand) error {
	_, record := i.Case.Record(c.Key)
	switch {
	case record == nil:
		return fmt.Errorf("there is no step %q", c.Key)
	case !record.Person || record.Verdict != nil:
		return fmt.Errorf("step %s does not wait for a word on its outcome", c.Key)
	}
	return needReason(c.Command)
}

func (i *incident) markDone(c protocol.StepCommand) protocol.Reply {
	_, record := i.Case.Record(c.Key)
	record.Verdict = &state.Verdict{Order: order(c.Command), Done: true}
	return reply("step %s counts as done", c.Key)
}

// handleContainments registers what is done about containments.
func (i *incident) handleContainments(ctx workflow.Context) error {
	return all(
		install(ctx, i, update[protocol.Release]{
			name: protocol.UpdateRelease, about: "Take one containment back now.", last: whileEnded,
			check: func(r protocol.Release) error {
				held := i.Case.Containment(r.ContainmentID)
				if held == nil {
					return fmt.Errorf("there is no containment %s in incident %s", r.ContainmentID, i.Case.Incident.ID)
				}
				return all(held.MayRelease(), needReason(r.Command))
			},
			do: func(r protocol.Release) protocol.Reply {
				held := i.Case.Containment(r.ContainmentID)
				i.Release(held, state.Release{Order: order(r.Command)})
				return reply("%s on %s is being taken back", held.Action, held.Target)
			},
		}),
		install(ctx, i, update[protocol.Extend]{
			name: protocol.UpdateExtend, about: "Move the time at which a containment is released by itself.", last: whileEnded,
			check: i.mayExtend, do: i.extend,
		}),
	)
}

func (i *incident) mayExtend(e protocol.Extend) error {
	held := i.Case.Containment(e.ContainmentID)
	switch {
	case held == nil:
		return fmt.Errorf("there is no containment %s in incident %s", e.ContainmentID, i.Case.Incident.ID)
	case !held.Undoable() || held.Release != nil:
		return fmt.Errorf("containment %s is not in force any more, or cannot be taken back", e.ContainmentID)
	case e.Until == nil && i.Case.Ended():
		return fmt.Errorf("the incident is closed: give a time at which the containment ends")
	}
	return needReason(e.Command)
}

func (i *incident) extend(e protocol.Extend) protocol.Reply {
	held := i.Case.Containment(e.ContainmentID)
	held.Until = e.Until
	i.Case.TouchContainment(held)
	until := "until somebody takes it back"
	if e.Until != nil {
		utc := e.Until.UTC()
		held.Until = &utc
		until = "until " + soar.Minute(utc)
	}
	text := fmt.Sprintf("%s on %s stays in force %s", held.Action, held.Target, until)
	i.tellBy(e.By, protocol.EventContainmentKept, held.StepPath, withReason(text, e.Reason), held.Containment)
	i.Keep(held)
	return reply("%s", text)
}

// handleClose registers the end.
func (i *incident) handleClose(ctx workflow.Context) error {
	return install(ctx, i, update[protocol.Close]{
		name: protocol.UpdateClose, about: "End the incident. Runs must have ended or been cancelled before.", last: whileOpen,
		check: func(c protocol.Close) error {
			if !c.Resolution.Valid() {
				return fmt.Errorf("%q is not a resolution; there are %v", c.Resolution, soar.Resolutions())
			}
			if live := len(i.Case.LiveRuns()); live > 0 {
				return fmt.Errorf("%s not ended: cancel first, or wait", state.Plural(live, "run"))
			}
			return all(i.mayEnd(c.Resolution), needReason(c.Command))
		},
		do: func(c protocol.Close) protocol.Reply {
			i.Case.Closing = &state.Closing{Order: order(c.Command), Resolution: c.Resolution}
			if held := len(i.Case.Held()); held > 0 {
				return reply("closed; %s stay in force", state.Plural(held, "containment"))
			}
			return reply("closed")
		},
	})
}
