package checker

import (
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// CheckManifest gives the faults of the expressions in a manifest: what undo and
// reconcile read must be there, and fit what the other action takes.
func CheckManifest(m *manifest.Manifest) diag.List {
	c := manifestCheck{manifest: m}
	for i := range m.Actions {
		action := &m.Actions[i]
		env := expression.Environment{"args": typed(action.Input), "output": typed(action.Output)}
		if action.Undo != nil {
			c.arguments(action.Undo.Action, action.Undo.With, env)
		}
		if action.Reconcile != nil {
			c.reconcile(action.Reconcile, env["args"])
		}
	}
	c.List.Sort()
	return c.List
}

type manifestCheck struct {
	strictyaml.Reader
	manifest *manifest.Manifest
}

// typed gives the type of a schema; one that cannot be typed may hold anything.
func typed(schema map[string]any) *expression.Type {
	t, err := expression.FromJSONSchema(schema)
	if err != nil {
		return expression.Any()
	}
	return t
}

// arguments checks values against what the action that is named takes.
func (c *manifestCheck) arguments(name string, with []manifest.UndoArg, env expression.Environment) {
	other := c.manifest.Find(name)
	if other == nil {
		return // told when the manifest was read
	}
	takes := typed(other.Input)
	for _, arg := range with {
		if !strings.Contains(arg.Value, "{{") {
			continue
		}
		_, problems := expression.CompileTemplate(arg.Value, env, takes.Fields[arg.Name])
		c.problems(problems, arg.Place)
	}
}

// reconcile checks the question that is asked, and what its answer is held against.
// Its done reads the answer of the action that asks.
func (c *manifestCheck) reconcile(r *manifest.Reconcile, args *expression.Type) {
	c.arguments(r.Action, r.With, expression.Environment{"args": args})
	asks := c.manifest.Find(r.Action)
	if asks == nil {
		return
	}
	_, problems := expression.Compile(r.Done, expression.Environment{"args": args, "output": typed(asks.Output)}, expression.Bool())
	c.problems(problems, r.Place)
}

func (c *manifestCheck) problems(problems []expression.Problem, place func(int) diag.Position) {
	for _, problem := range problems {
		at := diag.Position{}
		if place != nil {
			at = place(problem.Column - 1)
		}
		c.Report(at, problem.Length, RuleExpression, problem.Message, problem.Hint)
	}
}
