package library

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

func TestArithmetic(t *testing.T) {
	t.Parallel()
	type compute func(a, b any) (any, error)
	const most, least = math.MaxInt64, math.MinInt64
	for _, row := range []struct {
		name string
		do   compute
		a, b any
		want any // an error for a failure
	}{
		{"1+2", add, 1, 2, 3},
		{"1+0.5", add, 1, 0.5, 1.5},
		{"most+1", add, most, 1, errOverflow},
		{"least+-1", add, least, -1, errOverflow},
		{"most+least", add, most, least, -1},
		{"least+0", add, least, 0, least},
		{"least-1", subtract, least, 1, errOverflow},
		{"0-least", subtract, 0, least, errOverflow},
		{"most-most", subtract, most, most, 0},
		{"-1-most", subtract, -1, most, least},
		{"3*4", multiply, 3, 4, 12},
		{"-3*4", multiply, -3, 4, -12},
		{"most*2", multiply, most, 2, errOverflow},
		{"least*-1", multiply, least, -1, errOverflow},
		{"least*1", multiply, least, 1, least},
		{"2^32*2^31", multiply, 1 << 32, 1 << 31, errOverflow},
		{"-2^32*2^31", multiply, -(1 << 32), 1 << 31, least},
		{"7/2", divide, 7, 2, 3.5},
		{"6/2", divide, 6, 2, 3},
		{"6.0/2", divide, 6.0, 2, 3},
		{"least/-1", divide, least, -1, float64(1 << 63)},
		{"1/0", divide, 1, 0, errDivideByZero},
		{"0/0", divide, 0, 0.0, errDivideByZero},
		{"7%4", modulo, 7, 4, 3},
		{"-7%4", modulo, -7, 4, -3},
		{"least%-1", modulo, least, -1, 0},
		{"7.0%4", modulo, 7.0, 4, 3},
		{"1%0", modulo, 1, 0, errDivideByZero},
		{"2**62", power, 2, 62, 1 << 62},
		{"2**63", power, 2, 63, errOverflow},
		{"-2**63", power, -2, 63, least},
		{"0**0", power, 0, 0, 1},
	} {
		got, err := row.do(row.a, row.b)
		if want, fails := row.want.(error); fails {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, %v", row.name, got, err)
			}
			continue
		}
		if err != nil || got != row.want {
			t.Errorf("%s: got %v (%T), %v, want %v", row.name, got, got, err, row.want)
		}
	}
}

