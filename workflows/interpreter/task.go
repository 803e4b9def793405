package interpreter

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// task gives a person work and waits for the answer. Its due time tells people;
// only the step's own timeout ends it.
func (v *visit) task(ctx workflow.Context) result {
	if v.rec.Task == "" {
		if problem := v.assign(); problem != "" {
			return failed(problem)
		}
	}
	work := v.m.Case.Task(v.rec.Task)
	for work.Open() {
		due, some := work.NextDue()
		var fired bool
		var why *stop
		if some {
			summary := fmt.Sprintf("Task - due %s - %s", soar.Minute(due), work.Title)
			fired, why = v.scope.awaitUntil(ctx, due, summary, func() bool { return !work.Open() })
		} else {
			why = v.scope.await(ctx, func() bool { return !work.Open() })
		}
		switch {
		case why.is(rewalk):
			return halted(why)
		case why != nil:
			work.Status = soar.TaskCancelled
			v.m.Case.TouchTask(work)
			return halted(why)
		case fired:
			v.m.LateTask(work, actor(v.at.run))
		}
	}
	return succeeded()
}

// assign makes the task and tells its assignee.
func (v *visit) assign() string {
	t, now, vars := v.step.Task, v.m.Now(), v.vars()
	work := &state.Task{Generation: v.rec.Generation, Task: soar.Task{
		ID:         protocol.DerivedID("TSK-", v.m.Case.Incident.ID, v.rec.Key, v.rec.Generation),
		IncidentID: v.m.Case.Incident.ID, StepPath: v.rec.Key, Title: clip(v.m.textOf(t.Title, vars, v.rec.Title), maxTitle),
		Status: soar.TaskOpen, Assignee: v.m.who(t.Assignee, vars), CreatedAt: now,
	}}
	if len(t.Form) > 0 {
		if err := json.Unmarshal(t.Form, &work.Form); err != nil {
			return "form: " + err.Error()
		}
	}
	if t.DueIn > 0 {
		due := now.Add(t.DueIn)
		work.DueAt = &due
	}
	work.Escalations = v.m.escalations(t.Escalate, vars, now)
	v.rec.Task = work.ID
	v.m.Case.AddTask(work)
	v.tell(protocol.EventTaskOpened, "Task "+work.ID+" for "+work.Assignee.Name()+": "+work.Title, work.Task)
	v.m.Send(protocol.Message{
		Kind: MessageTaskAssigned, About: work.ID, To: []soar.Approver{work.Assignee}, Subject: work.ID + ": " + work.Title,
		Body: "Incident " + work.IncidentID + ": " + work.Title,
	})
	v.touch()
	return ""
}

// LateTask tells the assignee that the task is overdue, and others when it says so, or
// starts a policy.
func (m *Machine) LateTask(work *state.Task, by soar.Actor) {
	now := m.Now()
	tell := func(kind, text string, data any) {
		m.Tell(state.Entry{Kind: kind, By: by, Step: work.StepPath, Text: text, Data: data})
	}
	if work.DueAt != nil && !work.Told && !work.DueAt.After(now) {
		work.Told = true
		tell(protocol.EventTaskOverdue, "Task "+work.ID+" is overdue", nil)
		m.Send(protocol.Message{
			Kind: MessageReminder, About: work.ID, To: []soar.Approver{work.Holding().Who()}, Subject: work.ID + " is overdue: " + work.Title,
			Body: "Incident " + work.IncidentID + ": " + work.Title,
		})
	}
	for i := range work.Escalations {
		one := &work.Escalations[i]
		if one.Done || one.At.After(now) {
			continue
		}
		one.Done = true
		if one.Policy != "" {
			m.Case.Escalate(soar.Escalation{Policy: one.Policy, Reason: "Task " + work.ID + " waits: " + work.Title, StepPath: work.StepPath, StartedBy: by}, now)
			m.Touch()
			continue
		}
		tell(protocol.EventEscalated, "Task "+work.ID+" went to "+one.To.Name(), one.To)
		m.Send(protocol.Message{
			Kind: MessageEscalation, About: work.ID, To: []soar.Approver{one.To}, Urgent: true, Subject: work.ID + " waits: " + work.Title,
			Body: "Incident " + work.IncidentID + ": " + work.Title + ". Assigned to " + work.Holding().Who().Name() + ".",
		})
	}
}
