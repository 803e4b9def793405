package compiler

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// steps compiles a list below the path of what holds it. phase is inherited.
func (c *compiler) steps(list []*ast.Step, below, phase string) ([]*plan.Step, error) {
	var out []*plan.Step
	for i, step := range list {
		name := step.ID.Value
		if name == "" {
			name = string(step.Kind) + "_" + strconv.Itoa(i+1)
		}
		compiled, err := c.step(step, join(below, name), phase)
		if err != nil {
			return nil, err
		}
		out = append(out, compiled)
	}
	return out, nil
}

func (c *compiler) step(s *ast.Step, path, phase string) (*plan.Step, error) {
	id := s.ID.Value
	if id == "" {
		id = "@" + path // no expression can name it
	}
	phase = cmp.Or(s.Phase.Value, phase)
	at := s.Node.Pos
	out := &plan.Step{
		ID: id, Path: path, Kind: s.Kind, Title: optional(s.Title), Phase: phase, When: expr(s.When), SkipWhen: expr(s.SkipWhen),
		Timeout: s.Timeout.Value, OnFailure: plan.OnFailure(cmp.Or(s.OnFailure.Value, string(plan.OnFailureFail))), Always: s.Always,
		Line: at.Line, Column: at.Column,
	}
	if err := c.nested(s, out); err != nil {
		return nil, err
	}
	switch s.Kind {
	case plan.KindAction:
		return out, c.action(s.Action, out)
	case plan.KindApproval:
		out.Approval = approval(s.Approval)
	case plan.KindTask:
		return out, task(s.Task, out)
	case plan.KindWait:
		out.Wait = &plan.Wait{For: s.Wait.For.Value, Until: expr(s.Wait.Until), Event: s.Wait.Event.Value, Timeout: s.Wait.Timeout.Value}
	case plan.KindCall:
		name := s.Call.Playbook.Value
		out.Call = &plan.Call{Playbook: name, Digest: c.called(name), With: fields(s.Call.With)}
		c.plan.Calls[name] = out.Call.Digest
	case plan.KindEscalate:
		out.Escalate = &plan.Escalate{Policy: s.Escalate.Policy.Value, Reason: value(s.Escalate.Reason)}
	case plan.KindDeclare:
		out.Declare = fields(s.Declare)
	case plan.KindSet:
		out.Set = fields(s.Set)
	case plan.KindClose, plan.KindFail:
		out.End = &plan.End{Resolution: s.End.Resolution.Value, Reason: value(s.End.Reason)}
	}
	return out, nil
}

// nested compiles the kinds that hold steps. The order of branches is the order
// of the file.
func (c *compiler) nested(s *ast.Step, out *plan.Step) (err error) {
	switch s.Kind {
	case plan.KindSwitch:
		for i, branch := range s.Switch {
			name := strconv.Itoa(i + 1)
			if branch.Else {
				name = "else"
			}
			steps, err := c.steps(branch.Steps, join(out.Path, name), out.Phase)
			if err != nil {
				return err
			}
			out.Switch = append(out.Switch, plan.Branch{When: expr(branch.When), Steps: steps})
		}
	case plan.KindParallel:
		return c.parallel(s.Parallel, out)
	case plan.KindForEach:
		loop := s.ForEach
		out.ForEach = &plan.ForEach{
			List: *expr(loop.List), As: loop.As.Value, Single: loop.Single,
			MaxParallel: number(loop.MaxParallel, grammar.DefaultParallel), MaxItems: number(loop.MaxItems, grammar.DefaultItems),
		}
		out.ForEach.Body, err = c.steps(loop.Body, out.Path, out.Phase)
	case plan.KindRepeat:
		out.Repeat = &plan.Repeat{
			Until: *expr(s.Repeat.Until), Every: cmp.Or(s.Repeat.Every.Value, grammar.DefaultRepeatEvery), MaxTimes: s.Repeat.MaxTimes.Int(),
		}
		out.Repeat.Body, err = c.steps(s.Repeat.Steps, out.Path, out.Phase)
	case plan.KindSteps:
		out.Steps, err = c.steps(s.Steps, out.Path, out.Phase)
	}
	return err
}

func (c *compiler) parallel(p *ast.Parallel, out *plan.Step) error {
	out.Parallel = &plan.Parallel{OnError: cmp.Or(p.OnError.Value, "wait")}
	switch p.Join.Value {
	case "", "all":
	case "any":
		out.Parallel.Join = 1
	default:
		join, err := strconv.Atoi(p.Join.Value)
		if err != nil {
			return fmt.Errorf("join of %s: %w", out.Path, err)
		}
		out.Parallel.Join = join
	}
	for _, branch := range p.Branches {
		steps, err := c.steps(branch.Steps, join(out.Path, branch.Name.Value), out.Phase)
		if err != nil {
			return err
		}
		out.Parallel.Branches = append(out.Parallel.Branches, plan.NamedBranch{Name: branch.Name.Value, Steps: steps})
	}
	return nil
}

func number(n ast.Number, fallback int) int {
	if n.Given() {
		return n.Int()
	}
	return fallback
}

func join(below, name string) string { return strings.TrimPrefix(below+"/"+name, "/") }
