package declared

import (
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// value is a tree of YAML with expressions in it. One of template, list and
// fields is set, or it is a literal.
type value struct {
	template *expression.Template
	literal  any
	list     []*value
	fields   []field
	shape    strictyaml.Kind // Map and List; anything else is a scalar
	at       diag.Position
}

// field is a member of a tree. An optional one, written with ? after its name, is
// left out when its value is null.
type field struct {
	name     string
	optional bool
	value    *value
}

// value compiles a tree. want is the type that its place asks for, nil for any.
func (p *parser) value(n *strictyaml.Node, env expression.Environment, want *expression.Type) *value {
	v := &value{shape: n.Kind, at: n.Pos}
	if n.Bad {
		return v
	}
	switch n.Kind {
	case strictyaml.Map:
		v.fields = p.fields(n, env, want)
	case strictyaml.List:
		var items *expression.Type
		if want != nil {
			items = want.Elem
		}
		for _, item := range n.Items {
			v.list = append(v.list, p.value(item, env, items))
		}
	case strictyaml.String:
		v.template, v.literal = p.template(n, env, want), n.Text
	default:
		v.literal = n.Data()
	}
	return v
}

// template compiles a text that holds ${{ }}; it is nil for a plain text.
func (p *parser) template(n *strictyaml.Node, env expression.Environment, want *expression.Type) *expression.Template {
	if n == nil || n.Bad || n.Kind != strictyaml.String || !strings.Contains(n.Text, "${{") {
		return nil
	}
	compiled, problems := expression.CompileTemplate(n.Text, env, want)
	p.problems(problems, n.At)
	return compiled
}

// fields compiles the members of a mapping. A name with ? at its end is optional.
func (p *parser) fields(n *strictyaml.Node, env expression.Environment, want *expression.Type) []field {
	var fields []field
	for _, entry := range n.Entries {
		name, optional := strings.CutSuffix(entry.Key.Text, "?")
		var inner *expression.Type
		if want != nil {
			inner = want.Fields[name]
		}
		if inner != nil && optional {
			inner = expression.Optional(inner)
		}
		fields = append(fields, field{name, optional, p.value(entry.Value, env, inner)})
	}
	return fields
}

// evaluation turns trees into data. Strict is for what an effect is sent with:
// there nothing may be missing that a system could take for "all".
type evaluation struct {
	vars   map[string]any
	strict bool
}

func (e evaluation) tree(v *value) (any, error) {
	switch {
	case v.template != nil:
		got, err := v.template.Eval(e.vars)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.at, err)
		}
		return got, e.sound(v, got)
	case v.shape == strictyaml.List:
		return e.list(v)
	case v.shape == strictyaml.Map:
		return e.object(v.fields)
	default:
		return v.literal, nil
	}
}

// sound refuses what must not be sent: data that is held by reference because it
// is too large, and in an effect a list or object of nothing.
func (e evaluation) sound(v *value, got any) error {
	switch data := got.(type) {
	case map[string]any:
		if data["by_reference"] == true {
			return fmt.Errorf("%s: the value is too large", v.at)
		}
		if e.strict && len(data) == 0 {
			return fmt.Errorf("%s: an empty object, which some systems take for all", v.at)
		}
	case []any:
		if e.strict && len(data) == 0 {
			return fmt.Errorf("%s: an empty list, which some systems take for all", v.at)
		}
		for _, item := range data {
			if e.strict && (item == nil || item == "") {
				return fmt.Errorf("%s: an empty item in a list", v.at)
			}
		}
	}
	return nil
}

func (e evaluation) list(v *value) (any, error) {
	items := make([]any, 0, len(v.list))
	for _, one := range v.list {
		item, err := e.tree(one)
		if err != nil {
			return nil, err
		}
		if one.template != nil && (item == nil || item == "") {
			return nil, fmt.Errorf("%s: an empty item in a list", one.at)
		}
		items = append(items, item)
	}
	return items, nil
}

func (e evaluation) object(fields []field) (map[string]any, error) {
	object := make(map[string]any, len(fields))
	for _, f := range fields {
		got, err := e.tree(f.value)
		if err != nil {
			return nil, err
		}
		if got == nil && f.value.template != nil {
			if !f.optional {
				return nil, fmt.Errorf("%s: %s is absent (null); write %s?: to leave it out then", f.value.at, f.name, f.name)
			}
			continue
		}
		object[f.name] = got
	}
	return object, nil
}

// texts gives members in the form of query parameters, headers and forms: each a
// text, or several for a list.
func (e evaluation) texts(fields []field) (map[string][]string, error) {
	object, err := e.object(fields)
	if err != nil {
		return nil, err
	}
	texts := make(map[string][]string, len(object))
	for _, f := range fields {
		got, given := object[f.name]
		if !given {
			continue
		}
		list, many := got.([]any)
		if !many {
			list = []any{got}
		}
		for _, item := range list {
			text, err := scalarText(item)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", f.value.at, f.name, err)
			}
			texts[f.name] = append(texts[f.name], text)
		}
	}
	return texts, nil
}

// segments gives the parts of a path. A part that is empty after evaluation is
// refused by the client.
func (e evaluation) segments(path []*value) ([]string, error) {
	parts := make([]string, 0, len(path))
	for _, part := range path {
		got, err := e.tree(part)
		if err != nil {
			return nil, err
		}
		text, err := scalarText(got)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.at, err)
		}
		parts = append(parts, text)
	}
	return parts, nil
}

func scalarText(v any) (string, error) {
	switch v.(type) {
	case string, bool, int, float64:
		return expression.FormatText(v)
	case nil:
		return "", fmt.Errorf("the value is absent (null)")
	default:
		return "", fmt.Errorf("want text, a number or true or false, not a list or an object")
	}
}
