package library

import (
	"errors"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// objectFunctions walk members by sorted name: Go's order of a map differs from run to run, and
// a workflow that is replayed must take the same way again.
func objectFunctions() []entry {
	return []entry{
		{"keys(value object) list of text", "The names of the members, sorted.", `keys({b: 1, a: 2})`, `["a","b"]`,
			members(func(name string, _ any) any { return name })},
		{"values(value object) list", "The members, in the order of their sorted names.", `values({b: 1, a: 2})`, `[2,1]`,
			members(func(_ string, value any) any { return value })},
		{"toPairs(value object) list", "A list of [name, member], in the order of the sorted names.", `toPairs({b: 1, a: 2})`, `[["a",2],["b",1]]`,
			members(func(name string, value any) any { return []any{name, value} })},
		{"fromPairs(pairs list) object", "The object made of a list of [name, member]; the last of equal names stays.",
			`fromPairs([["a", 1], ["b", 2]])`, `{"a":1,"b":2}`, fromPairs},
	}
}

// members makes a body that lists something of each member.
func members(of func(name string, value any) any) body {
	return func(m *Meter, args []any) (any, error) {
		object := args[0].(map[string]any)
		if err := m.list(len(object)); err != nil {
			return nil, err
		}
		if err := m.Spend(12 * len(object)); err != nil {
			return nil, err
		}
		out := make([]any, 0, len(object))
		for _, name := range slices.Sorted(maps.Keys(object)) {
			value, err := data.Plain(object[name])
			if err != nil {
				return nil, err
			}
			out = append(out, of(name, value))
		}
		return out, nil
	}
}

func fromPairs(m *Meter, args []any) (any, error) {
	pairs := args[0].([]any)
	if err := m.Spend(WorkPerMap + WorkPerPair*len(pairs)); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(pairs))
	for _, item := range pairs {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			return nil, errors.New("fromPairs() needs a list of [name, member]")
		}
		name, ok := pair[0].(string)
		if !ok {
			return nil, errors.New("fromPairs() needs text for every name")
		}
		out[name] = pair[1]
	}
	return out, nil
}

// grouped puts each second of [key, item] into the list of its key's text form.
func (m *Meter) grouped(pairs []any) (any, error) {
	if err := m.Spend(WorkPerPair * 4 * len(pairs)); err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, item := range pairs {
		pair := item.([]any)
		key, err := m.format(pair[0], data.Text)
		if err != nil {
			return nil, err
		}
		list, _ := out[key].([]any)
		out[key] = append(list, pair[1])
	}
	return out, nil
}
