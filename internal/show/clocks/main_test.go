package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/show/clocks/twin"
)

func show(t *testing.T, arguments ...string) (code int, out, faults string) {
	t.Helper()
	var o, f bytes.Buffer
	code = run(append([]string{"-scenarios", "8"}, arguments...), &o, &f)
	return code, o.String(), f.String()
}

func TestShow(t *testing.T) {
	t.Parallel()
	code, out, _ := show(t, "-vectors", "../../deadline/vector/testdata/vectors.json", "-all")
	for _, want := range []string{"Vectors passed: ", "Simulated instants equal to the workflow's: in 8 of 8 incidents.", " warning ", " due "} {
		if !strings.Contains(out, want) || code != 0 {
			t.Errorf("own vectors: code %d, %q is not in\n%s", code, want, out)
		}
	}
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	source := `{"vectors": [
		{"id": "bad", "regime": "eu-gdpr-33", "input": {"aware": "2026-03-28T12:00:00Z"}, "expected": {"due": "2026-03-31T13:00:00Z"}, "why": "it is noon"},
		{"id": "odd\u001b[31m", "regime": "eu-gdpr-33", "input": {"moonrise": "2026-03-28"}, "expected": {"applicable": true}}]}`
	if err := os.WriteFile(wrong, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ = show(t, "-vectors", wrong)
	for _, want := range []string{"Vectors passed: 0 of 2", "DIFFERS", "it is noon", "not understood: moonrise", `odd\u001b[31m`} {
		if !strings.Contains(out, want) || code != 1 {
			t.Errorf("code %d, %q is not in\n%s", code, want, out)
		}
	}
	for _, arguments := range [][]string{{"-vectors", "/nowhere.json"}, {"-nonsense"}, {"-vectors", "main.go"}, {"-scenarios", "0"}} {
		if code, _, faults := show(t, arguments...); code != 2 || faults == "" {
			t.Errorf("%v: code %d, %q", arguments, code, faults)
		}
	}
}

func TestADifferenceIsReported(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	code := reportTwins(&out, []twin.Result{{Simulated: []string{"noon due contain"}, Rang: []string{"one due contain"}, Duties: 0}}, false)
	for _, want := range []string{"DIFFERS", "only simulated: noon due contain", "only the workflow: one due contain", "in 0 of 1 incidents"} {
		if code != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("code %d, %q is not in\n%s", code, want, out.String())
		}
	}
	if code := reportTwins(&out, []twin.Result{{}}, false); code != 1 {
		t.Error("nothing compared passes")
	}
}
