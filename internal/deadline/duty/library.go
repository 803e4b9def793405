package duty

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// Files with a meaning of their own; every other YAML file is a pack.
const (
	FactsFile     = "facts.yaml"     // the vocabulary
	CalendarsFile = "calendars.yaml" // working days
	SiteFile      = "site.yaml"      // what a site says about itself
)

// File is one file of packs. A later file of the same layer may not repeat what an
// earlier one has; a file of a higher layer replaces it.
type File struct {
	Name   string // as shown in faults
	Layer  int    // 0: shipped; 1: the site's
	Source []byte
}

// Library is all regimes with what they need.
type Library struct {
	Regimes   []Regime // by id
	Site      Site
	Digest    string // SHA-256 hex over the files, for the record
	facts     map[string]Fact
	calendars map[string]*calendar.Calendar
	weekdays  *calendar.Calendar
}

// Site is what an installation says about itself.
type Site struct {
	Zone     string            // that days are counted in where a regime has none; empty: UTC
	Calendar string            // of working days where a regime has none
	Only     []string          // regimes that can apply at all; empty: all
	Facts    map[string]any    // hold for every incident, until one declares otherwise
	Notices  map[string]string // templates of drafts, by family or by regime/stage; see package notice
	WarnAt   []float64         // shares of a stage's time at which to warn; 0.5 and 0.8 when the site does not say
}

// Read reads all files. The library is nil when the list has errors.
func Read(files []File) (*Library, diag.List) {
	weekdays, err := calendar.New(calendar.Weekdays("weekdays", "UTC"))
	if err != nil {
		panic("duty: " + err.Error()) // it has no holidays and a zone that always exists
	}
	b := &builder{library: &Library{facts: map[string]Fact{}, calendars: map[string]*calendar.Calendar{}, weekdays: weekdays}}
	b.layers = map[string]int{}
	b.library.Site.WarnAt = []float64{0.5, 0.8}
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(x, y File) int {
		return cmp.Or(cmp.Compare(x.Layer, y.Layer), cmp.Compare(order(x.Name), order(y.Name)), cmp.Compare(x.Name, y.Name))
	})
	// Words and calendars of all layers come first, since packs of every layer use them.
	slices.SortStableFunc(files, func(x, y File) int { return cmp.Compare(min(order(x.Name), 2), min(order(y.Name), 2)) })
	digest := sha256.New()
	for _, file := range files {
		fmt.Fprintf(digest, "%s %d\n%s", path.Base(file.Name), len(file.Source), file.Source)
		b.file(file)
	}
	b.list.Sort()
	if b.list.HasErrors() {
		return nil, b.list
	}
	slices.SortFunc(b.library.Regimes, func(x, y Regime) int { return strings.Compare(x.ID, y.ID) })
	b.library.Digest = hex.EncodeToString(digest.Sum(nil))
	return b.library, b.list
}

func order(name string) int {
	switch path.Base(name) {
	case FactsFile:
		return 0
	case CalendarsFile:
		return 1
	case SiteFile:
		return 3
	default:
		return 2
	}
}

// builder fills a library file by file.
type builder struct {
	library *Library
	layers  map[string]int // "regime x", "fact y", "calendar z" -> layer that gave it
	list    diag.List
	facts   expression.Environment // of conditions; made when the first is read, after the vocabulary
}

// environment gives the words that conditions may read.
func (b *builder) environment() expression.Environment {
	if b.facts == nil {
		b.facts = expression.Environment{}
		for name, fact := range b.library.facts {
			b.facts[name] = fact.valueType()
		}
	}
	return b.facts
}

// Bounds of one file.
const (
	fileBytes = 512 << 10
	fileNodes = 20_000
)

func (b *builder) file(file File) {
	document, faults := strictyaml.Load(file.Name, file.Source, strictyaml.Limits{Bytes: fileBytes, Nodes: fileNodes})
	r := &reader{Reader: strictyaml.Reader{File: file.Name, List: faults}, builder: b, layer: file.Layer}
	if document != nil {
		switch path.Base(file.Name) {
		case FactsFile:
			r.vocabulary(document.Root)
		case CalendarsFile:
			r.calendars(document.Root)
		case SiteFile:
			r.site(document.Root)
		default:
			r.pack(document.Root)
		}
	}
	b.list = append(b.list, r.List...)
}

// Regime gives the regime of this id, or nil.
func (l *Library) Regime(id string) *Regime {
	at, found := slices.BinarySearchFunc(l.Regimes, id, func(r Regime, id string) int { return strings.Compare(r.ID, id) })
	if !found {
		return nil
	}
	return &l.Regimes[at]
}

// Fact gives a word of the vocabulary.
func (l *Library) Fact(name string) (Fact, bool) {
	fact, ok := l.facts[name]
	return fact, ok
}

// Vocabulary lists the words that packs and people share, by name.
func (l *Library) Vocabulary() []Fact {
	return slices.SortedFunc(maps.Values(l.facts), func(x, y Fact) int { return strings.Compare(x.Name, y.Name) })
}

// Calendar gives the calendar of this name, or nil.
func (l *Library) Calendar(name string) *calendar.Calendar { return l.calendars[name] }

// Days gives the calendar of working days of a regime.
func (l *Library) Days(r *Regime) *calendar.Calendar {
	if days := l.calendars[cmp.Or(r.Calendar, l.Site.Calendar)]; days != nil {
		return days
	}
	return l.weekdays
}

// Zone gives the zone that a regime's days are counted in here.
func (l *Library) Zone(r *Regime) *time.Location {
	zone, err := calendar.LoadZone(cmp.Or(r.Zone, l.Site.Zone, "UTC"))
	if err != nil {
		return time.UTC
	}
	return zone
}

// InScope tells whether the site says that a regime can apply to it.
func (l *Library) InScope(r *Regime) bool {
	return len(l.Site.Only) == 0 || slices.Contains(l.Site.Only, r.ID)
}
