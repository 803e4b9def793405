package vector

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// comparison holds what was computed against what a vector expects.
type comparison struct {
	outcome duty.Outcome
	stage   string // what a due time without a name means; empty: the main one
}

// compare checks one expected value; ok is false when nobody knows its name or its
// form.
func (c comparison) compare(key string, want any) (check Check, ok bool) {
	check = Check{Name: key, Want: fmt.Sprint(want)}
	if want == nil {
		check.Want = "nothing"
	}
	e := c.expectation(key)
	switch e.about {
	case aboutStatus:
		check.Compared, check.Got = "word", string(c.outcome.Regime.Status)
		check.Equal = strings.HasPrefix(duty.Snake(check.Want), check.Got)
		return check, true
	case aboutLaw:
		is := map[string]duty.Status{"force": duty.InForce, "proposed": duty.Proposed, "voluntary": duty.Voluntary}[e.unit]
		return yesNo(check, want, (c.outcome.Regime.Status == is) != e.not)
	case aboutApplies, aboutRuns, aboutFixed:
		return c.answer(check, e, want)
	case aboutNothing:
	}
	due := c.find(e.stage)
	if due == nil {
		return check, false
	}
	stage := c.outcome.Regime.Stage(due.Stage)
	switch {
	case e.about == aboutRecipient:
		check.Compared, check.Got = "words", stage.Recipient
		check.Equal = within(meaning(check.Want), meaning(check.Got)) || within(meaning(check.Got), meaning(check.Want))
		return check, true
	case e.about == aboutState:
		return sameState(check, *due), true
	case e.about == aboutCapped:
		return yesNo(check, want, due.Capped)
	case e.about == aboutTerm || isNumber(want):
		return sameTerm(check, stage.Term, e.unit, want)
	case want == true:
		return yesNo(check, want, due.State == duty.Running)
	default:
		return compareDue(check, *due, want, e.nominal)
	}
}

// answer compares yes or no, about a stage or about the regime.
func (c comparison) answer(check Check, e expectation, want any) (Check, bool) {
	applies, runs := c.outcome.Applies != duty.No, c.outcome.Running()
	fixed := slices.ContainsFunc(c.outcome.Regime.Stages, func(s duty.Stage) bool { return s.Term.Fixed() })
	if len(e.stage) > 0 {
		due := c.find(e.stage)
		if due == nil {
			return check, false
		}
		applies, runs = due.State != duty.NotDue && c.outcome.Applies != duty.No, due.State == duty.Running
		fixed = c.outcome.Regime.Stage(due.Stage).Term.Fixed()
	}
	got := applies
	switch e.about {
	case aboutRuns:
		got = runs
	case aboutFixed:
		got = fixed
	default:
	}
	return yesNo(check, want, got != e.not)
}

func yesNo(check Check, want any, got bool) (Check, bool) {
	expected, ok := want.(bool)
	check.Got, check.Equal, check.Compared = strconv.FormatBool(got), expected == got, "yes or no"
	return check, ok
}

func isNumber(raw any) bool {
	switch raw.(type) {
	case float64, json.Number:
		return true
	default:
		return false
	}
}

var termForm = regexp.MustCompile(`^p?t?(\d+)\s*(.*)$`)

// sameTerm compares how long a stage has: 72 hours, 4 business days, P30D, PT72H, or
// a number whose name says the unit.
func sameTerm(check Check, term duty.Term, unit string, want any) (Check, bool) {
	check.Compared, check.Got = "term", term.String()
	if want == nil {
		check.Equal = !term.Fixed()
		return check, true
	}
	text := strings.ToLower(strings.TrimSpace(fmt.Sprint(want)))
	parts := termForm.FindStringSubmatch(text)
	if parts == nil {
		check.Equal = !term.Fixed() && sameWords(text, term.Words) || unitOf(text) != "" && unitOf(text) == unitOf(check.Got)
		return check, true
	}
	count, _, _ := strings.Cut(check.Got, " ")
	got := unitOf(check.Got)
	if unit == "days" && got == "working" {
		unit = got // filing_days does not say of which kind
	}
	if unit == "" {
		unit = unitOf(parts[2])
	}
	check.Equal = parts[1] == count && (unit == "" || unit == got)
	return check, true
}

