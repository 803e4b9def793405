package mapping

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// manual gives api/SOURCES.md and the files that it shows.
func manual(t *testing.T) (text string, files map[string]string) {
	t.Helper()
	body, err := os.ReadFile("../../../api/SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	blocks := regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n +```\\w+\n(.*?)\n +```")
	for _, match := range blocks.FindAllStringSubmatch(string(body), -1) {
		files[match[1]] = regexp.MustCompile(`(?m)^   `).ReplaceAllString(match[2], "")
	}
	return string(body), files
}

// The source that the manual adds in five minutes does what it says.
func TestTheManualsSourceWorks(t *testing.T) {
	t.Parallel()
	_, files := manual(t)
	const file = "sources/doorbell.yaml"
	source, faults := ParseSource(file, []byte(files[file]))
	if source == nil || len(faults) > 0 {
		t.Fatalf("%v in\n%s", faults, files[file])
	}
	alerts, err := source.Try("ring.json", []byte(files["sources/testdata/doorbell/ring.json"]))
	if err != nil || len(alerts) != 1 {
		t.Fatal(err, alerts)
	}
	a := alerts[0]
	got := []any{a.Source, a.Title, a.Severity, a.Reported, a.Host.Name, a.Host.IP, a.ExternalID, a.State, a.Fields["colour"], len(a.Guessed)}
	want := []any{"doorbell", "Somebody rang at the back door", soar.SeverityHigh, "red", "gate-2", "10.0.4.7", "7", soar.AlertState(""), "red", 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The manual names every shipped source, every field and every sample that it sends.
func TestTheManualIsWhole(t *testing.T) {
	t.Parallel()
	text, _ := manual(t)
	_, table, _ := strings.Cut(text, "<!-- tools -->")
	table, _, _ = strings.Cut(table, "<!-- end -->")
	var listed []string
	for _, match := range regexp.MustCompile("(?m)^\\| `(\\w+)` ").FindAllStringSubmatch(table, -1) {
		listed = append(listed, match[1])
	}
	slices.Sort(listed)
	all, faults := LoadSources("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	if diff := cmp.Diff(all.Names(), listed); diff != "" {
		t.Errorf("shipped and listed sources (-want +got):\n%s", diff)
	}
	for _, f := range fields() {
		if !strings.Contains(text, "`"+f.name+"`") {
			t.Errorf("the field %s is not named", f.name)
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^post (\w+) +"\$TOKEN" (\S+)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join("../sources/testdata", match[2])); err != nil || !strings.HasPrefix(match[2], match[1]+"/") {
			t.Errorf("%s: %v", match[0], err)
		}
	}
}

// FuzzShippedSources: whatever comes to whichever door gives alerts that can be
// stored, or a refusal of a body that holds none.
func FuzzShippedSources(f *testing.F) {
	all, faults := LoadSources("")
	if faults.HasErrors() {
		f.Fatal(faults)
	}
	names := all.Names()
	for i, name := range names {
		samples, err := filepath.Glob(filepath.Join("../sources/testdata", name, "*.json"))
		if err != nil {
			f.Fatal(err)
		}
		for _, sample := range samples {
			if body, err := os.ReadFile(sample); err == nil && len(body) < 4<<10 {
				f.Add(uint8(i), body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		name := names[int(which)%len(names)]
		messages, err := all.Find(name).Read("application/json", body)
		if err != nil && soar.CodeOf(err) != soar.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
		for _, message := range messages {
			checkAlert(t, name, message)
		}
	})
}
