package interpreter

import (
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// Bounds of what a step may compute and the state then keeps, in bytes of JSON.
const (
	maxArgs  = 256 << 10 // arguments of one action; a payload may hold 2 MiB
	maxValue = 64 << 10  // one variable, the facts, an output
	maxList  = 256 << 10 // the list of a for_each
)

// value evaluates a plan's value. What comes out is data: it is never looked at
// for expressions again.
func (m *Machine) value(v plan.Value, vars map[string]any) (any, error) {
	switch {
	case v.Kind == "expr" || v.Kind == "" && v.Expr != nil:
		return m.eval(*v.Expr, vars)
	case v.Kind == "text" || v.Kind == "" && v.Text != nil:
		return m.text(v.Text, vars)
	case v.Kind == "list" || v.Kind == "" && v.List != nil:
		list := make([]any, 0, len(v.List))
		for _, item := range v.List {
			one, err := m.value(item, vars)
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
		return list, nil
	case v.Kind == "map" || v.Kind == "" && v.Map != nil:
		return m.fields(v.Map, vars)
	default:
		return v.Literal, nil
	}
}

// fields evaluates named values in the order of the file.
func (m *Machine) fields(fields []plan.Field, vars map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(fields))
	for _, field := range fields {
		one, err := m.value(field.Value, vars)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
		out[field.Name] = one
	}
	return out, nil
}

func (m *Machine) text(parts []plan.Part, vars map[string]any) (string, error) {
	var out strings.Builder
	for _, part := range parts {
		text := part.Text
		if part.Expr != nil {
			value, err := m.eval(*part.Expr, vars)
			if err != nil {
				return "", err
			}
			if text, err = expression.FormatText(value); err != nil {
				return "", located(*part.Expr, err)
			}
		}
		if out.WriteString(text); out.Len() > expression.MaxBuiltText {
			return "", fmt.Errorf("the text would be longer than %d bytes", expression.MaxBuiltText)
		}
	}
	return out.String(), nil
}

func (m *Machine) eval(e plan.Expr, vars map[string]any) (any, error) {
	value, err := m.exprs.Evaluate(e.Source, vars)
	if err != nil {
		return nil, located(e, err)
	}
	return value, nil
}

// holds evaluates a condition.
func (m *Machine) holds(e plan.Expr, vars map[string]any) (bool, error) {
	value, err := m.eval(e, vars)
	if err != nil {
		return false, err
	}
	holds, ok := value.(bool)
	if !ok {
		return false, located(e, fmt.Errorf("a condition must give true or false"))
	}
	return holds, nil
}

// located says where in the playbook an evaluation failed.
func located(e plan.Expr, err error) error {
	if e.Line == 0 {
		return err
	}
	return fmt.Errorf("line %d: %w", e.Line, err)
}

// textOf evaluates a value that people read: its text, or otherwise when it is
// absent or does not evaluate.
func (m *Machine) textOf(v *plan.Value, vars map[string]any, otherwise string) string {
	if v == nil {
		return otherwise
	}
	value, err := m.value(*v, vars)
	if err != nil {
		return otherwise
	}
	text, err := expression.FormatText(value)
	if err != nil || text == "" {
		return otherwise
	}
	return text
}

// orEmpty keeps "no arguments" one value: a carry turns an empty map into none.
func orEmpty(args map[string]any) map[string]any {
	if args == nil {
		return map[string]any{}
	}
	return args
}