// unitOf gives the unit that a text speaks of.
func unitOf(text string) string {
	switch {
	case strings.Contains(text, "business") || strings.Contains(text, "working"):
		return "working"
	case strings.Contains(text, "hour") || text == "h":
		return "hours"
	case strings.Contains(text, "day") || text == "d":
		return "days"
	case strings.Contains(text, "month") || text == "m":
		return "months"
	default:
		return ""
	}
}

func compareDue(check Check, due duty.Due, want any, nominal bool) (Check, bool) {
	if want == nil || want == false {
		check.Want, check.Got, check.Compared = "no due time", shown(due, due.At, due.Day), "whether something is due"
		check.Equal = due.State != duty.Running
		return check, true
	}
	text, ok := want.(string)
	if !ok {
		return check, false
	}
	at, day := due.At, due.Day
	if nominal {
		at, day = due.Nominal, due.NominalOn
	}
	check.Got = shown(due, at, day)
	if due.State != duty.Running {
		return sameState(check, due), true
	}
	if check, ok := compareTime(check, due, at, text); ok {
		return check, true
	}
	if state(text) == "" {
		return check, false
	}
	return sameState(check, due), true
}

// state gives the state that words of a vector stand for; empty when there is none.
func state(text string) duty.State {
	for state, spellings := range map[duty.State][]string{
		duty.Running:     {"running", "started", "ticking", "open"},
		duty.Waiting:     {"waiting", "not_started", "pending", "clock_not_started", "not_yet_started", "awaiting_start"},
		duty.NotRunning:  {"not_running", "proposed", "proposed_only", "voluntary", "no_clock", "not_in_force", "no_running_clock", "bill"},
		duty.NotDue:      {"not_due", "not_applicable", "n_a", "na", "not_required", "none", "no_duty"},
		duty.NoFixedTerm: {"no_fixed_term", "qualitative", "no_fixed_deadline", "no_numeric_deadline", "no_deadline", "no_number"},
	} {
		if slices.Contains(spellings, duty.Snake(text)) {
			return state
		}
	}
	return ""
}

// sameState compares a stage without a due time with the words for it.
func sameState(check Check, due duty.Due) Check {
	check.Compared, check.Got = "words", strings.ReplaceAll(string(due.State), "_", " ")
	if due.State == duty.NoFixedTerm {
		check.Got += ": " + due.Why
	}
	check.Equal = state(check.Want) == due.State || due.State == duty.NoFixedTerm && sameWords(check.Want, due.Why)
	return check
}

// sameWords tells whether two ways to say that a term has no number have the same
// words, or one has more of them.
func sameWords(a, b string) bool {
	x, y := meaning(a), meaning(b)
	return within(x, y) || within(y, x)
}

var oneDate = regexp.MustCompile(`^[^0-9:]*(\d{4}-\d{2}-\d{2})[^0-9:]*$`)

// compareTime compares a limit with a written one: a day with the day, an instant
// with the instant. Where the limit is the end of a day, an instant on that day with
// the time of the start, or its end, is equal.
func compareTime(check Check, due duty.Due, at time.Time, text string) (Check, bool) {
	value, err := duty.Fact{Name: check.Name, Kind: duty.Moment}.Parse(text, at.Location())
	if date := oneDate.FindStringSubmatch(text); err != nil && date != nil {
		value, err = duty.Fact{Name: check.Name, Kind: duty.Moment}.Parse(date[1], at.Location())
	}
	switch {
	case err != nil:
		return check, false
	case !value.Day.IsZero():
		check.Compared, check.Equal = "day", calendar.DateOf(at) == value.Day
		return check, true
	case due.Day.IsZero() || !at.Equal(due.Day.End(at.Location())):
		check.Compared, check.Equal = "instant", value.At.Equal(at)
		return check, true
	}
	check.Compared = "day, and the time of day of the start or its end"
	check.Equal = value.At.Equal(at)
	for _, shown := range []time.Time{value.At, value.At.In(at.Location())} {
		clock := shown.Format("15:04:05")
		sameTime := clock == due.Start.In(shown.Location()).Format("15:04:05") || clock == due.Start.Format("15:04:05") || strings.HasPrefix(clock, "23:59")
		check.Equal = check.Equal || calendar.DateOf(shown) == due.Day && sameTime
	}
	return check, true
}

func shown(due duty.Due, at time.Time, day calendar.Date) string {
	switch {
	case due.State != duty.Running:
		return strings.ReplaceAll(string(due.State), "_", " ")
	case !day.IsZero():
		return day.String()
	default:
		return at.Format(time.RFC3339)
	}
}
