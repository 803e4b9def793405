package api

import "encoding/json"

// value gives what p points to, the zero value when there is nothing.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// optional gives nil for the zero value, so that the field is left out.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// list gives an empty list for nil, because null is not a list to a caller.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// optionalJSON gives nil for JSON that is not there.
func optionalJSON(raw json.RawMessage) *json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	return &raw
}
