package duty

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// Rules that faults of packs are reported under, besides those of strictyaml and
// calendar.
const (
	RuleTwice     = "duty_twice"     // a name that stands twice
	RuleForm      = "duty_form"      // an id or a text of the wrong form
	RuleFact      = "duty_fact"      // a fact that the vocabulary does not have
	RuleTerm      = "duty_term"      // a stage without a term, or with two
	RuleStage     = "duty_stage"     // a stage that follows one that is not there
	RuleCycle     = "duty_cycle"     // stages that wait for each other
	RuleCondition = "duty_condition" // an expression that does not compile
)

var (
	wordForm   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	regimeForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// reader reads one file.
type reader struct {
	strictyaml.Reader
	builder *builder
	layer   int
}

// first tells whether a name may be given here: it was not given in this layer.
func (r *reader) first(n *strictyaml.Node, kind, name string) bool {
	key := kind + " " + name
	layer, given := r.builder.layers[key]
	if given && layer == r.layer {
		r.Fault(n, RuleTwice, fmt.Sprintf("%s %q stands twice", kind, name), "give it once; a file of the site replaces the shipped one")
		return false
	}
	r.builder.layers[key] = r.layer
	return true
}

func (r *reader) text(n *strictyaml.Node, what string) string {
	text := r.Text(n, what)
	if n != nil && !n.Bad && (strings.TrimSpace(text) == "" || len(text) > 2_000) {
		r.Fault(n, RuleForm, what+" must have 1 to 2000 bytes", "")
	}
	return text
}

// optional is text of a key that may be absent.
func (r *reader) optional(n *strictyaml.Node, key string) string {
	if value := n.Get(key); value != nil {
		return r.text(value, key)
	}
	return ""
}

func (r *reader) texts(n *strictyaml.Node, key string) []string {
	if value := n.Get(key); value != nil {
		return r.Strings(value, key)
	}
	return nil
}

func (r *reader) items(n *strictyaml.Node, what string) []*strictyaml.Node {
	if n == nil || !r.Is(n, strictyaml.List, what) {
		return nil
	}
	return n.Items
}

// vocabulary reads facts.yaml.
func (r *reader) vocabulary(root *strictyaml.Node) {
	if !r.Keys(root, "the file", []string{"facts"}, []string{"facts"}) || !r.Is(root.Get("facts"), strictyaml.Map, "facts") {
		return
	}
	kinds := []string{string(Moment), string(Number), string(Flag), string(Word), string(Words)}
	for _, entry := range root.Get("facts").Entries {
		name := entry.Key.Text
		if !wordForm.MatchString(name) {
			r.Fault(entry.Key, RuleForm, "a fact must be named in snake_case", "")
		}
		if !r.Keys(entry.Value, "a fact", []string{"kind", "means", "aliases", "assumed", "values"}, []string{"kind", "means"}) || !r.first(entry.Key, "fact", name) {
			continue
		}
		fact := Fact{Name: name, Kind: Kind(r.Choice(entry.Value.Get("kind"), "kind", kinds)), Means: r.text(entry.Value.Get("means"), "means"),
			Aliases: r.texts(entry.Value, "aliases"), Assumed: r.Bool(entry.Value.Get("assumed"), "assumed")}
		if values := entry.Value.Get("values"); values != nil && r.Is(values, strictyaml.Map, "values") {
			fact.Values = map[string][]string{}
			for _, v := range values.Entries {
				fact.Values[v.Key.Text] = r.Strings(v.Value, "the spellings of a value")
			}
		}
		if fact.Assumed && fact.Kind != Moment {
			r.Fault(entry.Value.Get("assumed"), RuleFact, "only a moment can be assumed", "")
		}
		r.builder.library.facts[name] = fact
	}
}

// calendars reads calendars.yaml.
func (r *reader) calendars(root *strictyaml.Node) {
	if !r.Keys(root, "the file", []string{"calendars"}, []string{"calendars"}) || !r.Is(root.Get("calendars"), strictyaml.Map, "calendars") {
		return
	}
	for _, entry := range root.Get("calendars").Entries {
		spec := calendar.Read(&r.Reader, entry.Value, entry.Key.Text)
		if !r.first(entry.Key, "calendar", spec.Name) || r.List.HasErrors() {
			continue
		}
		c, err := calendar.New(spec)
		if err != nil {
			r.Fault(entry.Key, calendar.RuleHours, err.Error(), "")
			continue
		}
		r.builder.library.calendars[spec.Name] = c
	}
}

// site reads site.yaml.
func (r *reader) site(root *strictyaml.Node) {
	if !r.Keys(root, "the file", []string{"zone", "calendar", "only", "facts", "warn_at", "notices"}, nil) {
		return
	}
	site := Site{Only: r.texts(root, "only"), WarnAt: r.builder.library.Site.WarnAt}
	if shares := root.Get("warn_at"); shares != nil {
		site.WarnAt = r.shares(shares)
	}
	if zone := root.Get("zone"); zone != nil {
		site.Zone = calendar.ReadZone(&r.Reader, zone)
	}
	site.Calendar = r.calendarName(root.Get("calendar"))
	for i, id := range site.Only {
		if !slices.ContainsFunc(r.builder.library.Regimes, func(x Regime) bool { return x.ID == id }) {
			r.Fault(root.Get("only").Items[i], RuleForm, fmt.Sprintf("there is no regime %q", id), "see `tocsin duty packs`")
		}
	}
	if facts := root.Get("facts"); facts != nil && r.Is(facts, strictyaml.Map, "facts") {
		site.Facts = map[string]any{}
		for _, entry := range facts.Entries {
			if !r.knownFact(entry.Key, entry.Key.Text) {
				continue
			}
			if _, err := r.builder.library.facts[entry.Key.Text].Parse(entry.Value.Data(), utc()); err != nil {
				r.Fault(entry.Value, RuleFact, err.Error(), "")
			}
			site.Facts[entry.Key.Text] = entry.Value.Data()
		}
	}
	site.Notices = r.notices(root.Get("notices"))
	r.builder.library.Site = site
}

// NoticeFamilies are the names of the families of notices, which a site may give
// templates for. Package notice has them with what they mean.
func NoticeFamilies() []string {
	return []string{"breach_authority", "breach_people", "early_warning", "incident_notification", "final_report", "sec_8k", "sector"}
}

// mostNotice bounds a template, in bytes.
const mostNotice = 8 << 10

// notices reads templates of drafts: a family, or regime/stage, and its text.
func (r *reader) notices(n *strictyaml.Node) map[string]string {
	if n == nil || !r.Is(n, strictyaml.Map, "notices") {
		return nil
	}
	out := map[string]string{}
	for _, entry := range n.Entries {
		name, text := entry.Key.Text, r.Text(entry.Value, "a template")
		regime, stage, _ := strings.Cut(name, "/")
		known := r.builder.library.find(regime)
		switch {
		case !slices.Contains(NoticeFamilies(), name) && (known == nil || known.Stage(stage) == nil):
			r.Fault(entry.Key, RuleForm, fmt.Sprintf("%q is neither a family of notices nor regime/stage", name), hintFor(name, NoticeFamilies()))
		case len(text) > mostNotice:
			r.Fault(entry.Value, RuleForm, fmt.Sprintf("a template has at most %d bytes, this one %d", mostNotice, len(text)), "")
		}
		out[name] = text
	}
	return out
}

// find gives a regime while the library is not sorted yet.
func (l *Library) find(id string) *Regime {
	at := slices.IndexFunc(l.Regimes, func(r Regime) bool { return r.ID == id })
	if at < 0 {
		return nil
	}
	return &l.Regimes[at]
}

// shares reads warn_at: shares of the time, rising.
func (r *reader) shares(n *strictyaml.Node) []float64 {
	var shares []float64
	for _, item := range r.items(n, "warn_at") {
		share, ok := item.Data().(float64)
		if !ok || share <= 0 || share >= 1 || len(shares) > 0 && share <= shares[len(shares)-1] {
			r.Fault(item, strictyaml.RuleRange, "warn_at must hold numbers above 0 and below 1 that rise", "write [0.5, 0.8]")
			continue
		}
		shares = append(shares, share)
	}
	return shares
}

func (r *reader) calendarName(n *strictyaml.Node) string {
	if n == nil {
		return ""
	}
	name := r.Text(n, "calendar")
	if _, there := r.builder.library.calendars[name]; !there && !n.Bad {
		r.Fault(n, RuleForm, fmt.Sprintf("there is no calendar %q", name), "calendars stand in "+CalendarsFile)
	}
	return name
}

func (r *reader) knownFact(n *strictyaml.Node, name string) bool {
	if _, known := r.builder.library.facts[name]; known || n.Bad {
		return known
	}
	names := slices.Sorted(maps.Keys(r.builder.library.facts))
	hint := "facts stand in " + FactsFile
	if closest := hintFor(name, names); closest != "" {
		hint = closest
	}
	r.Fault(n, RuleFact, fmt.Sprintf("there is no fact %q", name), hint)
	return false
}
