package mapping

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// severityNames are names under which tools put a rating, the best first. The text
// decides; a bare number only where the shape of the body says what it counts.
func severityNames() []string {
	return []string{
		"severity.label", "severitylabel", "severityname", "kibana.alert.severity", "securityseveritylevel", "alertseverity", "^severity", "finding.severity", "alert.severity",
		"severity", "incidentseverity", "severitylevel", "criticality", "^priority", "priority", "risklevel", "threatlevel", "urgency", "^level", "loglevel", "rank", "impactlevel",
		"confidencelevel", "rating", "importance",
	}
}

// guessSeverity takes the first name whose text is a rating, then numbers of
// scales that it knows.
func (d *draft) guessSeverity(all tree) {
	if d.alert.Severity != "" {
		return
	}
	words := hint{names: severityNames(), notBelow: []string{"vulnerabilities", "cvss", "stat"}}
	for _, candidate := range words.candidates(all) {
		if _, isNumber := number(candidate.value); isNumber {
			continue
		}
		if text, ok := scalarText(candidate.value); ok {
			if severity := severityWord(text); severity != "" {
				d.alert.Severity = severity
				d.guessed("severity")
				return
			}
		}
	}
	if d.alert.Severity = numericSeverity(all); d.alert.Severity != "" {
		d.guessed("severity")
	}
}

// numericSeverity knows scales by what stands beside the number. A number whose
// scale nobody knows is taken only above 5: below, scales that count from the
// worst down cannot be told from those that count up.
func numericSeverity(all tree) soar.Severity {
	find := func(patterns ...string) (float64, bool) {
		for _, candidate := range (hint{names: patterns}).candidates(all) {
			if n, ok := number(candidate.value); ok {
				return n, true
			}
		}
		return 0, false
	}
	has := func(pattern string) bool {
		return len(all.ending(pattern)) > 0
	}
	if n, ok := find("severityid"); ok && (has("classuid") || has("categoryuid") || has("typeuid")) {
		return ocsf(n)
	}
	if n, ok := find("threatlevelid"); ok {
		return inverted(n, "")
	}
	if n, ok := find("alert.severity", "severity"); ok && (has("signatureid") || has("flowid")) {
		return inverted(n, soar.SeverityLow)
	}
	if n, ok := find("severity.normalized", "riskscore", "threatscore", "severityscore", "score"); ok && n > 10 && n <= 100 {
		return hundred().at(n)
	}
	if n, ok := worstOf(all, "malwarescore", "phishscore", "impostorscore"); ok && n >= 1 {
		return hundred().at(n)
	}
	if n, ok := find("severity"); ok && slices.ContainsFunc(all.all, isGuardDuty) {
		return ten().at(n)
	}
	if n, ok := find("event.priority"); ok && has("eventdefinitiontitle") {
		return Scale{{4, soar.SeverityCritical}, {3, soar.SeverityHigh}, {2, soar.SeverityMedium}, {1, soar.SeverityLow}}.at(n)
	}
	if n, ok := find("cvssscore", "cvss", "basescore"); ok && n <= 10 {
		return ten().at(n)
	}
	n, ok := find(severityNames()...)
	switch {
	case !ok || n <= 5 || n > 100:
		return ""
	case n > 10:
		return hundred().at(n)
	default:
		return ten().at(n)
	}
}

// worstOf gives the largest number under any of the names.
func worstOf(all tree, patterns ...string) (worst float64, ok bool) {
	for _, pattern := range patterns {
		for _, l := range all.ending(pattern) {
			if n, isNumber := number(l.value); isNumber {
				worst, ok = max(worst, n), true
			}
		}
	}
	return worst, ok
}

func isGuardDuty(l leaf) bool {
	text, ok := l.value.(string)
	return ok && (strings.EqualFold(text, "guardduty") || strings.Contains(text, ":guardduty:") || text == "aws.guardduty")
}

// guessIndicators collects addresses of the web, hashes and domains from wherever
// they stand, and ATT&CK ids from texts that are one.
func (d *draft) guessIndicators(all tree) {
	found := map[string][]any{}
	for _, l := range all.all {
		if len(l.path) == 0 {
			continue
		}
		name := l.path[len(l.path)-1]
		for _, text := range texts(l.value) {
			if kind := indicatorKind(name, text); kind != "" {
				found[kind] = append(found[kind], text)
			}
		}
	}
	for _, f := range listFields() {
		if values := found[f.name]; len(values) > 0 && !f.has(&d.alert) && f.set(d, values[:min(len(values), 4*listMost)]) {
			d.guessed(f.name)
		}
	}
}

// indicatorKind says which list a text belongs in, by its form and its name; "" when none.
func indicatorKind(name, text string) string {
	switch {
	case strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "hxxp"):
		return "urls"
	case containsAny(name, "sha1", "sha256", "sha512", "md5", "hash", "checksum") && hashOf(text) != "":
		return "hashes"
	case containsAny(name, "domain", "fqdn", "dnsquery", "rrname") && domainOf(text) != "":
		return "domains"
	case containsAny(name, "technique", "mitre", "attack", "tag") && techniqueOf(text) != "":
		return "techniques"
	default:
		return ""
	}
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
