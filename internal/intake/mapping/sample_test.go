package mapping

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestExpectedFile(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{"a.json": "a.alert.json", "b.ndjson": "b.alert.json", "c/d.e.json": "c/d.e.alert.json", "a.alert.json": "", "a.txt": ""} {
		if got, ok := ExpectedFile(file); ok != (want != "") || (ok && got != want) {
			t.Errorf("%s: got %q %v, want %q", file, got, ok, want)
		}
	}
}

func TestDifferencesNameTheField(t *testing.T) {
	t.Parallel()
	one := soar.Alert{Title: "a", Host: soar.Host{Name: "h"}, Fields: map[string]any{"n": 1}}
	other := one
	other.Title, other.Host.Name, other.Fields = "b", "", map[string]any{"n": 1, "m": []any{"x"}}
	want := []string{
		`alerts[0].fields.m: expected nothing, got ["x"]`,
		`alerts[0].host.name: expected "h", got nothing`,
		`alerts[0].title: expected "a", got "b"`,
	}
	if diff := cmp.Diff(want, Differences([]soar.Alert{one}, []soar.Alert{other})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Differences([]soar.Alert{one}, []soar.Alert{one}); got != nil {
		t.Errorf("equal alerts differ: %v", got)
	}
	if got := Differences(nil, []soar.Alert{one}); len(got) != 1 || got[0] != "expected 0 alerts, got 1" {
		t.Errorf("another number: %v", got)
	}
	if _, err := ParseExpected("x.alert.json", []byte("{")); soar.CodeOf(err) != soar.CodeInvalid {
		t.Errorf("no JSON: %v", err)
	}
}
