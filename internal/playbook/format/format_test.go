package format_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/format"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

const (
	fixtures = "../testdata/ok/*.yaml"
	shipped  = "../../../playbooks/*/*.yaml"
)

func TestFormattingKeepsThePlan(t *testing.T) {
	t.Parallel()
	for _, file := range append(playbooktest.Files(t, fixtures), playbooktest.Files(t, shipped)...) {
		t.Run(playbooktest.Name(file), func(t *testing.T) {
			t.Parallel()
			source := playbooktest.Read(t, file)
			text, faults := format.Format(filepath.Base(file), source)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			again, _ := format.Format(filepath.Base(file), text)
			if diff := cmp.Diff(string(text), string(again)); diff != "" {
				t.Errorf("formatting twice changes it again (-once +twice):\n%s", diff)
			}
			ignore := cmpopts.IgnoreFields(plan.Plan{}, "Digest", "Source")
			places := cmp.Options{cmpopts.IgnoreFields(plan.Step{}, "Line", "Column"), cmpopts.IgnoreFields(plan.Expr{}, "Line", "Column")}
			if diff := cmp.Diff(compiled(t, source), compiled(t, text), ignore, places); diff != "" {
				t.Errorf("the plan is another one (-before +after):\n%s", diff)
			}
		})
	}
}

func compiled(t *testing.T, source []byte) *plan.Plan {
	t.Helper()
	p, faults := playbook.Compile("f.yaml", source, playbooktest.Catalog(t), playbooktest.Playbooks)
	if p == nil {
		t.Fatalf("%v in:\n%s", faults, source)
	}
	return p
}

func TestShippedPlaybooksAreFormatted(t *testing.T) {
	t.Parallel()
	for _, file := range playbooktest.Files(t, shipped) {
		source := playbooktest.Read(t, file)
		text, faults := format.Format(filepath.Base(file), source)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		playbooktest.Golden(t, file, text)
	}
}

// Each input shows one thing that is set right.
func TestGoldens(t *testing.T) {
	t.Parallel()
	for _, file := range playbooktest.Files(t, "testdata/*.in.yaml") {
		t.Run(strings.TrimSuffix(playbooktest.Name(file), ".in"), func(t *testing.T) {
			t.Parallel()
			text, faults := format.Format(filepath.Base(file), playbooktest.Read(t, file))
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			playbooktest.Golden(t, strings.Replace(file, ".in.", ".out.", 1), text)
			again, _ := format.Format(filepath.Base(file), text)
			if diff := cmp.Diff(string(text), string(again)); diff != "" {
				t.Errorf("formatting twice changes it again (-once +twice):\n%s", diff)
			}
		})
	}
}

func TestFaultyFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"", "a: [", "tocsin: v1\n", "tocsin: v1\nplaybook: x\nversion: 1.0.0\ntitle: x\nsteps: [{acton: y}]\n"} {
		text, faults := format.Format("f.yaml", []byte(source))
		if text != nil || !faults.HasErrors() {
			t.Errorf("Format(%q) gives %q and %v, want no text and an error", source, text, faults)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, file := range playbooktest.Files(f, "testdata/*.yaml") {
		f.Add(playbooktest.Read(f, file))
	}
	for _, file := range playbooktest.Files(f, fixtures) {
		f.Add(playbooktest.Read(f, file))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		if len(source) > 1<<14 {
			return
		}
		text, faults := format.Format("f.yaml", source)
		if faults.HasErrors() {
			return
		}
		again, faults := format.Format("f.yaml", text)
		if faults.HasErrors() {
			t.Fatalf("what was formatted has faults: %v\n%s", faults, text)
		}
		if string(again) != string(text) {
			t.Fatalf("formatting twice changes it again: %q, then %q", text, again)
		}
	})
}

// What cannot be kept is left alone, such as a key over several lines.
func TestOddFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	source := "tocsin: v1\nplaybook: x\nversion: 1.0.0\ntitle: x\nsteps:\n  - ? |-\n      id\n    : look\n    set: {x: 1}\n"
	text, faults := format.Format("f.yaml", []byte(source))
	if text != nil || len(faults) != 1 || faults[0].Rule != format.RuleFormat {
		t.Errorf("Format gives %q and %v, want no text and the rule %s", text, faults, format.RuleFormat)
	}
}
