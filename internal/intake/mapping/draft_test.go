package mapping

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Each field takes what is a value for it, in its own form, and leaves the rest.
func TestFields(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("ab", 20)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	rows := []struct {
		field string
		value any
		want  soar.Alert // zero: the field refuses the value
	}{
		{"title", "  A\nB ", soar.Alert{Title: "A B"}},
		{"title", json.Number("7"), soar.Alert{Title: "7"}},
		{"title", []any{"first", "second"}, soar.Alert{Title: "first"}},
		{"title", "", soar.Alert{}},
		{"title", "\x00", soar.Alert{}},
		{"title", nil, soar.Alert{}},
		{"title", object{"text": "A"}, soar.Alert{}},
		{"title", []any{}, soar.Alert{}},
		{"external_id", json.Number("12345678901234567890"), soar.Alert{ExternalID: "12345678901234567890"}},
		{"external_id", 1234567.0, soar.Alert{ExternalID: "1234567"}},
		{"description", "line\r\nline\x00", soar.Alert{Description: "line\nline\ufffd"}},
		{"description", []any{"x"}, soar.Alert{}},
		{"rule.id", 5712, soar.Alert{Rule: soar.Rule{ID: "5712"}}},
		{"rule.name", "r", soar.Alert{Rule: soar.Rule{Name: "r"}}},
		{"host.name", "web-1", soar.Alert{Host: soar.Host{Name: "web-1"}}},
		{"host.id", "i-1", soar.Alert{Host: soar.Host{ID: "i-1"}}},
		{"host.os", "linux", soar.Alert{Host: soar.Host{OS: "linux"}}},
		{"host.ip", "192.0.2.1/24", soar.Alert{}},
		{"host.ip", []any{"not one", "192.0.2.1"}, soar.Alert{Host: soar.Host{IP: "192.0.2.1"}}},
		{"user.name", "anna", soar.Alert{User: soar.User{Name: "anna"}}},
		{"user.email", "anna@lab.invalid", soar.Alert{User: soar.User{Email: "anna@lab.invalid"}}},
		{"user.id", true, soar.Alert{User: soar.User{ID: "true"}}},
		{"source_ip", "2001:db8::1", soar.Alert{SourceIP: "2001:db8::1"}},
		{"source_ip", "localhost", soar.Alert{}},
		{"destination_ip", "192.0.2.9:22", soar.Alert{DestIP: "192.0.2.9"}},
		{"severity", "high", soar.Alert{Severity: soar.SeverityHigh, Reported: "high"}},
		{"severity", "WARNING", soar.Alert{Severity: soar.SeverityMedium, Reported: "WARNING"}},
		{"severity", json.Number("3"), soar.Alert{}},
		{"severity", "whatever", soar.Alert{}},
		{"reported_severity", json.Number("3"), soar.Alert{Reported: "3"}},
		{"state", "False Positive", soar.Alert{State: soar.StateBenign}},
		{"state", "open", soar.Alert{}},
		{"state", true, soar.Alert{}},
		{"indicators", []any{"/tmp/x", object{"value": "x.exe"}}, soar.Alert{Indicators: []string{"/tmp/x", "x.exe"}}},
		{"category", "Brute-Force", soar.Alert{Category: soar.CategoryBruteForce}},
		{"category", "weather", soar.Alert{}},
		{"occurred_at", "2026-03-02T10:00:00+01:00", soar.Alert{OccurredAt: at}},
		{"occurred_at", "2026-03-02 09:00:00", soar.Alert{OccurredAt: at, Guessed: []string{"occurred_at.zone"}}},
		{"occurred_at", "0001-01-01T00:00:00Z", soar.Alert{}},
		{"urls", "https://example.test/a", soar.Alert{URLs: []string{"https://example.test/a"}}},
		{"urls", []any{"https://example.test/a", "https://example.test/a", object{"url": "https://example.test/b"}}, soar.Alert{URLs: []string{"https://example.test/a", "https://example.test/b"}}},
		{"urls", json.Number("1"), soar.Alert{URLs: []string{"1"}}},
		{"urls", object{}, soar.Alert{}},
		{"hashes", []any{strings.ToUpper(sha), "none", nil}, soar.Alert{Hashes: []string{sha}}},
		{"hashes", "none", soar.Alert{}},
		{"domains", []any{"Example.TEST.", "example.test", "no domain"}, soar.Alert{Domains: []string{"example.test"}}},
		{"techniques", []any{"attack.t1110", "T1110", "TA0001"}, soar.Alert{Techniques: []string{"T1110"}}},
		{"tags", []any{"a", "b", "a"}, soar.Alert{Tags: []string{"a", "b"}}},
	}
	known, tried := map[string]field{}, map[string]bool{}
	for _, f := range fields() {
		known[f.name] = f
	}
	for _, row := range rows {
		d := &draft{}
		f := known[row.field]
		set := f.set(d, row.value)
		if diff := cmp.Diff(row.want, d.alert); diff != "" {
			t.Errorf("%s of %v (-want +got):\n%s", row.field, row.value, diff)
		}
		refused := cmp.Equal(row.want, soar.Alert{})
		if set == refused || f.has(&d.alert) == refused {
			t.Errorf("%s of %v: set says %v, has says %v", row.field, row.value, set, f.has(&d.alert))
		}
		tried[row.field] = true
	}
	for name := range known {
		if !tried[name] {
			t.Errorf("field %s is not tried", name)
		}
	}
}

// Hints name fields that exist, and names in the form that paths have.
func TestHintsAreSound(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, f := range fields() {
		known[f.name] = true
	}
	for _, h := range hints() {
		if !known[h.field] {
			t.Errorf("there is no field %q", h.field)
		}
		for _, name := range append(append([]string{}, h.names...), h.notBelow...) {
			plain := strings.TrimLeft(name, "^*")
			if got := strings.Join(segments(plain), "."); got != plain {
				t.Errorf("%s: no path ever ends with %q, it would be %q", h.field, name, got)
			}
		}
	}
}
