package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func show(t *testing.T, arguments ...string) (code int, out, faults string) {
	t.Helper()
	var o, f bytes.Buffer
	code = run(arguments, &o, &f)
	return code, o.String(), f.String()
}

func TestShow(t *testing.T) {
	t.Parallel()
	if code, out, _ := show(t, "-vectors", "../../deadline/vector/testdata/vectors.json"); code != 0 || !strings.Contains(out, "Vectors passed: ") {
		t.Errorf("own vectors: %d\n%s", code, out)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	source := `{"vectors": [
		{"id": "bad", "regime": "eu-gdpr-33", "input": {"aware": "2026-03-28T12:00:00Z"}, "expected": {"due": "2026-03-31T13:00:00Z"}, "why": "it is noon"},
		{"id": "odd\u001b[31m", "regime": "eu-gdpr-33", "input": {"moonrise": "2026-03-28"}, "expected": {"applicable": true}}]}`
	if err := os.WriteFile(wrong, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := show(t, "-vectors", wrong)
	for _, want := range []string{"Vectors passed: 0 of 2", "DIFFERS", "it is noon", "not understood: moonrise", `odd\u001b[31m`} {
		if !strings.Contains(out, want) || code != 1 {
			t.Errorf("code %d, %q is not in\n%s", code, want, out)
		}
	}
	for _, arguments := range [][]string{{"-vectors", "/nowhere.json"}, {"-nonsense"}, {"-vectors", "main.go"}} {
		if code, _, faults := show(t, arguments...); code != 2 || faults == "" {
			t.Errorf("%v: code %d, %q", arguments, code, faults)
		}
	}
}
