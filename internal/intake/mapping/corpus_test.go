package mapping

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// corpusDir holds payloads of many vendors that are not part of the project; the
// tests that read them are skipped where they are not.
const corpusDir = "../../../../shared/corpora/detections"

// label is one value that a reader of a payload found in it.
type label struct{ file, class, field, path, value string }

func corpusLabels(t *testing.T) []label {
	t.Helper()
	file, err := os.Open(filepath.Join(corpusDir, "labels.tsv"))
	if err != nil {
		t.Skip("the corpus of payloads is not here")
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = '\t', true, -1
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var labels []label
	for _, row := range rows[1:] {
		if len(row) >= 6 {
			labels = append(labels, label{row[0], row[2], row[3], row[4], row[5]})
		}
	}
	return labels
}

func corpusFiles(t *testing.T) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(corpusDir, "*", "*"))
	if len(files) == 0 {
		t.Skip("the corpus of payloads is not here")
	}
	return files
}

func generic(t testing.TB) *Source {
	t.Helper()
	all, faults := LoadSources("")
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

// How many labelled values are found. The numbers are printed; the test fails when
// they fall well below what they were when it was written.
func TestCorpusLabels(t *testing.T) {
	t.Parallel()
	source := generic(t)
	found, all := map[string]int{}, map[string]int{}
	for _, l := range corpusLabels(t) {
		body, err := os.ReadFile(filepath.Join(corpusDir, l.file))
		if err != nil {
			continue
		}
		messages, err := source.Read("application/json", body)
		if err != nil || len(messages) == 0 {
			continue
		}
		all[l.field]++
		if l.foundIn(messages[0].Alert) {
			found[l.field]++
		} else if testing.Verbose() {
			a := messages[0].Alert
			t.Logf("%s %s: %s = %q; got title %q severity %q time %v host %v user %v ip %s id %q", l.field, l.file, l.path, l.value, a.Title, a.Severity, a.OccurredAt, a.Host, a.User, a.SourceIP, a.ExternalID)
		}
	}
	least := map[string]int{"title": 80, "severity": 60, "event_time": 90, "host": 60, "user": 60, "src_ip": 80, "vendor_id": 75}
	for field, n := range all {
		share := 100 * found[field] / n
		t.Logf("%-10s %d of %d (%d %%)", field, found[field], n, share)
		if share < least[field] {
			t.Errorf("%s: %d %% of the labelled values are found, less than %d %%", field, share, least[field])
		}
	}
}

func (l label) foundIn(a soar.Alert) bool {
	switch l.field {
	case "title":
		return same(a.Title) == same(l.value)
	case "severity":
		return a.Severity != ""
	case "event_time":
		want, _, ok := parseInstant(l.value)
		return ok && want.Equal(a.OccurredAt)
	case "host":
		return same(a.Host.Name) == same(l.value)
	case "user":
		return l.value == a.User.Name || strings.EqualFold(l.value, a.User.Email) || l.value == a.User.ID
	case "src_ip":
		return a.SourceIP == address(l.value)
	case "vendor_id":
		return a.ExternalID == l.value
	case "technique":
		return len(a.Techniques) > 0
	case "indicator":
		all, _ := json.Marshal([]any{a.URLs, a.Hashes, a.Domains, a.Fields})
		quoted := strconv.Quote(l.value)
		return strings.Contains(string(all), quoted)
	default:
		return false
	}
}
