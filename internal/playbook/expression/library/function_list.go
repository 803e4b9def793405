package library

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

func listFunctions() []entry {
	return []entry{
		{"len(value text|list|object) int", "The number of characters, items or members.", `len("naïve")`, `5`, length},
		{"first(items list) item?", "The first item; null when there is none.", `first([7, 8])`, `7`, func(_ *Meter, args []any) (any, error) {
			return itemAt(args[0].([]any), 0)
		}},
		{"last(items list) item?", "The last item; null when there is none.", `last([7, 8])`, `8`, func(_ *Meter, args []any) (any, error) {
			return itemAt(args[0].([]any), -1)
		}},
		{"get(from list|object, key int|text) any?", "The item at the index or the member of the name; null when there is none.",
			`get({a: 1}, "b") ?? 0`, `0`, get},
		{"take(items list, count int) same", "The first items, at most count.", `take([1, 2, 3], 2)`, `[1,2]`, take},
		{"reverse(items list) same", "The items from last to first.", `reverse([1, 2, 3])`, `[3,2,1]`, reverse},
		{"uniq(items list) same", "The items without repetitions; the first of equal ones stays.", `uniq([1, 2, 1])`, `[1,2]`, uniq},
		{"concat(lists... list) same", "The items of all lists, one list after the other.", `concat([1], [2, 3])`, `[1,2,3]`, concat},
		{"flatten(items list) list", "The items, with those of lists among them in their place, at every depth.",
			`flatten([1, [2, [3]]])`, `[1,2,3]`, flatten},
		{"sort(items list, order? text) same", `The items in order: numbers, or texts by code point. order is "asc" or "desc".`,
			`sort([3, 1, 2], "desc")`, `[3,2,1]`, func(m *Meter, args []any) (any, error) {
				items := args[0].([]any)
				return m.sorted(items, items, textArg(args, 1, "asc"))
			}},
	}
}

func length(_ *Meter, args []any) (any, error) {
	switch v := args[0].(type) {
	case string:
		return utf8.RuneCountInString(v), nil
	case []any:
		return len(v), nil
	default:
		return len(args[0].(map[string]any)), nil
	}
}

// itemAt counts from the end when i is negative, and gives null outside of the list.
func itemAt(list []any, i int) (any, error) {
	if i < 0 {
		i += len(list)
	}
	if i < 0 || i >= len(list) {
		return nil, nil
	}
	return data.Plain(list[i])
}

func get(_ *Meter, args []any) (any, error) {
	switch from := args[0].(type) {
	case []any:
		if i, ok := args[1].(int); ok {
			return itemAt(from, i)
		}
	case map[string]any:
		if name, ok := args[1].(string); ok {
			return data.Plain(from[name])
		}
	}
	return nil, fmt.Errorf("get() needs a whole number for a list and text for an object")
}

func take(m *Meter, args []any) (any, error) {
	items, count := args[0].([]any), args[1].(int)
	count = min(max(count, 0), len(items))
	return slices.Clone(items[:count]), m.Spend(count)
}

func reverse(m *Meter, args []any) (any, error) {
	items := slices.Clone(args[0].([]any))
	slices.Reverse(items)
	return items, m.Spend(len(items))
}

func uniq(m *Meter, args []any) (any, error) {
	kept := []any{}
	for _, item := range args[0].([]any) {
		known, err := m.contains(kept, item)
		if err != nil {
			return nil, err
		}
		if !known {
			kept = append(kept, item)
		}
	}
	return kept, m.Spend(2 * len(kept))
}

func concat(m *Meter, args []any) (any, error) {
	total := 0
	for _, arg := range args {
		total += len(arg.([]any))
	}
	if err := m.list(total); err != nil {
		return nil, err
	}
	all := make([]any, 0, total)
	for _, arg := range args {
		all = append(all, arg.([]any)...)
	}
	return all, nil
}

func flatten(m *Meter, args []any) (any, error) {
	out := []any{}
	err := m.flattenInto(&out, args[0].([]any), 0)
	return out, err
}

func (m *Meter) flattenInto(out *[]any, items []any, depth int) error {
	if depth > data.MaxNesting {
		return data.ErrTooNested
	}
	if err := m.Spend(4 * len(items)); err != nil {
		return err
	}
	for _, item := range items {
		item, err := data.Plain(item)
		if err != nil {
			return err
		}
		if nested, ok := item.([]any); ok {
			err = m.flattenInto(out, nested, depth+1)
		} else {
			*out = append(*out, item)
		}
		if err == nil && len(*out) > data.MaxListItems {
			err = fmt.Errorf("flatten() would give more than %d items", data.MaxListItems)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sorted gives items in the order of keys, which has one key for each item. Equal keys keep their
// order. Keys must be all numbers or all texts.
func (m *Meter) sorted(items, keys []any, direction string) (any, error) {
	if direction != "asc" && direction != "desc" {
		return nil, fmt.Errorf(`the order must be "asc" or "desc"`)
	}
	if err := m.list(len(items)); err != nil {
		return nil, err
	}
	places := make([]int, len(items))
	for i := range places {
		places[i] = i
	}
	var failure error
	slices.SortStableFunc(places, func(a, b int) int {
		if failure != nil {
			return 0
		}
		order, err := m.order(keys[a], keys[b])
		if err == nil {
			err = m.Spend(1)
		}
		failure = err
		if direction == "desc" {
			order = -order
		}
		return order
	})
	if failure != nil {
		return nil, failure
	}
	out := make([]any, len(items))
	for i, place := range places {
		out[i] = items[place]
	}
	return out, nil
}
