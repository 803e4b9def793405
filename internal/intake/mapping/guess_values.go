package mapping

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// severityNames are names under which tools put a rating, the best first. The text
// decides; a bare number only where the shape of the body says what it counts.
func severityNames() []string {
	return []string{
		"severity.label", "severitylabel", "severityname", "kibana.alert.severity", "securityseveritylevel", "alertseverity", "^severity", "finding.severity", "alert.severity",
		"severity", "incidentseverity", "eventseverity", "threatseverity", "severitylevel", "severitytext", "severity.name", "severity.value", "severity.level", "severity.displayname", "severitydescription", "criticality", "^priority", "priority", "priority.name", "priority.label", "priority.summary",
		"riskfactor", "risklevel", "risk.level", "threatlevel", "urgency", "^level", "loglevel", "sev", "rank", "impactlevel", "alertlevel", "servicestate", "hoststate",
		"confidencelevel", "rating", "importance", "*severity", "*priority", "*risklevel", "*urgency", "*criticality", "severityscore", "syslogseverity", "^risk", "^status", "attributes.status",
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
	if said == "" {
		said = unknownWord(rated)
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
		severity := severityWord(text)
		if candidate.name() == "status" && !soar.Severity(strings.ToLower(text)).Valid() {
			continue // what it says is a standing and no rating
		}
		if severity != "" {
			return severity, text
		}
	}
	return "", ""
}

// unknownWord gives a rating in a word that nobody knows: it is still what the
// tool said.
func unknownWord(rated []leaf) string {
	for _, candidate := range rated {
		text, isText := candidate.value.(string)
		name := candidate.name()
		if isText && len(text) <= 40 && (strings.HasSuffix(name, "severity") || strings.HasSuffix(name, "priority") || name == "criticality" || name == "risklevel") {
			return text
		}
	}
	return ""
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
		{[]string{"syslogseverity"}, always, syslog},
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
			return unknownScale(n, candidate.name()), text
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

// guessIndicators collects addresses of the web, hashes, domains and what else can
// be looked for from wherever they stand, and ATT&CK ids from texts that hold one.
func (d *draft) guessIndicators(all tree) {
	found := map[string][]any{}
	for _, l := range all.all {
		for _, text := range texts(l.value) {
			for _, f := range indicators(l.name(), l.path, text) {
				found[f.kind] = append(found[f.kind], f.text)
			}
		}
	}
	for _, f := range listFields() {
		values := slices.DeleteFunc(found[f.name], func(text any) bool {
			return text == d.alert.SourceIP || text == d.alert.DestIP || text == d.alert.Host.IP
		})
		if f.has(&d.alert) && f.name != "techniques" && f.name != "tags" {
			continue
		}
		if len(values) > 0 && d.add(f, values[:min(len(values), 4*listMost)]) {
			d.guessed(f.name)
		}
	}
}

// add puts values behind those that a list has, and tells whether it grew.
func (d *draft) add(f field, values []any) bool {
	if f.name != "techniques" && f.name != "tags" {
		return f.set(d, values)
	}
	list := &d.alert.Techniques
	if f.name == "tags" {
		list = &d.alert.Tags
	}
	before := len(*list)
	for _, text := range *list {
		values = append(values, text)
	}
	if before > 0 && slices.Contains(d.alert.Guessed, f.name) || before == 0 {
		f.set(d, values)
	}
	return len(*list) > before
}

// finding is a text that belongs in a list of an alert.
type finding struct{ kind, text string }

// indicators says what can be looked for in one text, by its form and by the name
// that it stands under.
func indicators(name string, path []string, text string) []finding {
	switch {
	case strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "hxxp"):
		return []finding{{"urls", text}}
	case containsAny(name, "sha1", "sha256", "sha512", "md5", "hash", "checksum") && hashOf(text) != "":
		return []finding{{"hashes", text}}
	case containsAny(name, "pattern") && strings.HasPrefix(text, "["):
		return quotedParts(text)
	case containsAny(name, "technique", "mitre", "attack", "attck", "tag") && techniqueOf(text) != "":
		var all []finding
		for _, id := range techniquesOf(text) {
			all = append(all, finding{"techniques", id})
		}
		return all
	case name == "technique" || name == "techniquename" || name == "techniques":
		return []finding{{"tags", text}}
	case address(text) != "":
		return []finding{{"indicators", address(text)}}
	case containsAny(name, "sender", "fromaddress", "from", "mailfrom") && isMail(text):
		return []finding{{"indicators", text}}
	case containsAny(name, "domain", "fqdn", "dnsquery", "rrname", "dns", "query") && domainOf(text) != "":
		return []finding{{"domains", text}}
	case speaksOfFile(name, path) && len(text) <= 512 && !strings.Contains(text, "\n"):
		return []finding{{"indicators", text}}
	default:
		return nil
	}
}

// speaksOfFile tells names of files, their paths and programs, and of what a tool
// itself calls an indicator or a threat.
func speaksOfFile(name string, path []string) bool {
	switch name {
	case "file", "filename", "filepath", "path", "binary", "exe", "exepath", "executable", "imagepath", "imagefile", "image", "processname", "processpath", "parentprocess", "process", "malware", "malwarename",
		"threat", "threatname", "indicator", "ioc", "observable", "artifact", "indicatorvalue", "iocvalue", "attachment", "attachments", "cmdline", "commandline", "objectname", "targetfilename", "filefullpath":
		return true
	case "name", "fullpath":
		return len(path) > 1 && (path[len(path)-2] == "file" || path[len(path)-2] == "process")
	case "value":
		return len(path) > 1 && slices.Contains([]string{"indicator", "indicators", "iocs", "ioc", "observables", "observable", "artifacts", "attribute"}, path[len(path)-2])
	default:
		return strings.HasSuffix(name, "filename") || strings.HasSuffix(name, "filepath") || strings.HasSuffix(name, "imagepath")
	}
}

// quotedParts gives the values in a pattern such as STIX has: [file:name = 'x'].
func quotedParts(text string) []finding {
	var all []finding
	for _, part := range quoted.FindAllStringSubmatch(text, listMost) {
		kind := "indicators"
		switch value := part[1]; {
		case hashOf(value) != "":
			kind = "hashes"
		case strings.HasPrefix(value, "http"):
			kind = "urls"
		case domainOf(value) != "":
			kind = "domains"
		}
		all = append(all, finding{kind, part[1]})
	}
	return all
}

var (
	quoted   = regexp.MustCompile(`=\s*'([^']{2,1000})'`)
	mailForm = regexp.MustCompile(`^[^\s@<>]{1,128}@[^\s@<>]{1,253}$`)
	fromForm = regexp.MustCompile(`(?i)\b(?:from|source|client|src)[ =:]+(?:ip[ =:]+)?\[?([0-9a-f.:]{7,39})\b`)
)

// isMail tells a mail address, or a list that starts with one.
func isMail(value any) bool {
	all := texts(value)
	return len(all) > 0 && mailForm.MatchString(all[0])
}

// guessSource takes the address that a message speaks of as its source, when no
// field does.
func (d *draft) guessSource() {
	if d.alert.SourceIP != "" {
		return
	}
	for _, text := range []string{d.alert.Title, d.alert.Description} {
		if part := fromForm.FindStringSubmatch(text); part != nil && address(part[1]) != "" {
			d.alert.SourceIP = address(part[1])
			d.guessed("source_ip")
			return
		}
	}
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
