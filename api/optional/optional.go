package optional

import "encoding/json"

// Value gives what p points to, the zero value when there is nothing.
func Value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// Or gives what p points to, and otherwise when there is nothing.
func Or[T any](p *T, otherwise func() T) T {
	if p == nil {
		return otherwise()
	}
	return *p
}

// List gives an empty list for nil, because null is not a list to a caller.
func List[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// Of gives nil for the zero value, so that the field is left out.
func Of[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// JSON gives nil for JSON that is not there.
func JSON(raw json.RawMessage) *json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	return &raw
}
