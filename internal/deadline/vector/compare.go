package vector

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// compare checks one expected value; ok is false when nobody knows its name or its
// form.
func compare(outcome duty.Outcome, key string, want any) (check Check, ok bool) {
	check = Check{Name: key, Want: fmt.Sprint(want)}
	switch key {
	case "applicable", "applies":
		return yesNo(check, want, outcome.Applies != duty.No)
	case "running_clock", "clock_running", "clock":
		return yesNo(check, want, outcome.Running())
	case "fixed_term", "has_fixed_term", "numeric_deadline":
		return yesNo(check, want, slices.ContainsFunc(outcome.Regime.Stages, func(s duty.Stage) bool { return s.Term.Fixed() }))
	case "status":
		check.Compared, check.Got = "word", string(outcome.Regime.Status)
		check.Equal = strings.HasPrefix(duty.Snake(check.Want), check.Got)
		return check, true
	}
	base, form := split(key)
	due := find(outcome, base)
	if due == nil {
		return check, false
	}
	return compareDue(check, *due, want, form)
}

func yesNo(check Check, want any, got bool) (Check, bool) {
	expected, ok := want.(bool)
	check.Got, check.Equal, check.Compared = fmt.Sprint(got), expected == got, "yes or no"
	return check, ok
}

// split cuts what a key says about the form of a due time from the stage it names:
// final_due_nominal is the stage final, before relief.
func split(key string) (base, form string) {
	parts := strings.Split(key, "_")
	for len(parts) > 0 {
		last := parts[len(parts)-1]
		switch {
		case last == "nominal" || last == "strict":
			form = "nominal"
		case slices.Contains([]string{"due", "date", "deadline", "by", "limit", "at", "relief", "with"}, last):
		default:
			return strings.Join(parts, "_"), form
		}
		parts = parts[:len(parts)-1]
	}
	return "", form
}

// find gives the due time that a name means. Of several stages with one name it is
// the one that applies.
func find(outcome duty.Outcome, base string) *duty.Due {
	var found *duty.Due
	for i, stage := range outcome.Regime.Stages {
		if base != "" && stage.ID != base && !slices.Contains(stage.Keys, base) {
			continue
		}
		if found == nil || rank(outcome, i, base) < rank(outcome, slices.Index(ids(outcome), found.Stage), base) {
			found = &outcome.Dues[i]
		}
	}
	return found
}

func ids(outcome duty.Outcome) []string {
	names := make([]string, len(outcome.Dues))
	for i, due := range outcome.Dues {
		names[i] = due.Stage
	}
	return names
}

// rank orders stages: running for certain, running on a condition, no clock, not
// due; without a name the main stage goes before the others that are as good.
func rank(outcome duty.Outcome, i int, base string) int {
	due, rank := outcome.Dues[i], 0
	switch {
	case due.State == duty.Running && due.If == "":
	case due.State == duty.Running:
		rank = 2
	case due.State != duty.NotDue:
		rank = 4
	default:
		rank = 6
	}
	if base == "" && !outcome.Regime.Stages[i].Main {
		rank++
	}
	return rank
}

func compareDue(check Check, due duty.Due, want any, form string) (Check, bool) {
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
	if form == "nominal" {
		at, day = due.Nominal, due.NominalOn
	}
	check.Got = shown(due, at, day)
	if due.State != duty.Running {
		check.Equal, check.Compared = due.State == duty.NoFixedTerm && duty.Snake(text) == duty.Snake(due.Why), "words"
		return check, true
	}
	return compareTime(check, due, at, text)
}

// compareTime compares a limit with a written one: a day with the day, an instant
// with the instant. Where the limit is the end of a day, an instant on that day
// with the time of the start, or its end, is equal.
func compareTime(check Check, due duty.Due, at time.Time, text string) (Check, bool) {
	if day, err := calendar.ParseDate(text); err == nil {
		check.Compared = "day"
		check.Equal = calendar.DateOf(at) == day
		return check, true
	}
	value, err := duty.Fact{Name: check.Name, Kind: duty.Moment}.Parse(text, at.Location())
	if err != nil {
		return check, false
	}
	check.Compared, check.Equal = "instant", value.At.Equal(at)
	if !due.Day.IsZero() && at.Equal(due.Day.End(at.Location())) {
		local := value.At.In(at.Location())
		sameDay := calendar.DateOf(local) == due.Day
		check.Compared = "day, and the time of day of the start"
		check.Equal = sameDay && (local.Format("15:04:05") == due.Start.Format("15:04:05") || local.Format("15:04") == "23:59")
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
