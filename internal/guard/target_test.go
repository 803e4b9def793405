package guard_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/guard"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	many := make([]any, guard.MaxTargets+1)
	for i := range many {
		many[i] = "ws-042"
	}
	rows := []struct {
		name  string
		value any
		want  []string
		fault string // part of the error; empty: accepted
	}{
		{"a host", "ws-042", []string{"ws-042"}, ""},
		{"a mail address", "all@lab.example", []string{"all@lab.example"}, ""},
		{"an address", "203.0.113.7", []string{"203.0.113.7"}, ""},
		{"a single address as a network", "203.0.113.7/32", []string{"203.0.113.7/32"}, ""},
		{"a list", []any{"m-1", "m-2"}, []string{"m-1", "m-2"}, ""},
		{"not Latin", "хост-1", []string{"хост-1"}, ""},
		{"nothing", nil, nil, "no target"},
		{"empty", "", nil, "empty"},
		{"blank", " \t", nil, "empty"},
		{"space around", " ws-042", nil, "space"},
		{"empty list", []any{}, nil, "empty"},
		{"list with an empty name", []any{"m-1", ""}, nil, "target 1"},
		{"list with a number", []any{"m-1", 2}, nil, "target 1 is a int"},
		{"too many", many, nil, "at most 256"},
		{"a number", 42, nil, "int"},
		{"a map", map[string]any{"host": "ws-042"}, nil, "map"},
		{"star", "*", nil, "more than one"},
		{"star inside", "ws-*", nil, "more than one"},
		{"all", "ALL", nil, "more than one"},
		{"any", "any", nil, "more than one"},
		{"a lost value", "<nil>", nil, "more than one"},
		{"undefined", "undefined", nil, "more than one"},
		{"a network", "203.0.113.0/24", nil, "network"},
		{"the whole internet", "0.0.0.0/0", nil, "network"},
		{"the whole of IPv6", "::/0", nil, "network"},
		{"unspecified", "0.0.0.0", nil, "every address"},
		{"unspecified v6", "::", nil, "every address"},
		{"line break", "ws-042\nws-043", nil, "print"},
		{"NUL", "ws\x00042", nil, "print"},
		{"turns direction", "ws-\u202e240", nil, "print"},
		{"no width", "ws\u200b042", nil, "print"},
		{"not UTF-8", "ws\xff042", nil, "print"},
		{"too long", strings.Repeat("a", 513), nil, "513 bytes"},
		{"long and strange", strings.Repeat("a", 100) + "\n", nil, "aaa..."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := guard.Targets(row.value)
			if row.fault == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if row.fault != "" && (err == nil || !strings.Contains(err.Error(), row.fault)) {
				t.Fatalf("got %v, error %v; want an error with %q", got, err, row.fault)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
