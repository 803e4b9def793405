package mapping

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the alerts that the samples give")

// Each sample of each source gives the alerts that stand beside it.
func TestSamples(t *testing.T) {
	t.Parallel()
	all, faults := LoadSources("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	for _, name := range all.Names() {
		files, _ := filepath.Glob(filepath.Join("../sources/testdata", name, "*.*json"))
		samples := 0
		for _, file := range files {
			if _, ok := ExpectedFile(file); !ok {
				continue
			}
			samples++
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				checkSample(t, all.Find(name), file)
			})
		}
		if samples < 2 {
			t.Errorf("source %s has %d samples, at least 2 are needed", name, samples)
		}
	}
}

func checkSample(t *testing.T, source *Source, file string) {
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	messages, err := source.Read(SampleType(file), body)
	if err != nil {
		t.Fatal(err)
	}
	var alerts []any
	for _, message := range messages {
		checkAlert(t, file, message)
		alerts = append(alerts, message.Alert)
	}
	got, err := json.MarshalIndent(alerts, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden, _ := ExpectedFile(file)
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
		t.Errorf("run with -update if this is right (-want +got):\n%s", diff)
	}
}
