package mapping

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/show/labels"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// corpusDir holds payloads of many vendors that are not part of the project; the
// tests that read them are skipped where they are not.
const corpusDir = "../../../../shared/corpora/detections"

// part says which vendors are looked at. What is made better is made better on
// two thirds of them; the last third, which nobody looked at, says what it is worth.
var part = flag.String("part", "all", "the vendors whose labels are compared: all, develop or heldback")

// chosen tells whether a vendor's folder belongs to the part.
func chosen(file string) bool {
	folder, _, _ := strings.Cut(file, "/")
	sum := sha256.Sum256([]byte("heldback/" + folder))
	heldBack := sum[0]%3 == 0
	return *part == "all" || heldBack == (*part == "heldback")
}

func corpusLabels(t *testing.T) []labels.Label {
	t.Helper()
	all, err := labels.Load(filepath.Join(corpusDir, "labels.tsv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the corpus of payloads is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(l labels.Label) bool { return !chosen(l.File) })
}

func corpusFiles(t *testing.T) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(corpusDir, "*", "*"))
	if len(files) == 0 {
		t.Skip("the corpus of payloads is not here")
	}
	return files
}

// shipped reads the mappings once: it compiles some hundred expressions.
var shipped = sync.OnceValues(func() (*Sources, diag.List) { return LoadSources("") })

func generic(t testing.TB) *Source {
	t.Helper()
	all, faults := shipped()
	for _, fault := range faults {
		t.Error(fault, fault.Hint)
	}
	if all == nil {
		t.FailNow()
	}
	return all.Find("generic")
}

// Every payload gives an alert that can be stored, whatever it is.
func TestCorpusAlwaysGivesAnAlert(t *testing.T) {
	t.Parallel()
	source, read, fields := generic(t), 0, map[string]int{}
	for _, file := range corpusFiles(t) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		messages, err := source.Read("application/json", body)
		if err != nil || len(messages) == 0 {
			t.Errorf("%s gives no alert: %v", file, err)
			continue
		}
		for _, message := range messages {
			checkAlert(t, file, message)
		}
		count(fields, messages[0].Alert)
		read++
	}
	t.Logf("%d files; first alert of each: %v", read, fields)
}

func checkAlert(t *testing.T, name string, message Message) {
	t.Helper()
	body, err := json.Marshal(message.Alert)
	switch {
	case err != nil:
		t.Errorf("%s: %v", name, err)
	case len(body) > alertMost:
		t.Errorf("%s: the alert has %d bytes", name, len(body))
	case message.Alert.Fingerprint == "" || message.Alert.RawSHA256 == "" || len(message.Raw) == 0:
		t.Errorf("%s: no fingerprint or no bytes", name)
	case message.Alert.Parsed == (message.Alert.ParseError != ""):
		t.Errorf("%s: parsed %v, and yet %q", name, message.Alert.Parsed, message.Alert.ParseError)
	case strings.Contains(string(body), `\u0000`):
		t.Errorf("%s: NUL is left in the alert", name)
	}
}

func count(fields map[string]int, a soar.Alert) {
	for name, has := range map[string]bool{
		"parsed": a.Parsed, "title": a.Title != "" && !strings.HasPrefix(a.Title, "Alert from"), "severity": a.Severity != "", "time": !a.OccurredAt.IsZero(),
		"host": a.Host.Name != "", "user": a.User.Name != "" || a.User.Email != "", "source_ip": a.SourceIP != "", "external_id": a.ExternalID != "", "rule": a.Rule.ID != "" || a.Rule.Name != "",
	} {
		if has {
			fields[name]++
		}
	}
}

// How many labelled values the generic door finds, as strictly as make show-doors
// compares them. The numbers are printed; the test fails when they fall well below
// what they were when it was written.
func TestCorpusLabels(t *testing.T) {
	t.Parallel()
	source := generic(t)
	found, all := map[string]int{}, map[string]int{}
	for _, l := range corpusLabels(t) {
		body, err := os.ReadFile(filepath.Join(corpusDir, l.File))
		if err != nil {
			continue
		}
		messages, err := source.Read("application/json", body)
		if err != nil || len(messages) == 0 {
			continue
		}
		alert := messages[min(l.Position(), len(messages)-1)].Alert
		all[l.Field]++
		if l.Right(alert) {
			found[l.Field]++
		} else if testing.Verbose() {
			t.Logf("%s %s: %s is %q; got %q, title %q", l.Field, l.File, l.Path, l.Value, l.Got(alert), alert.Title)
		}
	}
	least := map[string]int{"title": 75, "severity": 70, "event_time": 85, "host": 75, "user": 80, "src_ip": 85, "vendor_id": 80, "indicator": 70}
	rights, total := 0, 0
	for field, n := range all {
		share := 100 * found[field] / n
		t.Logf("%-10s %d of %d (%d %%)", field, found[field], n, share)
		rights, total = rights+found[field], total+n
		if *part == "all" && share < least[field] {
			t.Errorf("%s: %d %% of the labelled values are found, less than %d %%", field, share, least[field])
		}
	}
	t.Logf("in all %d of %d (%.1f %%) of %s", rights, total, 100*float64(rights)/float64(max(total, 1)), *part)
}
