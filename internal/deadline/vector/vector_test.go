package vector_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		{"text that nobody knows, where nothing is due", func(v *vector.Vector) {
			v.Input, v.Expected = map[string]any{"moonrise": "late"}, map[string]any{"due": nil}
		}},
		{"a regime that could be several", func(v *vector.Vector) { v.Regime = "gdpr" }},
		{"stage that is not there", func(v *vector.Vector) { v.Stage = "moon phase" }},
		{"weekend that is no day", func(v *vector.Vector) { v.Input["weekend"] = []any{"freeday"} }},
		{"another term", func(v *vector.Vector) { v.Expected["notification_hours"] = 96.0 }},
		{"another unit", func(v *vector.Vector) { v.Expected["term"] = "72 days" }},
		{"another recipient", func(v *vector.Vector) { v.Expected["recipient"] = "the mayor" }},
		{"another status", func(v *vector.Vector) { v.Expected["status"] = "proposed" }},
		{"another state", func(v *vector.Vector) { v.Expected["state"] = "waiting" }},
		{"another law", func(v *vector.Vector) { v.Expected["in_force"] = false }},
		{"cannot be read", func(v *vector.Vector) { v.Fault = "a vector must be a mapping" }},
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

func TestSpellings(t *testing.T) {
	t.Parallel()
	pass(t, "testdata/spellings.json")
}

func load(t *testing.T, source string) ([]vector.Vector, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "v.json")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return vector.Load(file)
}

// A file is read as far as it can be: what is not a vector counts as one that has
// not passed, and a field that nobody knows is told.
func TestLoad(t *testing.T) {
	t.Parallel()
	library, _ := packs.Load("")
	vectors, err := load(t, `[{"Name": "a", "law": "EU_GDPR_33", "given": {"aware": "2026-03-28T12:00:00Z"}, "want": "2026-03-31T12:00:00Z", "weather": "fair"},
		"nonsense", {"id": "c", "regime": "x-y", "input": {}, "expected": {"due": null}}, {"regime": "eu-gdpr-33", "stage": 3}]`)
	if err != nil || len(vectors) != 4 {
		t.Fatal(len(vectors), err)
	}
	first := vector.Run(library, vectors[0])
	if !first.Passed() || !slices.Contains(first.Remarks, "unknown field weather is left out") {
		t.Errorf("%+v", first)
	}
	for i, want := range []string{"", "a vector must be a mapping", `unknown regime "x-y", known are `, "stage must be text"} {
		result := vector.Run(library, vectors[i])
		if want != "" && (result.Passed() || len(result.NotUnderstood) == 0 || !strings.HasPrefix(result.NotUnderstood[0], want)) {
			t.Errorf("%d: %+v, want %q", i, result, want)
		}
	}
	if !strings.Contains(vector.Run(library, vectors[2]).NotUnderstood[0], "us-tx-521") {
		t.Error("an unknown regime does not list those that are known")
	}
	for _, source := range []string{"", "{}", `{"vectors": []}`, `{"vectors": {}}`, "3", `{"vectors": [1]`} {
		if vectors, err := load(t, source); err == nil {
			t.Errorf("%q: %v", source, vectors)
		}
	}
}

func FuzzRun(f *testing.F) {
	for _, seed := range []string{`[{"regime": "eu-gdpr-33", "input": {"aware": "2026-03-28T12:00:00Z"}, "expected": {"due": null}}]`,
		`{"cases": [{"regime": "sec", "stage": "<5", "input": {"x": {"y": [1]}}, "expected": [{"stage": "a", "due": "b"}], "tz": "UTC", "holidays": ["x"], "weekend": ["sun"]}]}`} {
		f.Add(seed)
	}
	library, _ := packs.Load("")
	f.Fuzz(func(t *testing.T, source string) {
		vectors, err := load(t, source)
		if err != nil {
			return
		}
		for _, v := range vectors {
			if result := vector.Run(library, v); result.Passed() && len(v.Expected) == 0 {
				t.Errorf("passed without an expectation: %+v", v)
			}
		}
	})
}

// Every regime that ships has worked examples, computed apart from this code.
func TestRegimes(t *testing.T) {
	t.Parallel()
	pass(t, "testdata/regimes.json")
	library, _ := packs.Load("")
	vectors, err := vector.Load("testdata/regimes.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, regime := range library.Regimes {
		if !slices.ContainsFunc(vectors, func(v vector.Vector) bool { return v.Regime == regime.ID }) {
			t.Errorf("%s has no vector", regime.ID)
		}
	}
}
