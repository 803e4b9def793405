package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/oncall"
)

const (
	turnLeast   = time.Hour
	turnMost    = 366 * 24 * time.Hour
	coverFor    = 14 * 24 * time.Hour // windows repeat weekly
	layersMost  = 10
	peopleMost  = 200
	personBytes = 200
)

// dayNames are those of the file, by time.Weekday.
func dayNames() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// Roster gives the roster of this name, or nil.
func (p *Policy) Roster(name string) *oncall.Roster {
	i := slices.IndexFunc(p.Rosters, func(r oncall.Roster) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Rosters[i]
}

func (s *sheet) rosters(root *strictyaml.Node) []oncall.Roster {
	if !s.Keys(root, "the file", []string{"version", "rosters"}, []string{"version", "rosters"}) {
		return nil
	}
	s.version(root.Get("version"))
	list := root.Get("rosters")
	if list == nil || !s.Is(list, strictyaml.Map, "rosters") {
		return nil
	}
	var rosters []oncall.Roster
	seen := map[string]bool{}
	for _, entry := range list.Entries {
		rosters = append(rosters, s.roster(entry, seen))
	}
	return rosters
}

func (s *sheet) roster(entry strictyaml.Entry, seen map[string]bool) oncall.Roster {
	n, roster := entry.Value, oncall.Roster{}
	before := len(s.List)
	roster.Name = s.id(entry.Key, "the name of a roster", seen)
	if !s.Keys(n, "a roster", []string{"zone", "layers"}, []string{"zone", "layers"}) {
		return roster
	}
	zone := s.zone(n.Get("zone"))
	roster.Zone = zone.String()
	layers := s.some(n.Get("layers"), "layers")
	if len(layers) > layersMost {
		s.Fault(n.Get("layers"), strictyaml.RuleRange, fmt.Sprintf("a roster has at most %d layers", layersMost), "")
		return roster
	}
	names := map[string]bool{}
	for _, item := range layers {
		roster.Layers = append(roster.Layers, s.layer(item, zone, names))
	}
	if len(s.List) == before && len(roster.Layers) > 0 {
		s.cover(entry.Key, roster)
	}
	return roster
}

func (s *sheet) layer(n *strictyaml.Node, zone *time.Location, seen map[string]bool) oncall.Layer {
	layer := oncall.Layer{Zone: zone}
	required := []string{"name", "people", "starting", "handover", "turn"}
	if !s.Keys(n, "a layer", append([]string{"zone", "only"}, required...), required) {
		return layer
	}
	layer.Name = s.id(n.Get("name"), "name", seen)
	if own := n.Get("zone"); own != nil {
		layer.Zone = s.zone(own)
	}
	layer.People = s.people(n.Get("people"))
	layer.Starting = s.starting(n.Get("starting"), n.Get("handover"))
	turn := n.Get("turn")
	layer.Turn = s.Duration(turn, "turn", turnLeast, turnMost)
	if turn != nil && !turn.Bad && layer.Turn%time.Hour != 0 {
		s.Fault(turn, strictyaml.RuleRange, "turn must be whole hours", "write 7d, 1d or 12h")
	}
	for _, item := range s.items(n.Get("only"), "only") {
		layer.Only = append(layer.Only, s.window(item))
	}
	if only := n.Get("only"); only != nil && !only.Bad && len(only.Items) == 0 {
		s.Fault(only, ruleEmpty, "only must not be empty", "leave it out, and the layer always counts")
	}
	return layer
}

func (s *sheet) people(n *strictyaml.Node) []string {
	if n != nil && n.Kind == strictyaml.List && len(n.Items) == 0 {
		s.Fault(n, ruleEmpty, "nobody is in this layer", "name at least one person by id, as in tocsin person list")
		return nil
	}
	people := s.texts(n, "people")
	if len(people) > peopleMost {
		s.Fault(n, strictyaml.RuleRange, fmt.Sprintf("a layer has at most %d people", peopleMost), "")
	}
	for i, person := range people {
		if person == "" || len(person) > personBytes || strings.ContainsAny(person, " \t\n") {
			s.Fault(n.Items[min(i, len(n.Items)-1)], ruleForm, "this is not a person's id", "as in tocsin person list, such as ada@lab.invalid")
		}
	}
	return people
}

// zone reads an IANA name. It gives UTC where there is a fault.
func (s *sheet) zone(n *strictyaml.Node) *time.Location {
	name := s.Text(n, "zone")
	if n == nil || n.Bad {
		return time.UTC
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		s.Fault(n, ruleForm, fmt.Sprintf("%.60q is not a time zone", name), "use the name of the IANA database, such as Europe/Berlin or UTC")
		return time.UTC
	}
	return zone
}

func (s *sheet) starting(date, handover *strictyaml.Node) oncall.Wall {
	day := s.date(date, "starting")
	clock := s.clock(handover, "handover")
	if date == nil || date.Bad {
		return oncall.Wall{}
	}
	wall, err := oncall.ParseWall(day + "T00:00")
	if err != nil { // s.date has read it
		s.Fault(date, ruleForm, err.Error(), "")
	}
	return wall.Add(time.Duration(clock.Minutes) * time.Minute)
}

func (s *sheet) clock(n *strictyaml.Node, what string) oncall.Clock {
	text := s.Text(n, what)
	if n == nil || n.Bad {
		return oncall.Clock{}
	}
	clock, err := oncall.ParseClock(text)
	if err != nil {
		s.Fault(n, ruleForm, what+" must be a time of day", `write it in quotes: "08:00"`)
	}
	return clock
}

func (s *sheet) window(n *strictyaml.Node) oncall.Window {
	window := oncall.Window{}
	keys := []string{"days", "from", "until"}
	if !s.Keys(n, "a window", keys, keys) {
		return window
	}
	for _, item := range s.some(n.Get("days"), "days") {
		name := s.Choice(item, "a day", dayNames())
		if at := slices.Index(dayNames(), name); at >= 0 {
			window.Days = append(window.Days, time.Weekday(at))
		}
	}
	window.From, window.Until = s.clock(n.Get("from"), "from"), s.clock(n.Get("until"), "until")
	return window
}

// cover warns where nobody is on call: looked at for two weeks from the moment at
// which all layers have begun.
func (s *sheet) cover(key *strictyaml.Node, roster oncall.Roster) {
	var from time.Time
	for _, layer := range roster.Layers {
		if begins := oncall.Instant(layer.Starting, layer.Zone); begins.After(from) {
			from = begins
		}
	}
	gaps := roster.Gaps(from, from.Add(coverFor), oncall.Changes{})
	if len(gaps) == 0 {
		return
	}
	zone, err := time.LoadLocation(roster.Zone)
	if err != nil { // it was read before
		zone = time.UTC
	}
	const form = "Mon 2006-01-02 15:04"
	s.warn(key, ruleGap, fmt.Sprintf("nobody is on call by roster %s from %s until %s", roster.Name, gaps[0].From.In(zone).Format(form), gaps[0].Until.In(zone).Format(form+" MST")),
		fmt.Sprintf("%d such gaps in two weeks; add a layer without only, or let an escalation go on to a role", len(gaps)))
}
