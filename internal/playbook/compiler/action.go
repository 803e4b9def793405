package compiler

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// action compiles a call: what the step leaves out comes from the manifest.
func (c *compiler) action(a *ast.Action, out *plan.Step) error {
	described, action := c.catalog.Find(a.Instance, a.Name)
	if action == nil {
		return fmt.Errorf("%s: no action %s.%s in the catalog", out.Path, a.Instance, a.Name)
	}
	c.plan.Pins[a.Instance] = described.Digest
	out.Action = &plan.Action{
		Connector: a.Instance, Name: a.Name, With: fields(a.With), Risk: string(action.Risk), Target: action.Target,
		Retry:          retry(a.Retry),
		AttemptTimeout: cmp.Or(a.Attempt.Value, action.Timeout, grammar.DefaultAttempt),
		ExpiresIn:      a.ExpiresIn.Value, IdempotencyKey: expr(a.IdempotencyKey),
		Irreversible: a.Irreversible || action.Irreversible,
	}
	// The default must leave room for the attempt that somebody made longer.
	out.Action.TotalTimeout = cmp.Or(a.Total.Value, max(grammar.DefaultTotal, 3*out.Action.AttemptTimeout))
	var err error
	out.Action.Undo, err = c.undo(a, action)
	return err
}

func retry(r *ast.Retry) plan.Retry {
	out := plan.Retry{
		MaxAttempts: grammar.DefaultAttempts, Initial: grammar.DefaultInitial, Backoff: grammar.DefaultBackoff,
		Maximum: grammar.DefaultMaximum, On: []string{"transient", "limited"},
	}
	if r == nil {
		return out
	}
	out.MaxAttempts = number(r.MaxAttempts, out.MaxAttempts)
	out.Initial = cmp.Or(r.Initial.Value, out.Initial)
	out.Maximum = cmp.Or(r.Maximum.Value, max(out.Maximum, out.Initial))
	if r.Backoff.Given() {
		out.Backoff = r.Backoff.Value
	}
	if len(r.On) > 0 {
		out.On = values(r.On)
	}
	return out
}

// undo takes the step's own way back, else the manifest's, else none.
func (c *compiler) undo(a *ast.Action, action *manifest.Action) (*plan.Undo, error) {
	if a.Undo != nil {
		if described := c.catalog[a.Undo.Instance]; described != nil {
			c.plan.Pins[a.Undo.Instance] = described.Digest
		}
		return &plan.Undo{Connector: a.Undo.Instance, Name: a.Undo.Name, With: fields(a.Undo.With)}, nil
	}
	if action.Undo == nil {
		return nil, nil
	}
	out := &plan.Undo{Connector: a.Instance, Name: action.Undo.Action}
	for _, argument := range action.Undo.With {
		compiled, err := manifestValue(argument.Value)
		if err != nil {
			return nil, fmt.Errorf("undo of %s.%s: %w", a.Instance, a.Name, err)
		}
		out.With = append(out.With, plan.Field{Name: argument.Name, Value: compiled})
	}
	return out, nil
}

// manifestValue reads a value of a manifest, which has no place in the playbook.
func manifestValue(text string) (plan.Value, error) {
	if !strings.Contains(text, "${{") {
		return plan.Value{Kind: "literal", Literal: text}, nil
	}
	parts, problems := expression.ParseTemplate(text)
	if len(problems) > 0 {
		return plan.Value{}, fmt.Errorf("%q: %s", text, problems[0].Message)
	}
	if len(parts) == 1 && parts[0].Expression {
		return plan.Value{Kind: "expr", Expr: &plan.Expr{Source: strings.TrimSpace(parts[0].Text)}}, nil
	}
	out := plan.Value{Kind: "text"}
	for _, part := range parts {
		if part.Expression {
			out.Text = append(out.Text, plan.Part{Expr: &plan.Expr{Source: strings.TrimSpace(part.Text)}})
		} else {
			out.Text = append(out.Text, plan.Part{Text: part.Text})
		}
	}
	return out, nil
}

func approval(a *ast.Approval) *plan.Approval {
	out := &plan.Approval{
		Title: value(a.Title), Quorum: number(a.Quorum, grammar.DefaultQuorum), Exclude: values(a.Exclude), Bind: values(a.Bind),
		ExpiresIn: a.ExpiresIn.Value, OnExpire: a.OnExpire.Value, RemindEvery: a.RemindEvery.Value, Escalate: escalations(a.Escalate),
	}
	for _, approver := range a.Approvers {
		out.Approvers = append(out.Approvers, who(approver))
	}
	return out
}

func task(t *ast.Task, out *plan.Step) error {
	out.Task = &plan.Task{Title: optional(t.Title), Assignee: who(t.Assignee), DueIn: t.DueIn.Value, Escalate: escalations(t.Escalate)}
	if t.Form == nil {
		return nil
	}
	form, err := encode(t.Form.Data)
	out.Task.Form = form
	return err
}

func who(w ast.Who) plan.Who {
	return plan.Who{Role: w.Role.Value, Person: optional(w.Person), Roster: w.Roster.Value}
}

func escalations(list []ast.After) []plan.After {
	var out []plan.After
	for _, item := range list {
		out = append(out, plan.After{After: item.After.Value, To: who(item.To), Policy: item.Policy.Value})
	}
	return out
}
