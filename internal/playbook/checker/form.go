package checker

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag/strictschema"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/form"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
)

// form checks the defaults of a task's form: they are plain, and fit. What else is
// wrong with it, the parser has said.
func (p *pass) form(asked *ast.Schema) {
	if asked != nil && asked.Data != nil {
		p.presets(asked.Node, 0)
	}
}

// presets goes through the properties of a schema and of what lies in them.
func (p *pass) presets(schema *strictyaml.Node, depth int) {
	properties := schema.Get("properties")
	if items := schema.Get("items"); items != nil {
		p.presets(items, depth+1)
	}
	if properties == nil || depth > maxFormDepth {
		return
	}
	for _, entry := range properties.Entries {
		if preset := entry.Value.Get("default"); preset != nil && !preset.Bad {
			p.preset(entry.Key.Text, entry.Value, preset)
		}
		p.presets(entry.Value, depth+1)
	}
}

const maxFormDepth = 16

func (p *pass) preset(name string, property, preset *strictyaml.Node) {
	if text, ok := preset.Data().(string); ok && strings.Contains(text, "${{") {
		p.Fault(preset, strictschema.Rule, fmt.Sprintf("the default of %s in a form is taken as it stands, without ${{ }}", name), "put what the person should know into the title")
		return
	}
	schema := map[string]any{"properties": map[string]any{name: property.Data()}}
	err := form.Check(schema, map[string]any{name: preset.Data()})
	if faults, ok := errors.AsType[form.Faults](err); ok {
		p.Fault(preset, strictschema.Rule, fmt.Sprintf("the default of %s does not fit its own schema: it %s", name, faults[0].Message), "")
	}
}
