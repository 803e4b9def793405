package guard_test

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func FuzzTargets(f *testing.F) {
	for _, seed := range []string{"ws-042", "*", "", "203.0.113.0/24", "a\x00b", "all", "\u202e", "LAB\\avery", "::/0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		targets, err := guard.Targets(name)
		if err != nil {
			return
		}
		if len(targets) != 1 || strings.TrimSpace(targets[0]) == "" || strings.ContainsAny(targets[0], "*\x00\r\n") {
			t.Errorf("%q was accepted as %q", name, targets)
		}
	})
}

// A name is protected in whatever case and with whatever domain it is written.
func FuzzMatch(f *testing.F) {
	f.Add("dc-01", "dc-*")
	f.Add("DC-01.lab.example.", "dc-01")
	f.Add("::ffff:10.0.0.1", "10.0.0.0/8")
	f.Add(`LAB\avery`, "avery@lab.example")
	f.Fuzz(func(t *testing.T, target, pattern string) {
		if len(target)+len(pattern) > 1<<10 {
			return
		}
		list := []soar.Protected{{Class: "host", Pattern: pattern}}
		if guard.Match(list, "host", target) == nil {
			return
		}
		if lower := strings.ToLower(target); strings.EqualFold(lower, target) && guard.Match(list, "host", lower) == nil {
			t.Errorf("%q is protected by %q, %q is not", target, pattern, lower)
		}
	})
}
