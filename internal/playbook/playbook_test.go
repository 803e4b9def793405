package playbook_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

// shipped are the playbooks of this repository.
const shipped = "../../playbooks/*/*.yaml"

func compile(t testing.TB, file string, source []byte) (*plan.Plan, diag.List) {
	t.Helper()
	return playbook.Compile(filepath.Base(file), source, playbooktest.Catalog(t), playbooktest.Playbooks)
}

// rendered is what people see of faults.
func rendered(t testing.TB, source []byte, faults diag.List) []byte {
	t.Helper()
	var out bytes.Buffer
	sources := func(string) ([]byte, bool) { return source, true }
	if err := diag.WriteText(&out, faults, sources); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestOKFixturesCompileWithoutAWord(t *testing.T) {
	t.Parallel()
	for _, file := range append(playbooktest.Files(t, "testdata/ok/*.yaml"), playbooktest.Files(t, shipped)...) {
		t.Run(playbooktest.Name(file), func(t *testing.T) {
			t.Parallel()
			source := playbooktest.Read(t, file)
			compiled, faults := compile(t, file, source)
			if len(faults) > 0 || compiled == nil {
				t.Fatalf("%s has faults:\n%s", file, rendered(t, source, faults))
			}
			again, _ := compile(t, file, source)
			if again.Digest != compiled.Digest {
				t.Errorf("the digest is %s, then %s: compiling is not deterministic", compiled.Digest, again.Digest)
			}
			raw, err := json.Marshal(compiled)
			if err != nil {
				t.Fatal(err)
			}
			if read, err := plan.Read(raw); err != nil {
				t.Errorf("the plan cannot be read back: %v", err)
			} else if diff := cmp.Diff(compiled, read, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the plan read back (-compiled +read):\n%s", diff)
			}
		})
	}
}

func TestErrFixturesSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, file := range playbooktest.Files(t, "testdata/err/*.yaml") {
		t.Run(playbooktest.Name(file), func(t *testing.T) {
			t.Parallel()
			source := playbooktest.Read(t, file)
			compiled, faults := compile(t, file, source)
			if len(faults) == 0 {
				t.Fatalf("%s has no faults", file)
			}
			if (compiled == nil) != faults.HasErrors() {
				t.Errorf("there is a plan: %v; there are errors: %v", compiled != nil, faults.HasErrors())
			}
			playbooktest.Golden(t, file[:len(file)-len(".yaml")]+".diag", rendered(t, source, faults))
		})
	}
}

// The plans of the shipped playbooks and of a playbook with every kind of step, as
// incidents pin them.
func TestPlans(t *testing.T) {
	t.Parallel()
	for _, file := range append(playbooktest.Files(t, shipped), "testdata/ok/every_kind.yaml", "testdata/ok/one_page.yaml") {
		t.Run(playbooktest.Name(file), func(t *testing.T) {
			t.Parallel()
			compiled, faults := compile(t, file, playbooktest.Read(t, file))
			if compiled == nil {
				t.Fatal(faults)
			}
			for instance := range compiled.Pins {
				compiled.Pins[instance] = "pinned" // a manifest's digest changes with each word in it
			}
			compiled.Digest, compiled.Source = "", ""
			raw, err := json.MarshalIndent(compiled, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			playbooktest.Golden(t, "testdata/plan/"+playbooktest.Name(file)+".json", append(raw, '\n'))
		})
	}
}
