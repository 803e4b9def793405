package mapping

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestSeverityWord(t *testing.T) {
	t.Parallel()
	rows := map[soar.Severity][]string{
		soar.SeverityCritical: {"critical", "CRITICAL", " Critical ", "fatal", "Emergency", "Alert", "very-high", "Very High", "1 - Critical", "E_CRITICAL", "disaster", "P1", "SEV-1", "Severity: critical"[10:]},
		soar.SeverityHigh:     {"High", "severity_high", "Error", "2 - High", "important", "malicious", "high severity", "E_HIGH"},
		soar.SeverityMedium:   {"medium", "Moderate", "warning", "WARN", "E_MEDIUM", "suspicious", "3 - Moderate", "Average"},
		soar.SeverityLow:      {"LOW", "notice", "Notice", "minor", "note", "4 - Low"},
		soar.SeverityInfo:     {"INFORMATIONAL", "info", "Information", "debug", "none", "negligible"},
		"":                    {"", "unknown", "undefined", "SEVERITY_UNSPECIFIED", "unknownFutureValue", "other", "3", "string", "high enough", "not critical", "lowish"},
	}
	for want, words := range rows {
		for _, word := range words {
			if got := severityWord(word); got != want {
				t.Errorf("%q: got %q, want %q", word, got, want)
			}
		}
	}
}

func TestScales(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		got  soar.Severity
		want soar.Severity
	}{
		{"GuardDuty 9", ten().at(9), soar.SeverityCritical},
		{"GuardDuty 8.9", ten().at(8.9), soar.SeverityHigh},
		{"GuardDuty 6.9", ten().at(6.9), soar.SeverityMedium},
		{"GuardDuty 3.9", ten().at(3.9), soar.SeverityLow},
		{"CVSS 0 is none", ten().at(0), soar.SeverityInfo},
		{"below every scale", ten().at(-1), ""},
		{"ASFF 90", hundred().at(90), soar.SeverityCritical},
		{"ASFF 69", hundred().at(69), soar.SeverityMedium},
		{"ASFF 0", hundred().at(0), soar.SeverityInfo},
		{"OCSF 99 is other", ocsf(99), ""},
		{"OCSF 0 is unknown", ocsf(0), ""},
		{"OCSF 6 is fatal", ocsf(6), soar.SeverityCritical},
		{"OCSF 2", ocsf(2), soar.SeverityLow},
		{"Suricata 1 is the worst", inverted(1, soar.SeverityLow), soar.SeverityHigh},
		{"Suricata 10", inverted(10, soar.SeverityLow), soar.SeverityLow},
		{"MISP 4 is undefined", inverted(4, ""), ""},
	}
	for _, row := range rows {
		if row.got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, row.got, row.want)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, value := range []any{json.Number("7"), "7", " 7 ", 7, 7.0, "7.0", json.Number("70e-1")} {
		if n, ok := number(value); !ok || n != 7 {
			t.Errorf("%#v: %v %v", value, n, ok)
		}
	}
	for _, value := range []any{"", "seven", nil, true, []any{}, math.NaN(), math.Inf(1), "0x7", "1e999", "NaN", "7 "[:0]} {
		if n, ok := number(value); ok {
			t.Errorf("%#v was taken for %v", value, n)
		}
	}
}
