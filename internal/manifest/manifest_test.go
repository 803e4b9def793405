package manifest_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var update = flag.Bool("update", false, "write golden files anew")

func read(t testing.TB, file string) []byte {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestParse(t *testing.T) {
	t.Parallel()
	source := read(t, "testdata/full.yaml")
	m, faults := manifest.Parse("full.yaml", source)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	input := map[string]any{"type": "object", "required": []any{"host"}, "properties": map[string]any{"host": map[string]any{"type": "string"}}}
	output := map[string]any{"type": "object", "properties": map[string]any{"done": map[string]any{"type": "boolean"}}}
	action := func(name string, risk soar.Risk) manifest.Action {
		return manifest.Action{
			Name: name, Title: strings.ToUpper(name[:1]) + name[1:], Description: "Does it.", Risk: risk,
			Input: input, Output: output, Timeout: manifest.DefaultTimeout,
		}
	}
	arg := []manifest.UndoArg{{Name: "host", Value: "${{ args.host }}"}}
	look, block, free, fetch, wipe := action("look", soar.RiskRead), action("block", soar.RiskChange), action("free", soar.RiskChange), action("fetch", soar.RiskCollect), action("wipe", soar.RiskDestroy)
	look.Idempotent = true
	block.Target, block.Protects, block.Timeout = "host", "host", 2*time.Minute
	block.Undo = &manifest.Undo{Action: "free", With: arg}
	block.Reconcile = &manifest.Reconcile{Action: "look", With: arg, Done: "output.done"}
	free.Target, free.Undo = "host", &manifest.Undo{Action: "block", With: arg}
	fetch.Target, fetch.Evidence = "host", true
	wipe.Target, wipe.Irreversible = "host", true
	want := &manifest.Manifest{
		Connector: "example", Version: "1.0.0", Title: "Example", Description: "An example.", Tested: "In tests.", Digest: m.Digest,
		Settings: []manifest.Setting{
			{Name: "base_url", Description: "where it is", Required: true}, {Name: "token", Description: "the key", Required: true, Secret: true},
			{Name: "mode", Description: "how", Default: "slow"},
		},
		Actions: []manifest.Action{look, block, free, fetch, wipe},
	}
	places := cmp.Options{cmpopts.IgnoreFields(manifest.Action{}, "At"), cmpopts.IgnoreFields(manifest.UndoArg{}, "Place"), cmpopts.IgnoreFields(manifest.Reconcile{}, "Place")}
	if diff := cmp.Diff(want, m, places); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	placesAreKept(t, m, source)
}

// placesAreKept checks that later faults can say where they are.
func placesAreKept(t *testing.T, m *manifest.Manifest, source []byte) {
	t.Helper()
	lines := diag.SplitLines(string(source))
	under := func(at diag.Position, what string) {
		t.Helper()
		if line := lines[at.Line-1][at.Column-1:]; !strings.HasPrefix(line, what) {
			t.Errorf("at %v stands %q, want %q", at, line, what)
		}
	}
	block := m.Find("block")
	under(block.At, "block:")
	under(block.Undo.With[0].Place(4), "args.host")
	under(block.Reconcile.Place(0), "output.done")
	if len(m.Digest) != 64 {
		t.Errorf("digest %q is no SHA-256", m.Digest)
	}
	other, _ := manifest.Parse("full.yaml", append(source, '\n'))
	if other.Digest == m.Digest {
		t.Error("another text has the same digest")
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			source := read(t, file)
			m, faults := manifest.Parse(filepath.Base(file), source)
			if m != nil || !faults.HasErrors() {
				t.Fatalf("it is taken: %v", faults)
			}
			var out bytes.Buffer
			if err := diag.WriteText(&out, faults, func(string) ([]byte, bool) { return source, true }); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".diag"
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(read(t, golden)), out.String()); diff != "" {
				t.Errorf("%s (-file +code):\n%s", golden, diff)
			}
		})
	}
}

func TestEveryRuleHasAFixture(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/err/*.diag")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		all.Write(read(t, file))
	}
	for _, rule := range []string{manifest.RuleName, manifest.RuleRisk, manifest.RuleReference} {
		if !strings.Contains(all.String(), "["+rule+"]") {
			t.Errorf("no fixture breaks the rule %q", rule)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	m, _ := manifest.Parse("full.yaml", read(t, "testdata/full.yaml"))
	catalog := manifest.Catalog{"edr": m}
	if found, action := catalog.Find("edr", "block"); found != m || action == nil || action.Name != "block" {
		t.Errorf("Find(edr, block) = %v, %v", found, action)
	}
	if found, action := catalog.Find("edr", "explode"); found != m || action != nil {
		t.Errorf("Find(edr, explode) = %v, %v; want the manifest and no action", found, action)
	}
	if found, action := catalog.Find("erd", "block"); found != nil || action != nil {
		t.Errorf("Find(erd, block) = %v, %v; want nothing", found, action)
	}
	if diff := cmp.Diff([]string{"look", "block", "free", "fetch", "wipe"}, m.Names()); diff != "" {
		t.Errorf("Names (-want +got):\n%s", diff)
	}
	schema := m.Find("block").Input
	if !cmp.Equal(manifest.Arguments(schema), []string{"host"}) || !cmp.Equal(manifest.Required(schema), []string{"host"}) {
		t.Errorf("arguments %v, required %v; want host", manifest.Arguments(schema), manifest.Required(schema))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(read(f, "testdata/full.yaml"))
	files, _ := filepath.Glob("testdata/err/*.yaml")
	for _, file := range files {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		if m, faults := manifest.Parse("f.yaml", source); (m == nil) != faults.HasErrors() {
			t.Fatalf("manifest %v, faults %v", m, faults)
		}
	})
}
