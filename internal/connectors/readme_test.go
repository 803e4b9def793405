package connectors_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/connectors/declared"
	"github.com/tocsin-soar/tocsin/internal/connectors/declared/trial"
)

// TestReadmeExample runs the example of README.md as a stranger would.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string][]byte{}
	for _, found := range regexp.MustCompile("(?s)<!-- example: ([a-z/.]+), run by a test -->\n```yaml\n(.*?)```").FindAllSubmatch(page, -1) {
		examples[string(found[1])] = found[2]
	}
	kind, faults := declared.Parse("acme.yaml", examples["acme.yaml"])
	if kind == nil {
		t.Fatal(faults)
	}
	file, faults := trial.Load("tests/acme.yaml", examples["tests/acme.yaml"])
	if file == nil || len(file.Tests) == 0 {
		t.Fatal(faults)
	}
	for _, fault := range file.Run(t.Context(), kind) {
		t.Errorf("%s: %s", fault.Position, fault.Message)
	}
}
