package mapping

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// severityWord gives the severity that a word stands for, whatever its case, or
// "" for words such as unknown, undefined and unspecified, and for words that it
// does not know. Prefixes and numbers around the word are left out: E_MEDIUM,
// "1 - Critical", severity_high.
func severityWord(text string) soar.Severity {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > 64 {
		return ""
	}
	text = strings.NewReplacer("_", " ", "-", " ").Replace(text)
	text = strings.TrimSpace(decoration.ReplaceAllString(text, ""))
	switch text {
	case "critical", "crit", "compromised", "imminent compromise", "fatal", "emergency", "emerg", "alert", "severe", "very high", "disaster", "urgent", "blocker", "p0", "p1", "sev0", "sev1", "sev 0", "sev 1":
		return soar.SeverityCritical
	case "high", "error", "err", "major", "majr", "important", "serious", "danger", "malicious", "p2", "sev2", "sev 2":
		return soar.SeverityHigh
	case "medium", "med", "moderate", "middle", "warning", "warn", "average", "suspicious", "elevated", "p3", "sev3", "sev 3":
		return soar.SeverityMedium
	case "low", "minor", "minr", "notice", "note", "p4", "sev4", "sev 4":
		return soar.SeverityLow
	case "informational", "information", "info", "debug", "trivial", "negligible", "none", "verbose", "ok", "p5", "sev5", "sev 5":
		return soar.SeverityInfo
	default:
		return ""
	}
}

// decoration is what stands around the word: "1 - ", "sev 2: ", "e ", "severity ".
var decoration = regexp.MustCompile(`\s*\([^)]*\)$|^(\d+\s*:?\s+)+|^(severity|level|priority|risk|e)\s+|\s+(severity|priority|risk)$`)

// Scale turns a tool's numbers into severities. Steps stand from the worst down.
type Scale []Step

// Step covers numbers from From to the step before it. On a scale where lower is
// worse, it covers those up to From.
type Step struct {
	From float64
	Is   soar.Severity
}

// at gives the severity of n on a scale where higher is worse; "" below the last step.
func (s Scale) at(n float64) soar.Severity {
	for _, step := range s {
		if n >= step.From {
			return step.Is
		}
	}
	return ""
}

// Scales that the guesses know by the shape of the body they come from.

// hundred is 0 to 100, as risk scores and ASFF's Normalized are.
func hundred() Scale {
	return Scale{{90, soar.SeverityCritical}, {70, soar.SeverityHigh}, {40, soar.SeverityMedium}, {1, soar.SeverityLow}, {0, soar.SeverityInfo}}
}

// ten is 1 to 10 with decimals, as GuardDuty and CVSS are.
func ten() Scale {
	return Scale{{9, soar.SeverityCritical}, {7, soar.SeverityHigh}, {4, soar.SeverityMedium}, {0.1, soar.SeverityLow}, {0, soar.SeverityInfo}}
}

// ocsf is severity_id; 99 means other, which is not the worst, and 0 unknown.
func ocsf(n float64) soar.Severity {
	switch n {
	case 1:
		return soar.SeverityInfo
	case 2:
		return soar.SeverityLow
	case 3:
		return soar.SeverityMedium
	case 4:
		return soar.SeverityHigh
	case 5, 6:
		return soar.SeverityCritical
	default:
		return ""
	}
}

// inverted is 1 to 3 with 1 the worst, as Suricata and MISP count; what is above
// most is the mildest, or undefined.
func inverted(n float64, above soar.Severity) soar.Severity {
	switch n {
	case 1:
		return soar.SeverityHigh
	case 2:
		return soar.SeverityMedium
	case 3:
		return soar.SeverityLow
	default:
		return above
	}
}

// syslog counts from 0, the worst, to 7.
func syslog(n float64) soar.Severity {
	switch {
	case n < 0 || n > 7:
		return ""
	case n <= 1:
		return soar.SeverityCritical
	case n <= 2:
		return soar.SeverityHigh
	case n <= 4:
		return soar.SeverityMedium
	case n <= 5:
		return soar.SeverityLow
	default:
		return soar.SeverityInfo
	}
}

// number reads a finite number, also from text.
func number(value any) (float64, bool) {
	var text string
	switch v := value.(type) {
	case json.Number:
		text = string(v)
	case string:
		text = strings.TrimSpace(v)
	case int:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	default:
		return 0, false
	}
	if len(text) > 32 || !numberForm.MatchString(text) {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

var numberForm = regexp.MustCompile(`^-?\d+(\.\d+)?([eE][-+]?\d+)?$`)

// scalarText gives text, a number or a truth value as text; ok is false for the rest.
func scalarText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return string(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int, int64, bool:
		return fmt.Sprint(v), true
	default:
		return "", false
	}
}
