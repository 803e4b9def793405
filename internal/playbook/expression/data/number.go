package data

import "math"

// CompareNumbers orders an int or float64 against another; ok is false when either is no number.
func CompareNumbers(a, b any) (order int, ok bool) {
	x, xInt := a.(int)
	y, yInt := b.(int)
	if xInt && yInt {
		return sign(x > y, x < y), true
	}
	f, okF := Float(a)
	g, okG := Float(b)
	return sign(f > g, f < g), okF && okG
}

func sign(more, less bool) int {
	switch {
	case more:
		return 1
	case less:
		return -1
	default:
		return 0
	}
}

// Float gives the value of an int or float64 as float64.
func Float(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	default:
		return 0, false
	}
}

// Whole gives the whole number that v is; a float64 without a fraction counts.
func Whole(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case float64:
		return int(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	default:
		return 0, false
	}
}
