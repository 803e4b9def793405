package twin

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Scenario is one incident with what people say about it.
type Scenario struct {
	Name     string
	Incident soar.Incident
	Policy   protocol.ObjectivePolicy
	Changes  []timeline.Change // by time, none at the same second as another
	Often    bool              // the workflow continues as new whenever it may
	Traits   []string          // what is special about it
}

// author makes scenarios up.
type author struct {
	*rand.Rand
	library *duty.Library
}

// Scenarios gives n of them, the same for the same seed.
func Scenarios(seed uint64, n int, library *duty.Library) ([]Scenario, error) {
	out := make([]Scenario, n)
	for i := range out {
		a := author{rand.New(rand.NewPCG(seed, uint64(i))), library}
		var err error
		if out[i], err = a.scenario(i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func pick[T any](a author, from ...T) T { return from[a.IntN(len(from))] }

func (a author) chance(percent int) bool { return a.IntN(100) < percent }

// opening is a kind of moment at which an incident may be opened.
type opening struct {
	trait, zone, day string
}

func openings() []opening {
	return []opening{
		{"weekend", "Europe/Berlin", "2026-11-20"}, {"weekend", "America/Chicago", "2026-05-22"}, {"weekend", "Asia/Kolkata", "2026-08-14"},
		{"change of clocks", "Europe/Berlin", "2026-03-27"}, {"change of clocks", "Europe/London", "2026-10-23"},
		{"change of clocks", "America/New_York", "2026-03-06"}, {"change of clocks", "America/New_York", "2026-10-30"},
		{"change of clocks", "Australia/Sydney", "2026-04-03"}, {"change of clocks", "Australia/Lord_Howe", "2026-10-02"},
		{"end of the year", "Europe/Zurich", "2026-12-23"}, {"end of the year", "Asia/Tokyo", "2026-12-30"}, {"leap day", "Asia/Singapore", "2028-02-28"},
	}
}

func (a author) scenario(n int) (Scenario, error) {
	o := openings()[n%len(openings())]
	zone, err := calendar.LoadZone(o.zone)
	if err != nil {
		return Scenario{}, err
	}
	day, err := calendar.ParseDate(o.day)
	if err != nil {
		return Scenario{}, err
	}
	at := calendar.Instant(day, 0, zone).Add(time.Duration(a.IntN(60*60)) * time.Minute).UTC()
	s := Scenario{Often: n%4 == 3, Traits: []string{o.trait}, Incident: soar.Incident{
		ID: fmt.Sprintf("INC-2026-TWIN%02d", n%100), Title: "An incident that happens twice", Status: soar.StatusReported, TLP: soar.TLPAmber,
		Severity: pick(a, soar.Severities()...), Category: pick(a, soar.CategoryPhishing, soar.CategoryUndetermined), OpenedBy: soar.System("show"), OpenedAt: at,
	}}
	s.Name = fmt.Sprintf("%02d %s, opened %s", n, s.Incident.Severity, at.In(zone).Format("Mon 2006-01-02 15:04 MST"))
	if s.Policy, err = a.policy(o.zone, day); err != nil {
		return s, err
	}
	a.happen(&s)
	if s.Often {
		s.Traits = append(s.Traits, "continued as new")
	}
	return s, nil
}

// policy gives rules for all objectives, for some with a calendar.
func (a author) policy(zone string, day calendar.Date) (protocol.ObjectivePolicy, error) {
	p := protocol.ObjectivePolicy{Name: "twin", Version: "1", AgreedBy: "nobody", AgreedOn: "2026-01-01"}
	spec := calendar.Spec{Name: "office", Zone: zone, Holidays: []calendar.Holiday{
		{From: day.AddDays(3), To: day.AddDays(3)}, {From: calendar.Date{Year: 2000, Month: time.December, Day: 25}, To: calendar.Date{Year: 2000, Month: time.December, Day: 26}, Yearly: true},
	}}
	for weekday := time.Monday; weekday <= time.Friday; weekday++ {
		spec.Week[weekday] = []calendar.Span{{From: 8 * 60, To: 12 * 60}, {From: 12*60 + 30, To: (16 + a.IntN(9)) * 60}}
	}
	spec.Week[time.Sunday] = pick(a, nil, []calendar.Span{{From: 60, To: 240}}) // over the change of clocks
	raw, err := json.Marshal(spec)
	if err != nil {
		return p, err
	}
	p.Calendars = map[string]json.RawMessage{"office": raw}
	for i, severity := range soar.Severities() {
		for _, name := range []string{"acknowledge", "triage", "contain", "recover", "close"} {
			if !a.chance(60) {
				continue
			}
			rule := a.rule(fmt.Sprintf("%s_%d", name, i), name)
			rule.Severities = []soar.Severity{severity}
			p.Rules = append(p.Rules, rule)
		}
	}
	report := a.rule("report", "report")
	report.Stop = `incident.facts.report_sent ?? false`
	p.Rules = append(p.Rules, report)
	return p, nil
}

func (a author) rule(id, name string) protocol.ObjectiveRule {
	rule := protocol.ObjectiveRule{ID: id, Objective: name, Within: time.Duration(10+a.IntN(6000)) * time.Minute, Calendar: pick(a, "", "office")}
	for share := 0.0; len(rule.WarnAt) < 5 && a.chance(70); {
		if share += 0.05 + a.Float64()/4; share >= 1 {
			break
		}
		rule.WarnAt = append(rule.WarnAt, share)
	}
	if name != "acknowledge" && a.chance(60) {
		rule.Pause = `incident.facts.waiting ?? false`
	}
	if name == "recover" && a.chance(50) {
		rule.Start = `incident.status == "contained"`
	}
	if a.chance(25) {
		rule.OnBreach = []protocol.ObjectiveAction{{Declare: map[string]any{"waiting": true}}}
	}
	return rule
}

// happen makes up what people say, and puts facts of some duties in.
func (a author) happen(s *Scenario) {
	trait := func(name string) {
		if !slices.Contains(s.Traits, name) {
			s.Traits = append(s.Traits, name)
		}
	}
	facts, stages := a.facts(s.Incident.OpenedAt)
	if a.chance(50) {
		s.Incident.Facts = facts
	}
	var after time.Duration
	status := s.Incident.Status
	for range 2 + a.IntN(7) {
		after += time.Duration(1+a.IntN(40*60))*time.Minute + 17*time.Second // never the very second at which a clock rings
		change := timeline.Change{At: s.Incident.OpenedAt.Add(after)}
		switch a.IntN(7) {
		case 0, 1:
			change.Severity = pick(a, soar.Severities()...)
			trait("severity changed")
		case 2, 3:
			change.Facts = map[string]any{"waiting": a.chance(50)}
			trait("clocks paused")
		case 4:
			if next := pick(a, soar.StatusAssessed, soar.StatusContained, soar.StatusRecovered); status.MayBecome(next) {
				change.Status, status = next, next
			}
		case 5:
			change.Facts = facts
			trait("duties")
		default:
			change.Facts = map[string]any{"report_sent": true}
		}
		s.Changes = append(s.Changes, change)
	}
	for _, name := range stages {
		if after += time.Duration(1+a.IntN(30*60))*time.Minute + 17*time.Second; a.chance(50) {
			trait("notices sent")
			s.Changes = append(s.Changes, timeline.Change{At: s.Incident.OpenedAt.Add(after), Sent: name})
		}
	}
	if s.Incident.Facts != nil {
		trait("duties")
	}
}

// facts gives what makes some regimes apply, with their stages.
func (a author) facts(opened time.Time) (facts map[string]any, stages []string) {
	facts = map[string]any{"processor": false, "ongoing": false}
	var where []any
	for range 1 + a.IntN(3) {
		regime := a.library.Regimes[a.IntN(len(a.library.Regimes))]
		for _, place := range regime.Where {
			where = append(where, place)
		}
		for _, name := range regime.Facts() {
			if fact, known := a.library.Fact(name); known && name != duty.Jurisdictions && a.chance(85) {
				facts[name] = a.value(fact, opened)
			}
		}
		for _, stage := range regime.Stages {
			stages = append(stages, regime.ID+"/"+stage.ID)
		}
	}
	facts[duty.Jurisdictions] = where
	return facts, stages
}

func (a author) value(fact duty.Fact, opened time.Time) any {
	switch fact.Kind {
	case duty.Moment:
		at := opened.Add(time.Duration(a.IntN(72*60)-24*60) * time.Minute)
		return pick(a, at.Format(time.RFC3339), at.Format("2006-01-02"))
	case duty.Number:
		return float64(pick(a, 1, 400, 600, 5000, 2_000_000))
	case duty.Flag:
		return a.chance(80)
	default:
		var words []string
		for word := range fact.Values {
			words = append(words, word)
		}
		if slices.Sort(words); len(words) == 0 {
			return "other"
		}
		return pick(a, words...)
	}
}
