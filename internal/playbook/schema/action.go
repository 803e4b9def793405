package schema

import (
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
)

// action is the name of an action: those of the catalog, or any when there is none.
func (g *generator) action() object {
	if len(g.catalog) == 0 {
		return object{"type": "string", "pattern": grammar.ActionPattern}
	}
	var known []object
	g.each(func(name string, action *manifest.Action) {
		known = append(known, object{"const": name, "description": action.Description + " Risk: " + string(action.Risk) + "."})
	})
	return object{"oneOf": known}
}

// each visits the actions of the catalog in a fixed order.
func (g *generator) each(visit func(name string, action *manifest.Action)) {
	for _, instance := range slices.Sorted(maps.Keys(g.catalog)) {
		for i := range g.catalog[instance].Actions {
			action := &g.catalog[instance].Actions[i]
			visit(instance+"."+action.Name, action)
		}
	}
}

// actions are the rules that say what each action takes below with.
func (g *generator) actions() []object {
	var rules []object
	g.each(func(name string, action *manifest.Action) {
		then := object{"properties": object{"with": lenient(action.Input)}}
		if len(manifest.Required(action.Input)) > 0 {
			then["required"] = []string{"with"}
		}
		rules = append(rules, object{
			"if":   object{"required": []string{"action"}, "properties": object{"action": object{"const": name}}},
			"then": then,
		})
	})
	return rules
}

// lenient is a schema of arguments that also takes ${{ }} where a value stands. What
// an expression gives is for the checker.
func lenient(schema object) object {
	out := maps.Clone(schema)
	delete(out, "uniqueItems") // two expressions may look alike
	if properties, ok := schema["properties"].(object); ok {
		inner := object{}
		for name, property := range properties {
			inner[name] = orTemplate(property)
		}
		out["properties"] = inner
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if child, ok := schema[keyword].(object); ok {
			out[keyword] = orTemplate(child)
		}
	}
	return out
}

func orTemplate(property any) object {
	child, ok := property.(object)
	if !ok {
		return object{}
	}
	out := object{"anyOf": []object{lenient(child), {"type": "string", "pattern": templatePattern}}}
	if doc, ok := child["description"]; ok {
		out["description"] = doc
	}
	return out
}