func TestArithmeticRefusals(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func() (any, error){
		"text":            func() (any, error) { return subtract("a", 1) },
		"null":            func() (any, error) { return add(nil, 1) },
		"infinite sum":    func() (any, error) { return add(math.MaxFloat64, math.MaxFloat64) },
		"infinite times":  func() (any, error) { return multiply(1e200, 1e200) },
		"broken power":    func() (any, error) { return power(1.5, 2) },
		"negative power":  func() (any, error) { return power(2, -1) },
		"large power":     func() (any, error) { return power(1, 65) },
		"broken modulo":   func() (any, error) { return modulo(1.5, 1) },
		"list in a sum":   func() (any, error) { return sumOf([]any{1, []any{}}) },
		"division of nil": func() (any, error) { return divide(nil, 2) },
	} {
		if got, err := do(); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	same := map[string]any{"a": []any{1, "x", nil}, "b": 2.0}
	for _, row := range []struct {
		a, b any
		want bool
	}{
		{nil, nil, true}, {nil, false, false}, {0, nil, false}, {1, 1.0, true}, {1, true, false}, {"1", 1, false}, {"a", "a", true}, {"a", "b", false},
		{true, true, true}, {[]any{}, []any{}, true}, {[]any{1}, []any{1, 2}, false}, {[]any{1}, map[string]any{}, false},
		{same, map[string]any{"b": 2, "a": []any{1.0, "x", nil}}, true}, {same, map[string]any{"a": 1, "c": 2}, false},
		{map[string]any{"a": nil}, map[string]any{"b": nil}, false}, {[]any{int64(1)}, []any{1}, true},
	} {
		got, err := NewMeter().equal(row.a, row.b, 0)
		if err != nil || got != row.want {
			t.Errorf("%v and %v: got %v, %v", row.a, row.b, got, err)
		}
		back, _ := NewMeter().equal(row.b, row.a, 0)
		if back != got {
			t.Errorf("%v and %v: not the same both ways", row.a, row.b)
		}
	}
}

func TestEqualIsBounded(t *testing.T) {
	t.Parallel()
	var loop any = []any{nil}
	loop.([]any)[0] = loop // cannot come from JSON, but must not end the process either
	if _, err := NewMeter().equal(loop, []any{loop}, 0); !errors.Is(err, data.ErrTooNested) {
		t.Errorf("got %v", err)
	}
	if _, err := NewMeter().equal(func() {}, 1, 0); !errors.Is(err, data.ErrNotPlain) {
		t.Errorf("got %v", err)
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	m := NewMeter()
	if err := m.Spend(MaxWork); err != nil {
		t.Errorf("the whole budget: %v", err)
	}
	if err := m.Spend(1); !errors.Is(err, ErrTooMuchWork) {
		t.Errorf("one more: %v", err)
	}
	m = NewMeter()
	for range maxTextBytes / data.MaxBuiltText {
		if err := m.build(data.MaxBuiltText); err != nil {
			t.Fatalf("the whole budget of text: %v", err)
		}
	}
	if err := m.build(1); !errors.Is(err, ErrTooMuchText) {
		t.Errorf("one more byte: %v", err)
	}
	if work, text := m.Spent(); work == 0 || text != maxTextBytes {
		t.Errorf("spent %d and %d", work, text)
	}
	if err := NewMeter().build(data.MaxBuiltText + 1); !errors.Is(err, data.ErrTextTooLong) {
		t.Errorf("one text too long: %v", err)
	}
	if err := NewMeter().list(data.MaxListItems + 1); err == nil {
		t.Error("a list too long passed")
	}
}

// TestSpendIsNotFooledByLargeAmounts: an amount near the limit of int must not wrap around.
func TestSpendIsNotFooledByLargeAmounts(t *testing.T) {
	t.Parallel()
	m := NewMeter()
	for range 3 {
		if err := m.Spend(math.MaxInt); !errors.Is(err, ErrTooMuchWork) {
			t.Fatalf("got %v", err)
		}
	}
	if work, _ := m.Spent(); work != MaxWork {
		t.Errorf("spent %d", work)
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ source, want string }{
		{`^a+$`, ``},
		{`(?i)[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}`, ``},
		{`\b(powershell|cmd)\.exe\b.*-enc`, ``},
		{`(`, "the pattern is not a regular expression: missing closing ): \"(\""},
		{`(?=a)`, "the pattern is not a regular expression: invalid or unsupported Perl syntax: \"(?=\""},
		{`a{2000}`, "the pattern is not a regular expression: invalid repeat count: \"{2000}\""},
		{`(a{30}){30}b{300}`, "the pattern is too large when its repetitions are written out"},
		{`[a-z]{600}`, "the pattern needs 602 steps; the limit is 500"},
		{strings.Repeat("a", 257), "the pattern is 257 bytes long; the limit is 256"},
	} {
		_, err := CompilePattern(row.source)
		if got := errorText(err); got != row.want {
			t.Errorf("%.30s: got %s, want %s", row.source, got, row.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestNativeOverflowStaysAway documents why + - * are ours: Go, and so expr, wraps silently.
func TestNativeOverflowStaysAway(t *testing.T) {
	t.Parallel()
	most := math.MaxInt64
	if most+1 != math.MinInt64 {
		t.Skip("this Go does not wrap")
	}
	if got, err := add(most, 1); err == nil {
		t.Errorf("got %v", got)
	}
}
