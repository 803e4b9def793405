package escalation

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	machine "github.com/tocsin-soar/tocsin/internal/oncall/escalation"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

func by() soar.Actor { return soar.System("escalation") }

// advance takes the step that is due now.
func (d *desk) advance(ctx workflow.Context, one *state.Escalating) {
	firing, some := one.Progress.Advance(*one.Pinned, d.Now())
	if !some {
		return
	}
	d.Case.TouchEscalation(one)
	if firing.Stale {
		text := fmt.Sprintf("Escalation %s goes on: nothing happened since %s acknowledged it", one.ID, one.AcknowledgedBy.ID)
		d.Tell(state.Entry{Kind: protocol.EventEscalationStale, By: by(), Step: one.StepPath, Text: text, Data: one.Escalation})
	}
	switch {
	case firing.Exhausted:
		d.exhausted(one, firing)
	case firing.Step.Crisis != nil:
		d.crisis(ctx, one, firing)
	case firing.Step.Continuity != nil:
		d.continuity(ctx, one, firing)
	default:
		d.step(one, firing, append(firing.Step.To[:len(firing.Step.To):len(firing.Step.To)], firing.Also...), "")
	}
	d.Touch()
}

// step tells people, and writes down whom and why now.
func (d *desk) step(one *state.Escalating, firing machine.Firing, to []soar.Approver, what string) {
	now, incident := d.Now(), d.Case.Incident
	one.Told, one.ToldAt = to, &now
	d.Case.TouchEscalation(one)
	place := fmt.Sprintf("step %d of %d of policy %s", firing.Number, one.Steps, one.Policy)
	remarks := remarks(one, firing)
	text := fmt.Sprintf("Escalation %s, %s: told %s", one.ID, place, names(to))
	if what != "" {
		text += "; " + what
	}
	d.Tell(state.Entry{Kind: protocol.EventEscalationStep, By: by(), Step: one.StepPath, Text: strings.Join(append([]string{text}, remarks...), ". "), Data: map[string]any{
		"escalation": one.ID, "policy": one.Policy, "step": firing.Number, "due_at": firing.Due, "told": to, "skipped": firing.Skipped,
	}})
	lines := []string{one.Reason, "Incident " + incident.ID + ": " + incident.Title}
	if what != "" {
		lines = append(lines, upper(what)+".")
	}
	for _, remark := range remarks {
		lines = append(lines, remark+".")
	}
	lines = append(lines, "This is "+place+".", "Say that you have it: tocsin escalation ack "+incident.ID+" "+one.ID)
	d.Send(protocol.Message{
		Kind: interpreter.MessageEscalation, Urgent: true, To: to, About: one.ID,
		Subject: "Escalation: " + incident.ID + " (" + string(incident.Severity) + "): " + one.Reason,
		Body:    strings.Join(lines, "\n"),
	})
}

// remarks say what is unusual about the moment.
func remarks(one *state.Escalating, firing machine.Firing) []string {
	var out []string
	if firing.Stale {
		out = append(out, one.AcknowledgedBy.ID+" acknowledged and nothing happened since")
	}
	if firing.Late > 0 {
		out = append(out, "This was due at "+soar.Minute(firing.Due)+" and is "+firing.Late.Round(time.Second).String()+" late: nothing ran in the meantime")
	}
	if firing.Skipped > 0 {
		out = append(out, state.Plural(firing.Skipped, "step")+" before it would have been taken in that time; those people are told now")
	}
	return out
}

// exhausted says that no step is left. The incident stays with its responders.
func (d *desk) exhausted(one *state.Escalating, firing machine.Firing) {
	incident := d.Case.Incident
	text := fmt.Sprintf("Escalation %s: nobody acknowledged, and policy %s has no step left", one.ID, one.Policy)
	if firing.Stale {
		text = fmt.Sprintf("Escalation %s: policy %s has no step left", one.ID, one.Policy)
	}
	d.Tell(state.Entry{Kind: protocol.EventEscalationExhausted, By: by(), Step: one.StepPath, Text: text, Data: one.Escalation})
	to := interpreter.Responders(incident)
	for _, who := range one.Told {
		if !contains(to, who) {
			to = append(to, who)
		}
	}
	d.Send(protocol.Message{
		Kind: interpreter.MessageNeedsDecision, Urgent: true, To: to, About: one.ID,
		Subject: "Nobody answered: escalation " + one.Policy + " of " + incident.ID + " has ended",
		Body:    one.Reason + "\n" + text + ".\nIncident " + incident.ID + ": " + incident.Title + "\nCall somebody, and start another policy: tocsin escalation start " + incident.ID,
	})
}

