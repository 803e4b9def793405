package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	"github.com/tocsin-soar/tocsin/internal/show/labels"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// payload is one file and what became of it.
type payload struct {
	name   string // below the folder, with slashes
	body   []byte
	source string // the door; generic for the general one
	kind   string // Content-Type
	what   string // what INDEX.tsv says of it
	class  string // what its labels say of it

	status   int
	reason   string   // of a refusal
	fault    string   // an answer that is not described, or none
	ids      []string // of its alerts, in their order
	alerts   []soar.Alert
	raw      []byte // the bytes kept beside its alerts, of payloads that a mapping chooses fields from
	unparsed int
	opened   bool // one of its alerts is the one that opened an incident
}

// collection is a folder of payloads with what is known of them.
type collection struct {
	from   string
	files  []*payload
	labels []labels.Label
	traps  []trap
}

// shippedSamples is what is sent when there is no folder of payloads.
const shippedSamples = "internal/intake/sources/testdata"

// gather reads the folder and the tables beside it.
func gather(o options) (*collection, error) {
	c := &collection{from: o.files}
	if _, err := os.Stat(o.files); errors.Is(err, fs.ErrNotExist) {
		say("%s is not here: the shipped samples are sent instead, which have no labels", o.files)
		c.from = shippedSamples
	}
	shipped, faults := mapping.LoadSources("")
	if faults.HasErrors() {
		return nil, fmt.Errorf("the shipped sources: %s", faults[0].Message)
	}
	index, err := describe(c.from)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(c.from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(c.from, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(below)
		folder, _, nested := strings.Cut(name, "/")
		if !nested || strings.HasSuffix(name, ".alert.json") || strings.HasSuffix(name, ".md") {
			return nil
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		p := &payload{name: name, body: body, source: sourceOf(folder, shipped.Names()), kind: kindOf(name), what: index[name]}
		if o.generic {
			p.source = genericSource
		}
		c.files = append(c.files, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(c.files) == 0 {
		return nil, fmt.Errorf("%s holds no payloads: expected one folder for each vendor, with files in it", c.from)
	}
	return c, c.known(o)
}

// known reads labels and traps, as far as they are there.
func (c *collection) known(o options) error {
	var err error
	if c.labels, err = labels.Load(o.labels); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, l := range c.labels {
		if p := c.find(l.File); p != nil {
			p.class = l.Class
		}
	}
	c.traps, err = readTraps(filepath.Join(c.from, "traps.tsv"))
	return err
}

func (c *collection) find(name string) *payload {
	at, ok := slices.BinarySearchFunc(c.files, name, func(p *payload, name string) int { return strings.Compare(p.name, name) })
	if !ok {
		return nil
	}
	return c.files[at]
}

// describe reads what INDEX.tsv says of each file; nothing when it is not there.
func describe(folder string) (map[string]string, error) {
	file, err := os.Open(filepath.Join(folder, "INDEX.tsv"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := labels.Table(file)
	if err != nil {
		return nil, fmt.Errorf("INDEX.tsv: %w", err)
	}
	index := map[string]string{}
	for _, row := range rows {
		index[row["file"]] = row["what"]
	}
	return index, nil
}

const genericSource = "generic"

// sourceOf gives the shipped source for a folder: the one of its name, with or
// without the vendor before it; the generic door for all others.
func sourceOf(folder string, shipped []string) string {
	named := map[string]string{
		"aws_guardduty": "guardduty", "aws_securityhub": "security_hub", "microsoft_defender_xdr": "defender_xdr", "microsoft_defender_atp": "defender_xdr",
		"microsoft_graph": "defender_xdr", "microsoft_sentinel": "sentinel", "proofpoint_tap": "proofpoint", "trivy_operator": "trivy",
	}
	for _, name := range []string{folder, named[folder]} {
		if name != "" && slices.Contains(shipped, name) {
			return name
		}
	}
	return genericSource
}

func kindOf(name string) string {
	switch filepath.Ext(name) {
	case ".ndjson", ".jsonl":
		return "application/x-ndjson"
	case ".xml":
		return "application/xml"
	case ".json", "":
		return "application/json"
	default:
		return "text/plain"
	}
}

// noAlert is how collections of payloads mark what must not open an incident.
var noAlert = regexp.MustCompile(`(?i)(^|[^a-z])(resolved|benign|non[-_ ]?(alert|threat|malicious)|normal|false[-_ ]positive|closed|json schema|schema|skeleton)([^a-z]|$)`)

// saysNoAlert tells whether the name, the class or the note of a payload says that
// it is none that anybody should be called for.
func (p *payload) saysNoAlert() bool {
	if strings.HasSuffix(p.class, "-remediated") {
		return false
	}
	return noAlert.MatchString(filepath.Base(p.name)) || noAlert.MatchString(p.class) || strings.Contains(strings.ToLower(p.what), "json schema") || strings.Contains(strings.ToLower(p.what), "skeleton")
}

// notByRule tells a payload that a rule of another product does not fire on. That
// rule is not in the payload, so it does not bind; it is told beside.
func (p *payload) notByRule() bool { return strings.Contains(p.what, "should fire: False") }
