package library

import (
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// equal compares two plain values deeply, paying for what it looks at. Numbers are compared by
// value: 3 equals 3.0. Values of different kinds are not equal.
func (m *Meter) equal(a, b any, depth int) (bool, error) {
	if depth > data.MaxNesting {
		return false, data.ErrTooNested
	}
	switch x := a.(type) {
	case nil:
		return b == nil, nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y, nil
	case string:
		y, ok := b.(string)
		if !ok || len(x) != len(y) {
			return false, nil
		}
		return x == y, m.Spend(len(x) / bytesPerMemo)
	case int, float64:
		order, ok := data.CompareNumbers(a, b)
		return ok && order == 0, nil
	case []any:
		y, ok := b.([]any)
		return m.equalLists(x, y, ok, depth)
	case map[string]any:
		y, ok := b.(map[string]any)
		return m.equalObjects(x, y, ok, depth)
	}
	return false, data.ErrNotPlain
}

func (m *Meter) equalLists(x, y []any, isList bool, depth int) (bool, error) {
	if !isList || len(x) != len(y) {
		return false, nil
	}
	if err := m.Spend(len(x)); err != nil {
		return false, err
	}
	for i := range x {
		same, err := m.equalForeign(x[i], y[i], depth)
		if err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func (m *Meter) equalObjects(x, y map[string]any, isObject bool, depth int) (bool, error) {
	if !isObject || len(x) != len(y) {
		return false, nil
	}
	if err := m.Spend(WorkPerPair * len(x)); err != nil {
		return false, err
	}
	// The order of the walk has no effect on the result, but it would on the work spent when two
	// objects differ: so every member is looked at, and the meter reads the same in every process.
	equal := true
	for name, item := range x {
		other, ok := y[name]
		same, err := m.equalForeign(item, other, depth)
		if err != nil {
			return false, err
		}
		equal = equal && ok && same
	}
	return equal, nil
}

// equalForeign compares items that may not be plain, since only what is read is checked.
func (m *Meter) equalForeign(a, b any, depth int) (bool, error) {
	a, err := data.Plain(a)
	if err != nil {
		return false, err
	}
	if b, err = data.Plain(b); err != nil {
		return false, err
	}
	return m.equal(a, b, depth+1)
}

// order compares two numbers or two texts (by code point): below 0, 0, or above 0.
func (m *Meter) order(a, b any) (int, error) {
	if order, ok := data.CompareNumbers(a, b); ok {
		return order, nil
	}
	x, okX := a.(string)
	y, okY := b.(string)
	if !okX || !okY {
		return 0, fmt.Errorf("%s and %s cannot be put in order", data.Describe(a), data.Describe(b))
	}
	return strings.Compare(x, y), m.Spend(min(len(x), len(y)) / bytesPerMemo)
}

// contains reports whether list has an item equal to v.
func (m *Meter) contains(list []any, v any) (bool, error) {
	for _, item := range list {
		if err := m.Spend(1); err != nil {
			return false, err
		}
		same, err := m.equalForeign(item, v, 0)
		if err != nil || same {
			return same, err
		}
	}
	return false, nil
}