// crisis declares what the policy says, opens the task and tells the team.
func (d *desk) crisis(ctx workflow.Context, one *state.Escalating, firing machine.Firing) {
	crisis := firing.Step.Crisis
	change := protocol.Declare{
		Command:  protocol.Command{Reason: "declared by escalation " + one.ID},
		Severity: crisis.Severity, Status: crisis.Status, Facts: crisis.Facts,
	}
	what := "crisis management is called in"
	if err := d.Case.CheckDeclare(change); err != nil {
		what += " (nothing was declared: " + err.Error() + ")"
	} else {
		d.Case.Declare(change, by(), one.StepPath, d.Now())
	}
	task := d.open(ctx, one, firing, soar.Task{Title: crisis.Title, Assignee: crisis.Team[0]}, crisis.DueIn)
	d.step(one, firing, crisis.Team, what+", task "+task.ID+": "+task.Title)
}

// continuity opens the task of the plan's owner.
func (d *desk) continuity(ctx workflow.Context, one *state.Escalating, firing machine.Firing) {
	plan := firing.Step.Continuity
	task := d.open(ctx, one, firing, soar.Task{Title: "Carry out continuity plan " + plan.Plan, Assignee: plan.Owner}, plan.DueIn)
	d.step(one, firing, []soar.Approver{plan.Owner}, "continuity plan "+plan.Plan+" is called in, task "+task.ID)
}

// open gives somebody the task of a step and watches its clock. The step's message
// tells the assignee.
func (d *desk) open(ctx workflow.Context, one *state.Escalating, firing machine.Firing, asked soar.Task, dueIn time.Duration) *state.Task {
	now := d.Now()
	asked.ID = protocol.DerivedID("TSK-", d.Case.Incident.ID, one.ID, firing.Number)
	asked.IncidentID, asked.StepPath, asked.Status, asked.CreatedAt = d.Case.Incident.ID, one.ID, soar.TaskOpen, now
	if dueIn > 0 {
		due := now.Add(dueIn)
		asked.DueAt = &due
	}
	task := &state.Task{Task: asked}
	d.Case.AddTask(task)
	one.Tasks = append(one.Tasks, task.ID)
	d.Tell(state.Entry{Kind: protocol.EventTaskOpened, By: by(), Step: one.ID, Text: "Task " + task.ID + " for " + names([]soar.Approver{task.Assignee}) + ": " + task.Title, Data: task.Task})
	d.watch(ctx, task.ID)
	return task
}

// watch tells when the task is overdue.
func (d *desk) watch(ctx workflow.Context, id string) {
	if d.known[id] {
		return
	}
	d.known[id] = true
	workflow.GoNamed(ctx, "task "+id, func(ctx workflow.Context) {
		for {
			task := d.Case.Task(id)
			if task == nil || !task.Open() {
				return
			}
			due, some := task.NextDue()
			if !some {
				return
			}
			summary := fmt.Sprintf("Task - due %s - %s", soar.Minute(due), task.Title)
			if interpreter.WaitUntil(ctx, due, summary, func() bool { return !task.Open() }) {
				d.LateTask(task, by())
			}
		}
	})
}

func contains(list []soar.Approver, who soar.Approver) bool {
	for _, known := range list {
		if known == who {
			return true
		}
	}
	return false
}

// names lists who is told.
func names(list []soar.Approver) string {
	words := make([]string, len(list))
	for i, who := range list {
		switch {
		case who.Person != "":
			words[i] = who.Person
		case who.Roster != "":
			words[i] = "who is on call by roster " + who.Roster
		default:
			words[i] = string(who.Role)
		}
	}
	return strings.Join(words, ", ")
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
