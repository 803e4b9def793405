package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// ID is the schema's $id: the address that editors know it by.
const ID = "https://tocsin-soar.github.io/schema/playbook.v1.json"

// object is a JSON Schema or a part of one.
type object = map[string]any

// Generate gives the schema as indented JSON with a line end, the same bytes for the
// same catalog. With a nil catalog any instance.action is accepted and arguments are
// not looked at. An error means that an action's own schema cannot be written as JSON.
func Generate(catalog manifest.Catalog) ([]byte, error) {
	g := generator{definitions: object{}, catalog: catalog}
	g.basics()
	g.definitions["step"] = g.step()
	root := g.shape(grammar.Playbook())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = ID
	root["title"] = "Tocsin playbook"
	root["description"] = "A playbook in the language " + grammar.Version + ". The manual is playbooks/LANGUAGE.md."
	root["$defs"] = g.definitions
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("write the editor schema: %w", err)
	}
	return out.Bytes(), nil
}

type generator struct {
	definitions object
	catalog     manifest.Catalog
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

// shape is a mapping with fixed keys.
func (g *generator) shape(shape *grammar.Shape) object {
	properties, required := object{}, []string{}
	for _, key := range shape.Keys {
		properties[key.Name] = g.key(key)
		if key.Required {
			required = append(required, key.Name)
		}
	}
	out := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	if len(shape.OneOf) > 0 {
		out["oneOf"] = oneRequired(shape.OneOf)
	}
	return out
}

// oneRequired asks for exactly one of the keys.
func oneRequired(names []string) []object {
	var choices []object
	for _, name := range names {
		choices = append(choices, object{"required": []string{name}})
	}
	return choices
}

// key is the value of one key, with what the tables say of it.
func (g *generator) key(key grammar.Key) object {
	out := object{"description": key.Doc}
	if key.Default != "" {
		out["description"] = key.Doc + " Default: " + key.Default + "."
	}
	maps.Copy(out, g.form(key))
	return out
}

// step is a step with the keys of all kinds, and what the kinds ask of one another.
func (g *generator) step() object {
	out := g.shape(grammar.Step())
	var kinds []string
	beside := map[string][]string{string(plan.KindForEach): {"as"}}
	for _, kind := range grammar.StepKinds() {
		if kind.Kind != plan.KindForEach {
			kinds = append(kinds, kind.Key.Name)
		}
		for _, key := range kind.Beside {
			beside[key.Name] = []string{kind.Key.Name}
		}
	}
	out["oneOf"] = oneRequired(kinds)
	out["dependentRequired"] = beside
	out["allOf"] = append(conditions(), g.actions()...)
	return out
}

// conditions are the rules of a step that go beyond single keys.
func conditions() []object {
	var rules []object
	for _, kind := range []string{"approval", "task"} {
		rules = append(rules, object{
			"if":   object{"required": []string{kind}, "not": object{"required": []string{"title"}}},
			"then": object{"properties": object{kind: object{"required": []string{"title"}}}},
		})
	}
	return append(rules, object{
		"if":   object{"not": object{"required": []string{"action"}}},
		"then": object{"properties": object{"timeout": object{"type": "string"}}},
	})
}
