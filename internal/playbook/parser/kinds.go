package parser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
)

func (p *parser) action(m mapping, step *ast.Step) {
	action := &ast.Action{
		Ref: m.text("action"), With: m.fields("with"), WithNode: m.node.Get("with"), ExpiresIn: m.span("expires_in"),
		Irreversible: m.flag("irreversible"), WaiveEvidence: m.text("waive_evidence"), IdempotencyKey: m.expr("idempotency_key"),
	}
	action.Instance, action.Name, _ = strings.Cut(action.Ref.Value, ".")
	if retry, ok := m.sub("retry"); ok {
		action.Retry = &ast.Retry{
			Node: retry.node, MaxAttempts: retry.number("max_attempts"), Initial: retry.span("initial"),
			Backoff: retry.number("backoff"), Maximum: retry.span("maximum"), On: retry.texts("on"),
		}
	}
	if undo, ok := m.sub("undo"); ok {
		action.Undo = &ast.Undo{Node: undo.node, Ref: undo.text("action"), With: undo.fields("with")}
		action.Undo.Instance, action.Undo.Name, _ = strings.Cut(action.Undo.Ref.Value, ".")
	}
	if n, _ := m.get("timeout"); n != nil && n.Kind == strictyaml.Map {
		long, _ := m.sub("timeout")
		action.Attempt, action.Total = long.span("attempt"), long.span("total")
	} else {
		step.Timeout = m.span("timeout")
	}
	step.Action = action
}

func (p *parser) branches(m mapping, step *ast.Step) {
	step.Switch = []*ast.Branch{}
	items := m.subs("switch")
	for i, item := range items {
		branch := &ast.Branch{Node: item.node}
		if item.node.Get("else") != nil {
			branch.Else = true
			if p.elseBranch(item, i, len(items)); item.node.Get("steps") == nil {
				branch.Steps = item.steps("else")
			}
		} else {
			branch.When, branch.Steps = item.expr("when"), item.steps("steps")
			if item.node.Get("steps") == nil {
				p.missing(item.at, "a branch", "steps")
			}
		}
		step.Switch = append(step.Switch, branch)
	}
}

// elseBranch checks that else is the last branch, not the only one, and has no steps
// beside it.
func (p *parser) elseBranch(item mapping, index, count int) {
	at := item.node.Key("else")
	switch {
	case item.node.Get("steps") != nil:
		p.Fault(at, RuleSwitch, "else takes its steps itself", "write else: and the list of steps below it, without the key steps")
	case count == 1:
		p.Fault(at, RuleSwitch, "a switch with nothing but else decides nothing", "add a branch with when before it")
	case index < count-1:
		p.Fault(at, RuleSwitch, "else must be the last branch; what comes after it never runs", "move it to the end")
	}
}

func (p *parser) parallel(m mapping, step *ast.Step) {
	step.Parallel = &ast.Parallel{OnError: m.text("on_error"), Join: p.join(m)}
	n, key := m.get("parallel")
	if n == nil || !p.Is(n, strictyaml.Map, "parallel") {
		return
	}
	step.Parallel.Node = n
	if len(n.Entries) < key.Least || len(n.Entries) > key.Most {
		p.Fault(n, strictyaml.RuleRange, fmt.Sprintf("parallel needs from %d to %d branches", key.Least, key.Most), "")
	}
	for _, entry := range n.Entries {
		name := p.text(entry.Key, "a branch's name", &grammar.Key{Form: grammar.Identifier})
		branch := &ast.NamedBranch{Name: name}
		if entry.Value.Bad {
			continue
		}
		if p.list(entry.Value, &grammar.Key{Name: entry.Key.Text, Form: grammar.Steps, Least: 1}) {
			branch.Steps = p.stepList(entry.Value)
		}
		if name.Given() {
			step.Parallel.Branches = append(step.Parallel.Branches, branch)
		}
	}
}

func (p *parser) join(m mapping) ast.Text {
	n, _ := m.get("join")
	switch {
	case n == nil:
		return ast.Text{}
	case n.Kind == strictyaml.Int:
		p.Int(n, "join", 1, 20)
	case n.Kind != strictyaml.String || n.Text != "all" && n.Text != "any":
		p.Fault(n, strictyaml.RuleChoice, fmt.Sprintf("join must be all, any or a number, not %q", n.Text),
			diag.DidYouMean(n.Text, []string{"all", "any"}))
	}
	if n.Bad {
		return ast.Text{}
	}
	return ast.Text{Value: n.Text, Node: n}
}

func (p *parser) declare(m mapping, step *ast.Step) {
	step.Declare = []ast.Field{}
	inner, ok := m.sub("declare")
	if !ok {
		return
	}
	if len(inner.node.Entries) == 0 {
		p.Fault(inner.node, strictyaml.RuleMissingKey, "declare changes nothing", "known keys: "+diag.OneOf(inner.shape.Names()))
	}
	for _, entry := range inner.node.Entries {
		key := inner.shape.Find(entry.Key.Text)
		if key == nil || entry.Value.Bad {
			continue
		}
		if key.Form == grammar.Values && !p.Is(entry.Value, strictyaml.Map, key.Name) {
			continue
		}
		value := p.value(entry.Value)
		p.declared(value, key)
		step.Declare = append(step.Declare, ast.Field{Name: ast.Text{Value: key.Name, Node: entry.Key}, Value: value})
	}
}

// declared checks the words of a literal; what an expression gives is checked by type.
func (p *parser) declared(value ast.Value, key *grammar.Key) {
	n := value.Node
	switch {
	case n.Bad || key.Form == grammar.Values || value.Kind == ast.Whole:
	case value.Kind == ast.List || value.Kind == ast.Map || value.Kind == ast.Literal && n.Kind != strictyaml.String:
		p.Fault(n, strictyaml.RuleWrongType, fmt.Sprintf("%s must be text, this is %s", key.Name, n.Kind), quoteHint(n))
	case len(key.Words) == 0:
	case value.Kind == ast.Mixed:
		p.Fault(n, strictyaml.RuleChoice, fmt.Sprintf("%s must be one word, not text around ${{ }}", key.Name), "make the whole value one ${{ }}")
	case !slices.Contains(key.Words, n.Text):
		p.choice(n, key.Name, key.Words)
	}
}

func (p *parser) set(m mapping, step *ast.Step) {
	step.Set = []ast.Field{}
	for _, field := range m.fields("set") {
		if p.text(field.Name.Node, variable, &grammar.Key{Form: grammar.Identifier}).Given() {
			step.Set = append(step.Set, field)
		}
	}
}
