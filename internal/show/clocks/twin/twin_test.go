package twin_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/show/clocks/twin"
)

// Both give the same instants, and the scenarios have in them what they should.
func TestBothRingAtTheSameTime(t *testing.T) {
	t.Parallel()
	library, faults := packs.Load("")
	if library == nil {
		t.Fatal(faults)
	}
	scenarios, err := twin.Scenarios(7, 24, library)
	if err != nil {
		t.Fatal(err)
	}
	traits, duties := map[string]int{}, 0
	for _, s := range scenarios {
		result, err := twin.Run(s, library)
		if err != nil {
			t.Fatal(err)
		}
		if !result.Equal() {
			t.Errorf("%s %v (-simulator +workflow):\n%s", s.Name, s.Traits, cmp.Diff(result.Simulated, result.Rang))
		}
		if len(result.Faults) > 0 {
			t.Errorf("%s cannot be read: %q", s.Name, result.Faults)
		}
		duties += result.Duties
		for _, trait := range s.Traits {
			traits[trait]++
		}
	}
	for _, want := range []string{"weekend", "change of clocks", "end of the year", "severity changed", "clocks paused", "duties", "notices sent", "continued as new"} {
		if traits[want] == 0 {
			t.Errorf("no scenario has: %s", want)
		}
	}
	if duties < 20 {
		t.Errorf("%d instants of duties are compared", duties)
	}
	again, err := twin.Scenarios(7, 24, library)
	if diff := cmp.Diff(scenarios, again); err != nil || diff != "" {
		t.Errorf("the same seed gives other scenarios: %v\n%s", err, diff)
	}
}

func TestADifferenceIsSeen(t *testing.T) {
	t.Parallel()
	r := twin.Result{Simulated: []string{"a", "b"}, Rang: []string{"a", "c"}}
	if r.Equal() || !slices.Equal(twin.OnlyIn(r.Simulated, r.Rang), []string{"b"}) {
		t.Error("a difference passes as equal")
	}
}
