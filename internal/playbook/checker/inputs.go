package checker

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/diag/strictschema"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// RuleInput: a default does not fit the schema of its own input.
const RuleInput = "input"

// inputs types input and checks the defaults, which see alert, incident, policy, now
// and the inputs that stand before.
func (p *pass) inputs() {
	p.input = expression.ObjectOf(nil)
	schema := p.book.Input
	if schema == nil || schema.Data == nil {
		return
	}
	t, err := expression.FromJSONSchema(schema.Data)
	if err != nil {
		p.input = expression.Any() // the parser said what is wrong with the schema
		return
	}
	p.input = expression.ObjectOf(p.inputFields(schema, t))
	p.input.Open = t.Open
}

// inputFields checks the defaults in the order of the file. An input that need not be
// given and has no default may be absent.
func (p *pass) inputFields(schema *ast.Schema, t *expression.Type) map[string]*expression.Type {
	fields := map[string]*expression.Type{}
	required := manifest.Required(schema.Data)
	for _, name := range schema.Names() {
		if t.Fields[name] == nil {
			continue
		}
		i := slices.IndexFunc(schema.Defaults, func(f ast.Field) bool { return f.Name.Value == name })
		if i >= 0 {
			env := fixed()
			env["input"] = expression.ObjectOf(maps.Clone(fields))
			p.argument(&schema.Defaults[i], t.Fields[name], env, nil)
			p.fallback(&schema.Defaults[i], schema.Data)
		}
		fields[name] = t.Fields[name]
		if i < 0 && !slices.Contains(required, name) {
			fields[name] = expression.Optional(t.Fields[name])
		}
	}
	return fields
}

// fallback checks a default without expressions against the schema of its input.
func (p *pass) fallback(field *ast.Field, schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	property, ok := properties[field.Name.Value].(map[string]any)
	if !ok || !field.Value.Fixed() || field.Value.Node.Bad {
		return
	}
	if err := strictschema.Validate(property, field.Value.Data()); err != nil {
		p.Fault(field.Value.Node, RuleInput, fmt.Sprintf("the default of %s does not fit its own schema: %v", field.Name.Value, err), "")
	}
}

// trigger sees alert, incident, policy and now.
func (p *pass) trigger() {
	if p.book.Trigger == nil || p.book.Trigger.When == nil {
		return
	}
	p.check(p.book.Trigger.When, fixed(), nil, expression.Bool())
}
