package parser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

func (p *parser) stepList(n *strictyaml.Node) []*ast.Step {
	steps := []*ast.Step{}
	for _, item := range n.Items {
		if !p.limitSteps(item) {
			return steps
		}
		if !p.Is(item, strictyaml.Map, "a step") {
			continue
		}
		if step := p.parseStep(item); step != nil {
			steps = append(steps, step)
		}
	}
	return steps
}

// parseStep reads one step. A loop over one step becomes two: the loop with the common
// keys, and the step inside it.
func (p *parser) parseStep(n *strictyaml.Node) *ast.Step {
	m := mapping{p: p, node: n, at: n, shape: p.step}
	loop, kind := p.stepKind(n)
	m.stepKeys(loop != nil, kind)
	step := &ast.Step{
		Node: n, Key: n, ID: m.text("id"), Title: m.value("title"), Phase: m.text("phase"), Always: m.flag("always"),
		When: m.expr("when"), SkipWhen: m.expr("skip_when"), OnFailure: m.text("on_failure"),
	}
	if kind == nil && loop == nil {
		return step
	}
	if kind == nil || loop == nil {
		p.kindOf(m, step, cmpKey(kind, loop), loop != nil)
		return step
	}
	inner := &ast.Step{Node: n, Key: n}
	p.kindOf(m, inner, kind, false)
	step.Timeout, inner.Timeout = inner.Timeout, ast.Span{}
	p.loop(m, step, loop, inner)
	return step
}

func cmpKey(a, b *strictyaml.Node) *strictyaml.Node {
	if a != nil {
		return a
	}
	return b
}

// stepKind finds the key that says the kind, and for_each beside it.
func (p *parser) stepKind(n *strictyaml.Node) (loop, kind *strictyaml.Node) {
	var kinds []*strictyaml.Node
	for _, entry := range n.Entries {
		switch {
		case entry.Key.Text == string(plan.KindForEach):
			loop = entry.Key
		case slices.Contains(kindNames(), entry.Key.Text):
			kinds = append(kinds, entry.Key)
		}
	}
	if len(kinds) > 1 {
		p.Fault(kinds[1], RuleStepKind, fmt.Sprintf("a step says one thing, this one has %q and %q", kinds[0].Text, kinds[1].Text),
			"make two steps of it")
	}
	switch {
	case len(kinds) > 0:
		kind = kinds[0]
	case loop != nil:
		p.Report(loop.Pos, loop.Length(), RuleStepKind, "for_each says for what, but not what to do", "add an action or steps beside it")
	case !hintsAtKind(n):
		p.Report(n.Pos, n.Length(), RuleStepKind, "the step does not say what to do", "add one of: "+strings.Join(kindNames(), ", "))
	}
	return loop, kind
}

// hintsAtKind tells whether an unknown key was meant to say the kind: its own fault
// says so then, and that is enough.
func hintsAtKind(n *strictyaml.Node) bool {
	known := grammar.Step()
	for _, entry := range n.Entries {
		word := entry.Key.Text
		if known.Find(word) != nil {
			continue
		}
		hint := foreignWord(known.Name, word)
		if hint == "" {
			hint = diag.Closest(word, known.Names())
		}
		for _, kind := range kindNames() {
			if hint == kind || strings.HasSuffix(hint, "the key is "+kind) {
				return true
			}
		}
	}
	return false
}

// kindNames are the keys that say a kind, without for_each.
func kindNames() []string {
	var names []string
	for _, kind := range grammar.StepKinds() {
		if kind.Kind != plan.KindForEach {
			names = append(names, kind.Key.Name)
		}
	}
	return names
}

// stepKeys reports keys that are not known, and keys that belong to another kind.
func (m mapping) stepKeys(loop bool, kind *strictyaml.Node) {
	for _, entry := range m.node.Entries {
		key := m.shape.Find(entry.Key.Text)
		if key == nil {
			m.p.unknownKey(entry.Key, m.shape)
			continue
		}
		m.p.present(entry, key)
		owner, beside := grammar.Owner(key.Name)
		switch {
		case !beside, owner == plan.KindForEach && loop, kind != nil && string(owner) == kind.Text:
		case kind == nil && !loop: // the kind is not known: one fault is enough
		default:
			entry.Value.Bad = true
			m.p.Fault(entry.Key, strictyaml.RuleUnknownKey,
				fmt.Sprintf("%q stands beside %s only", key.Name, owner), besideHint(key.Name, kind))
		}
	}
}

func besideHint(key string, kind *strictyaml.Node) string {
	if kind != nil && (key == "with" && kind.Text == "call" || key == "retry") {
		return fmt.Sprintf("%s has its own keys below it", kind.Text)
	}
	return "remove it"
}

// kindOf reads what belongs to one kind.
func (p *parser) kindOf(m mapping, step *ast.Step, key *strictyaml.Node, lone bool) {
	step.Key, step.Kind = key, plan.Kind(key.Text)
	if step.Kind != plan.KindAction {
		step.Timeout = m.span("timeout")
	}
	switch step.Kind {
	case plan.KindForEach:
		if lone {
			p.loop(m, step, key, nil)
		}
	case plan.KindAction:
		p.action(m, step)
	case plan.KindSwitch:
		p.branches(m, step)
	case plan.KindParallel:
		p.parallel(m, step)
	case plan.KindDeclare:
		p.declare(m, step)
	case plan.KindSet:
		p.set(m, step)
	case plan.KindSteps:
		step.Steps = m.steps("steps")
	default:
		if inner, ok := m.sub(key.Text); ok {
			p.nested(inner, m, step)
		}
	}
}

// loop reads for_each. inner is the one step, nil when the loop has no body; a body of
// steps is taken out of the block that was read for it.
func (p *parser) loop(m mapping, step *ast.Step, key *strictyaml.Node, inner *ast.Step) {
	step.Key, step.Kind = key, plan.KindForEach
	loop := &ast.ForEach{
		List: m.expr("for_each"), As: m.text("as"), MaxParallel: m.number("max_parallel"), MaxItems: m.number("max_items"),
	}
	if m.node.Get("as") == nil {
		p.Report(key.Pos, key.Length(), strictyaml.RuleMissingKey, `for_each needs the key "as"`, "name the element, such as: as: item_name")
	}
	switch {
	case inner == nil:
	case inner.Kind == plan.KindSteps:
		loop.Body = inner.Steps
	default:
		loop.Body, loop.Single = []*ast.Step{inner}, true
	}
	step.ForEach = loop
}
