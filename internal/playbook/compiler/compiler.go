package compiler

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// Compile makes the plan of book, whose text is source. catalog has every
// connector that book names, called gives the digest of a playbook that it calls.
// The plan is sealed. An error is a fault of this build, not of the playbook.
func Compile(book *ast.Playbook, source []byte, catalog manifest.Catalog, called func(name string) string) (*plan.Plan, error) {
	c := &compiler{catalog: catalog, called: called, plan: &plan.Plan{
		Language: grammar.Version, Playbook: book.Name.Value, Version: book.Version.Value, Title: book.Title.Value,
		Owner: book.Owner.Value, Covers: values(book.Covers),
		Pins: map[string]string{}, Calls: map[string]string{},
	}}
	if book.Trigger != nil {
		c.plan.Trigger = &plan.Trigger{When: *expr(book.Trigger.When), Priority: book.Trigger.Priority}
	}
	if err := c.inputs(book.Input); err != nil {
		return nil, err
	}
	steps, err := c.steps(book.Steps, "", "")
	if err != nil {
		return nil, err
	}
	c.plan.Steps = steps
	if err := plan.Seal(c.plan, source); err != nil {
		return nil, err
	}
	return c.plan, nil
}

type compiler struct {
	catalog manifest.Catalog
	called  func(name string) string
	plan    *plan.Plan
}

func (c *compiler) inputs(schema *ast.Schema) error {
	if schema == nil {
		return nil
	}
	raw, err := encode(schema.Data)
	if err != nil {
		return err
	}
	c.plan.Schema = raw
	required, _ := schema.Data["required"].([]any)
	for _, name := range schema.Names() {
		input := plan.Input{Name: name, Required: slices.Contains(required, any(name))}
		for _, field := range schema.Defaults {
			if field.Name.Value == name {
				fallback := value(&field.Value)
				input.Default = &fallback
			}
		}
		c.plan.Inputs = append(c.plan.Inputs, input)
	}
	return nil
}

func encode(schema map[string]any) (json.RawMessage, error) {
	raw, err := json.Marshal(schema)
	if err != nil {
		return nil, fmt.Errorf("encode a schema: %w", err)
	}
	return raw, nil
}

func values(texts []ast.Text) []string {
	var list []string
	for _, text := range texts {
		list = append(list, text.Value)
	}
	return list
}

func expr(e *ast.Expr) *plan.Expr {
	if e == nil {
		return nil
	}
	at := e.At(0)
	return &plan.Expr{Source: e.Source, Line: at.Line, Column: at.Column}
}

// value turns a value of the tree into one of the plan.
func value(v *ast.Value) plan.Value {
	switch v.Kind {
	case ast.Whole:
		return plan.Value{Kind: "expr", Expr: expr(v.Expr)}
	case ast.Mixed:
		out := plan.Value{Kind: "text"}
		for _, part := range v.Parts {
			out.Text = append(out.Text, plan.Part{Text: part.Text, Expr: expr(part.Expr)})
		}
		return out
	case ast.List:
		out := plan.Value{Kind: "list"}
		for i := range v.Items {
			out.List = append(out.List, value(&v.Items[i]))
		}
		return out
	case ast.Map:
		return plan.Value{Kind: "map", Map: fields(v.Fields)}
	default:
		return plan.Value{Kind: "literal", Literal: literal(v.Literal)}
	}
}

// literal makes a number like 1e3 whole, as JSON does: a plan that was read must be the
// plan that was compiled.
func literal(value any) any {
	if f, ok := value.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f)
	}
	return value
}

func optional(v *ast.Value) *plan.Value {
	if v == nil {
		return nil
	}
	out := value(v)
	return &out
}

func fields(list []ast.Field) []plan.Field {
	var out []plan.Field
	for i := range list {
		out = append(out, plan.Field{Name: list[i].Name.Value, Value: value(&list[i].Value)})
	}
	return out
}
