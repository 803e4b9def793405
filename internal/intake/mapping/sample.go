package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// SampleType gives the media type that a sample's name says: .ndjson and .jsonl are
// lines, everything else is JSON.
func SampleType(file string) string {
	switch filepath.Ext(file) {
	case ".ndjson", ".jsonl":
		return "application/x-ndjson"
	default:
		return "application/json"
	}
}

// ExpectedFile gives the name of the file that holds the alerts a sample must give:
// a.json has a.alert.json; ok is false for a file that is such a file itself, or no
// sample.
func ExpectedFile(file string) (name string, ok bool) {
	extension := filepath.Ext(file)
	stem := strings.TrimSuffix(file, extension)
	switch extension {
	case ".json", ".ndjson", ".jsonl":
		return stem + ".alert.json", filepath.Ext(stem) != ".alert"
	default:
		return "", false
	}
}

// Try gives the alerts that a sample becomes, as they are before the server adds its
// id, its time and its count.
func (s *Source) Try(file string, body []byte) ([]soar.Alert, error) {
	messages, err := s.Read(SampleType(file), body)
	if err != nil {
		return nil, err
	}
	alerts := make([]soar.Alert, 0, len(messages))
	for _, message := range messages {
		alerts = append(alerts, message.Alert)
	}
	return alerts, nil
}

// ParseExpected reads the file of a sample's expected alerts.
func ParseExpected(file string, body []byte) ([]soar.Alert, error) {
	var alerts []soar.Alert
	if err := json.Unmarshal(body, &alerts); err != nil {
		return nil, soar.Errorf(soar.CodeInvalid, "mapping.ParseExpected", "%s is no list of alerts: %v", file, err)
	}
	return alerts, nil
}

// Differences compares alerts as JSON and names each field that differs, such as
// alerts[0].host.name: expected "a", got "b".
func Differences(want, got []soar.Alert) []string {
	if len(want) != len(got) {
		return []string{fmt.Sprintf("expected %d alerts, got %d", len(want), len(got))}
	}
	var all []string
	for i := range want {
		all = append(all, differ(fmt.Sprintf("alerts[%d]", i), plainJSON(want[i]), plainJSON(got[i]))...)
	}
	return all
}

func plainJSON(value any) any {
	body, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	plain, err := decode(body)
	if err != nil {
		return err.Error()
	}
	return plain
}

func differ(path string, want, got any) []string {
	a, isA := want.(object)
	b, isB := got.(object)
	if !isA || !isB {
		if canonical(want) == canonical(got) {
			return nil
		}
		return []string{fmt.Sprintf("%s: expected %s, got %s", path, shownValue(want), shownValue(got))}
	}
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(all, differ(path+"."+name, a[name], b[name])...)
	}
	return all
}

func shownValue(value any) string {
	if value == nil {
		return "nothing"
	}
	return soar.Shorten(canonical(value), 200)
}
