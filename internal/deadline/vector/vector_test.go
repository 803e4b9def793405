package vector_test

import (
	"os"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/deadline/vector"
)

// The vectors that others wrote are not part of the project; they are read where
// they lie.
func TestGivenVectors(t *testing.T) {
	t.Parallel()
	const given = "../../../../shared/corpora/regulatory/vectors.json"
	if _, err := os.Stat(given); err != nil {
		t.Skip("the vectors are not here")
	}
	pass(t, given)
}

func pass(t *testing.T, file string) {
	t.Helper()
	library, faults := packs.Load("")
	if library == nil {
		t.Fatal(faults)
	}
	vectors, err := vector.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		result := vector.Run(library, v)
		if result.Passed() {
			continue
		}
		t.Errorf("%s (%s): %s; not understood: %q", v.ID, v.Regime, v.Why, result.NotUnderstood)
		for _, check := range result.Checks {
			t.Errorf("  %s: want %s, got %s (%s)", check.Name, check.Want, check.Got, check.Compared)
		}
	}
}

func TestOwnVectors(t *testing.T) {
	t.Parallel()
	pass(t, "testdata/vectors.json")
}

func TestWhatIsNotUnderstoodHasNotPassed(t *testing.T) {
	t.Parallel()
	library, _ := packs.Load("")
	good := func() vector.Vector {
		return vector.Vector{Regime: "eu-gdpr-33", Input: map[string]any{"aware": "2026-03-28T12:00:00+01:00"}, Expected: map[string]any{"due": "2026-03-31T13:00:00+02:00"}}
	}
	if result := vector.Run(library, good()); !result.Passed() {
		t.Fatalf("%+v", result)
	}
	rows := []struct {
		name   string
		change func(*vector.Vector)
	}{
		{"unknown regime", func(v *vector.Vector) { v.Regime = "eu-gdpr-99" }},
		{"unknown input", func(v *vector.Vector) { v.Input["moonrise"] = "2026-03-28" }},
		{"unknown expected key", func(v *vector.Vector) { v.Expected["moonset_due"] = "2026-03-28" }},
		{"value of another kind", func(v *vector.Vector) { v.Input["aware"] = "soon" }},
		{"expected is no time", func(v *vector.Vector) { v.Expected["due"] = "soon" }},
		{"zone that does not exist", func(v *vector.Vector) { v.Input["tz"] = "Europe/Nowhere" }},
		{"holiday that is no date", func(v *vector.Vector) { v.Input["holidays"] = []any{"Easter"} }},
		{"nothing expected", func(v *vector.Vector) { v.Expected = nil }},
		{"another instant", func(v *vector.Vector) { v.Expected["due"] = "2026-03-31T12:00:00+02:00" }},
		{"another answer", func(v *vector.Vector) { v.Expected["applicable"] = false }},
		{"no answer", func(v *vector.Vector) { v.Expected["applicable"] = "no" }},
	}
	for _, row := range rows {
		v := good()
		row.change(&v)
		if result := vector.Run(library, v); result.Passed() {
			t.Errorf("%s: passed: %+v", row.name, result)
		}
	}
}
