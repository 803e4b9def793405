package data

import (
	"fmt"
	"maps"
	"slices"
)

var errResultTooLarge = fmt.Errorf("the result is larger than %d bytes", MaxBuiltText)

// exporter copies a result out of the machine and bounds it. A value may hold another one many
// times over, so it is the copy that is counted, and the walk ends with it.
type exporter struct{ left int }

// Export copies a value and bounds it: plain data of at most MaxBuiltText bytes, counting 2 for
// each value, at most MaxDepth deep, with whole numbers as int.
func Export(v any) (any, error) {
	e := exporter{left: MaxBuiltText}
	return e.copy(v, 0)
}

// take counts n bytes, and a few for each value itself.
func (e *exporter) take(n int) error {
	if e.left -= n + 2; e.left < 0 {
		return errResultTooLarge
	}
	return nil
}

func (e *exporter) copy(v any, depth int) (any, error) {
	v, err := Plain(v)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case string:
		return v, e.take(len(v))
	case float64:
		if err := e.take(0); err != nil {
			return nil, err
		}
		return FromFloat(v)
	case []any:
		return e.list(v, depth)
	case map[string]any:
		return e.object(v, depth)
	default:
		return v, e.take(0)
	}
}

func (e *exporter) list(list []any, depth int) (any, error) {
	if err := e.within(depth); err != nil {
		return nil, err
	}
	out := make([]any, 0, min(len(list), MaxListItems))
	for _, item := range list {
		copied, err := e.copy(item, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, copied)
	}
	return out, nil
}

func (e *exporter) object(object map[string]any, depth int) (any, error) {
	if err := e.within(depth); err != nil {
		return nil, err
	}
	out := make(map[string]any, min(len(object), MaxMembers))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err := e.take(len(name)); err != nil {
			return nil, err
		}
		copied, err := e.copy(object[name], depth+1)
		if err != nil {
			return nil, err
		}
		out[name] = copied
	}
	return out, nil
}

func (e *exporter) within(depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("the result is nested deeper than %d", MaxDepth)
	}
	return e.take(0)
}
