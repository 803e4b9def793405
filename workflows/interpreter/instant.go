package interpreter

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// set names values for later steps, one after the other: a later one may read
// an earlier one.
func (v *visit) set() result {
	if v.at.run.Vars == nil {
		v.at.run.Vars = map[string]any{}
	}
	for _, field := range v.step.Set {
		value, err := v.m.value(field.Value, v.vars())
		if err != nil {
			return failed(field.Name + ": " + err.Error())
		}
		if size(value) > maxValue {
			return failed(fmt.Sprintf("%s: the value is larger than %d bytes", field.Name, maxValue))
		}
		v.at.run.Vars[field.Name] = plain(value)
	}
	v.m.Touch()
	return succeeded()
}

// declare changes the incident. A status that the incident has passed already
// is left as it is.
func (v *visit) declare() result {
	fields, err := v.m.fields(v.step.Declare, v.vars())
	if err != nil {
		return failed(err.Error())
	}
	if size(fields) > maxValue {
		return failed(fmt.Sprintf("the values are larger than %d bytes", maxValue))
	}
	var change protocol.Declare
	body, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(body, &change)
	}
	if err != nil {
		return failed("a declared field has the wrong type: " + err.Error())
	}
	change.Facts = nil
	if facts, ok := fields["facts"].(map[string]any); ok {
		change.Facts = plainMap(facts)
	}
	change.Command = protocol.Command{Reason: "declared by step " + v.rec.Title}
	if err := v.m.Case.CheckDeclare(change); err != nil {
		return failed(err.Error())
	}
	v.m.Case.Declare(change, actor(v.at.run), v.rec.Key, v.m.Now())
	v.m.Asking().Follow(actor(v.at.run))
	v.m.Touch()
	return succeeded()
}

// escalate starts an escalation policy. A workflow run from before policies were
// carried out tells the people of the audience of that name once.
func (v *visit) escalate(ctx workflow.Context) result {
	reason, err := v.m.value(v.step.Escalate.Reason, v.vars())
	if err != nil {
		return failed("reason: " + err.Error())
	}
	text, err := expression.FormatText(reason)
	if err != nil {
		return failed("reason: " + err.Error())
	}
	policy, incident := v.step.Escalate.Policy, v.m.Case.Incident
	if v.m.Escalates {
		return v.startPolicy(ctx, soar.Escalation{Policy: policy, Reason: text, StepPath: v.rec.Key, StartedBy: actor(v.at.run)})
	}
	v.tell(protocol.EventEscalated, "Escalated by policy "+policy+": "+text, map[string]any{"policy": policy, "reason": text})
	v.m.Send(protocol.Message{
		Kind: MessageEscalation, Audience: policy, Urgent: true,
		Subject: "Escalation: " + incident.ID + " (" + string(incident.Severity) + ")",
		Body:    text + "\nIncident " + incident.ID + ": " + incident.Title,
	})
	return succeeded()
}

// startPolicy waits until the policy is found and its first step is taken: one that
// is not there fails the step.
func (v *visit) startPolicy(ctx workflow.Context, asked soar.Escalation) result {
	if v.rec.Escalation == "" {
		one, _ := v.m.Case.Escalate(asked, v.m.Now())
		v.rec.Escalation = one.ID
		v.touch()
	}
	one := v.m.Case.FindEscalation(v.rec.Escalation)
	begun := func() bool { return one == nil || one.Over() || one.Taken > 0 }
	if why := v.scope.await(ctx, begun); why != nil {
		return halted(why)
	}
	if one != nil && one.Problem != "" {
		return failed(one.Problem)
	}
	return succeeded()
}

// end closes the incident or fails the run. Steps around it end with it; their
// always steps still run.
func (v *visit) end() result {
	reason, err := v.m.value(v.step.End.Reason, v.vars())
	if err != nil {
		return failed("reason: " + err.Error())
	}
	text, err := expression.FormatText(reason)
	if err != nil {
		return failed("reason: " + err.Error())
	}
	run := v.at.run
	if run.Ending == nil {
		run.Ending = &state.Ending{Key: v.rec.Key, Failed: v.step.Kind == "fail", Reason: text}
	}
	if v.step.Kind == "fail" {
		return failed(text)
	}
	resolution := soar.Resolution(v.step.End.Resolution)
	if !resolution.Valid() {
		resolution = soar.ResolutionResolved
	}
	if v.m.Case.Closing == nil {
		v.m.Case.Closing = &state.Closing{Order: state.Order{By: actor(run), Reason: text}, Resolution: resolution, Run: run.ID}
		v.m.Touch()
	}
	return succeeded()
}
