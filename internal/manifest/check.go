package manifest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// references checks what an action says about itself and about its neighbours.
func (p *parser) references(m *Manifest, a *Action, n *strictyaml.Node) {
	if n.Bad || n.Kind != strictyaml.Map {
		return
	}
	p.risk(a, n)
	inputs := Arguments(a.Input)
	if target := n.Get("target"); target != nil && !target.Bad && a.Input != nil && !slices.Contains(inputs, a.Target) {
		p.Fault(target, RuleReference, fmt.Sprintf("the target %q is no property of input", a.Target), diag.DidYouMean(a.Target, inputs))
	}
	if a.Undo != nil {
		p.neighbour(m, a.Undo.Action, a.Undo.With, n.Get("undo"), func(other *Action) string {
			if !other.Risk.Writes() {
				return fmt.Sprintf("%s changes nothing, so it takes nothing back", other.Name)
			}
			return ""
		})
	}
	if a.Reconcile != nil {
		p.neighbour(m, a.Reconcile.Action, a.Reconcile.With, n.Get("reconcile"), func(other *Action) string {
			if other.Risk != soar.RiskRead {
				return fmt.Sprintf("%s has the risk %s; only a read action can be asked at any time", other.Name, other.Risk)
			}
			return ""
		})
	}
}

// risk checks what the risk of an action demands.
func (p *parser) risk(a *Action, n *strictyaml.Node) {
	at := n.Get("risk")
	if at == nil || at.Bad {
		return
	}
	writes := a.Risk.Writes()
	if writes && n.Get("target") == nil {
		p.Report(at.Pos, at.Length(), RuleRisk, fmt.Sprintf("an action with the risk %s needs a target", a.Risk), "name the input that says what is changed: target: host")
	}
	if writes && n.Get("undo") == nil && !a.Irreversible {
		p.Report(at.Pos, at.Length(), RuleRisk, fmt.Sprintf("an action with the risk %s needs an undo", a.Risk), "add undo, or irreversible: true when nothing takes it back")
	}
	for _, key := range []string{"undo", "irreversible", "protects"} {
		if given := n.Get(key); given != nil && !writes {
			p.Fault(given, RuleRisk, fmt.Sprintf("an action with the risk %s changes nothing, so %s means nothing", a.Risk, key), "remove it")
		}
	}
	if given := n.Get("undo"); given != nil && a.Irreversible {
		p.Fault(given, RuleRisk, "an irreversible action has no undo", "remove one of them")
	}
	if given := n.Get("evidence"); given != nil && a.Evidence && a.Risk != soar.RiskCollect {
		p.Fault(given, RuleRisk, fmt.Sprintf("an action with the risk %s collects no evidence", a.Risk), "write risk: collect")
	}
}

// neighbour checks an action that undo or reconcile names, and its arguments.
func (p *parser) neighbour(m *Manifest, name string, with []UndoArg, n *strictyaml.Node, fits func(*Action) string) {
	at := n.Get("action")
	if at == nil || at.Bad {
		return
	}
	other := m.Find(name)
	if other == nil {
		p.Fault(at, RuleReference, fmt.Sprintf("the connector has no action %q", name), diag.DidYouMean(name, m.Names()))
		return
	}
	if problem := fits(other); problem != "" {
		p.Fault(at, RuleReference, problem, "")
		return
	}
	known, given := Arguments(other.Input), []string{}
	for _, arg := range with {
		given = append(given, arg.Name)
		if !slices.Contains(known, arg.Name) {
			p.Report(p.keyAt(n.Get("with"), arg.Name), len(arg.Name), RuleReference,
				fmt.Sprintf("%s takes no argument %q", name, arg.Name), diag.DidYouMean(arg.Name, known))
		}
	}
	for _, needed := range Required(other.Input) {
		if !slices.Contains(given, needed) {
			p.Report(at.Pos, at.Length(), RuleReference, fmt.Sprintf("%s needs the argument %q", name, needed), "add it under with:")
		}
	}
}

func (p *parser) keyAt(n *strictyaml.Node, key string) diag.Position {
	for _, entry := range n.Entries {
		if entry.Key.Text == key {
			return entry.Key.Pos
		}
	}
	return n.Pos
}

// Names lists the actions in the order of the manifest.
func (m *Manifest) Names() []string {
	names := make([]string, len(m.Actions))
	for i, action := range m.Actions {
		names[i] = action.Name
	}
	return names
}

// Arguments lists the properties of an input schema, sorted.
func Arguments(schema map[string]any) []string {
	properties, _ := schema["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(properties))
}

// Required lists the arguments that an input schema asks for, in its order.
func Required(schema map[string]any) []string {
	list, _ := schema["required"].([]any)
	var names []string
	for _, item := range list {
		if name, ok := item.(string); ok {
			names = append(names, name)
		}
	}
	return names
}
