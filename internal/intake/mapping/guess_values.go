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
// scales that it knows. What the tool said is kept in its own words, also when
// nobody knows its scale.
func (d *draft) guessSeverity(all tree) {
	rated := hint{names: severityNames(), notBelow: []string{"vulnerabilities", "cvss", "stat"}}.candidates(all)
	severity, said := worded(rated)
	if severity == "" {
		severity, said = numericSeverity(all, rated)
	}
	if d.alert.Severity == "" && severity != "" {
		d.alert.Severity = severity
		d.guessed("severity")
	}
	if text := line(said); d.alert.Reported == "" && text != "" {
		d.alert.Reported = d.short("reported_severity", text, ratingMost)
		if !slices.Contains(d.alert.Guessed, "severity") {
			d.guessed("reported_severity")
		}
	}
}

// ratingMost is how many bytes of a tool's own rating are kept.
const ratingMost = 200

// worded gives the first rating that is a word.
func worded(rated []leaf) (severity soar.Severity, said string) {
	for _, candidate := range rated {
		if _, isNumber := number(candidate.value); isNumber {
			continue
		}
		text, _ := scalarText(candidate.value)
		if severity := severityWord(text); severity != "" {
			return severity, text
		}
	}
	return "", ""
}

// scale says which numbers are ratings, by the shape of the body they stand in.
type scale struct {
	names []string
	fits  func(tree) bool
	read  func(float64) soar.Severity
}

// scales lists the scales that are known by what stands beside the number, the
// surest first.
func scales() []scale {
	return []scale{
		{[]string{"severityid"}, having("classuid", "categoryuid", "typeuid"), ocsf},
		{[]string{"threatlevelid"}, always, func(n float64) soar.Severity { return inverted(n, "") }},
		{[]string{"alert.severity", "severity"}, having("signatureid", "flowid"), func(n float64) soar.Severity { return inverted(n, soar.SeverityLow) }},
		{[]string{"severity.normalized", "riskscore", "threatscore", "severityscore", "score"}, always, between(10, 100, hundred())},
		{[]string{"malwarescore", "phishscore", "impostorscore"}, always, between(0, 100, hundred())},
		{[]string{"severity"}, func(all tree) bool { return slices.ContainsFunc(all.all, isGuardDuty) }, ten().at},
		{[]string{"event.priority"}, having("eventdefinitiontitle"), Scale{{4, soar.SeverityCritical}, {3, soar.SeverityHigh}, {2, soar.SeverityMedium}, {1, soar.SeverityLow}}.at},
		{[]string{"cvssscore", "cvss", "basescore"}, always, between(0, 10, ten())},
	}
}

func always(tree) bool { return true }

// having asks for one of the names.
func having(names ...string) func(tree) bool {
	return func(all tree) bool {
		return slices.ContainsFunc(names, func(name string) bool { return len(all.ending(name)) > 0 })
	}
}

// between reads a scale for numbers above one bound and up to another.
func between(above, most float64, s Scale) func(float64) soar.Severity {
	return func(n float64) soar.Severity {
		if n <= above || n > most {
			return ""
		}
		return s.at(n)
	}
}

// numericSeverity gives the worst number of the first scale that fits. A number
// whose scale nobody knows is read as far as it means the same on most scales, and
// is in any case what the tool said.
func numericSeverity(all tree, rated []leaf) (severity soar.Severity, said string) {
	for _, s := range scales() {
		if !s.fits(all) {
			continue
		}
		if severity, said := s.worst(all); severity != "" {
			return severity, said
		}
	}
	for _, candidate := range rated {
		if n, ok := number(candidate.value); ok {
			text, _ := scalarText(candidate.value)
			return unknownScale(n, candidate.path[len(candidate.path)-1]), text
		}
	}
	return "", ""
}

// worst reads all numbers under the first of the names that has one.
func (s scale) worst(all tree) (severity soar.Severity, said string) {
	for _, candidate := range (hint{names: s.names}).candidates(all) {
		if n, ok := number(candidate.value); ok && s.read(n).Rank() > severity.Rank() {
			severity = s.read(n)
			said, _ = scalarText(candidate.value)
		}
	}
	return severity, said
}

// unknownScale reads a number whose scale nobody knows. Small numbers count from
// the worst down on some scales: priorities do so everywhere, of ratings only the
// middle is taken.
func unknownScale(n float64, name string) soar.Severity {
	switch {
	case n > 10 && n <= 100:
		return hundred().at(n)
	case n > 5 && n <= 10:
		return ten().at(n)
	case strings.Contains(name, "priority") || name == "urgency":
		return Scale{{5, soar.SeverityInfo}, {4, soar.SeverityLow}, {3, soar.SeverityMedium}, {2, soar.SeverityHigh}, {1, soar.SeverityCritical}}.at(n)
	case n >= 3 && n <= 5:
		return Scale{{4, soar.SeverityHigh}, {3, soar.SeverityMedium}}.at(n)
	default:
		return ""
	}
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
