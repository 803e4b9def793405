package duty

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// Kind is what a fact is.
type Kind string

// Kinds of facts.
const (
	Moment Kind = "moment" // an instant, or a day where the time of day is not known
	Number Kind = "number"
	Flag   Kind = "flag"
	Word   Kind = "word"
	Words  Kind = "words" // a list
)

// Fact is one word of the vocabulary that packs and people share.
type Fact struct {
	Name    string
	Kind    Kind
	Means   string
	Aliases []string
	Assumed bool                // a moment taken to be the opening of the incident until somebody declares it
	Values  map[string][]string // of a Word: a value and other spellings of it
}

// Value is one declared fact.
type Value struct {
	At      time.Time     // of a Moment with a time of day; in the zone it was written in
	Day     calendar.Date // of a Moment without one
	Number  float64
	Flag    bool
	Text    string
	List    []string
	Assumed bool // nobody declared it
	Zoned   bool // At was written with its distance from UTC
	kind    Kind
}

// Facts are what is known about an incident, by the names of the vocabulary.
// Submissions of stages are Moments named ID_submitted.
type Facts map[string]Value

// On gives a Moment that is a day.
func On(d calendar.Date) Value { return Value{kind: Moment, Day: d} }

// At gives a Moment that is an instant.
func At(t time.Time) Value { return Value{kind: Moment, At: t, Zoned: true} }

// plain gives the value for expressions.
func (v Value) plain() any {
	switch v.kind {
	case Number:
		return v.Number
	case Flag:
		return v.Flag
	case Words:
		items := make([]any, len(v.List))
		for i, item := range v.List {
			items[i] = item
		}
		return items
	case Moment:
		return v.String()
	default:
		return v.Text
	}
}

// String gives a value as people write it.
func (v Value) String() string {
	switch {
	case v.kind == Moment && !v.Day.IsZero():
		return v.Day.String()
	case v.kind == Moment:
		return v.At.Format(time.RFC3339)
	case v.kind == Number:
		return strconv.FormatFloat(v.Number, 'f', -1, 64)
	case v.kind == Flag:
		return strconv.FormatBool(v.Flag)
	case v.kind == Words:
		return strings.Join(v.List, ", ")
	default:
		return v.Text
	}
}

func (f Fact) valueType() *expression.Type {
	switch f.Kind {
	case Number:
		return expression.Number()
	case Flag:
		return expression.Bool()
	case Words:
		return expression.ListOf(expression.Text())
	default:
		return expression.Text()
	}
}

// Parse reads a fact as people, JSON and YAML write it: a date, an instant with its
// distance from UTC, with the name of a zone behind it, or with neither (then in
// zone), a number, true or false, a word.
func (f Fact) Parse(raw any, zone *time.Location) (Value, error) {
	switch f.Kind {
	case Moment:
		return parseMoment(f.Name, raw, zone)
	case Number:
		return parseNumber(f.Name, raw)
	case Flag:
		return parseFlag(f.Name, raw)
	case Words:
		return parseWords(f.Name, raw)
	default:
		text, ok := raw.(string)
		if !ok {
			return Value{}, fmt.Errorf("fact %s must be text, not %v", f.Name, raw)
		}
		return Value{kind: Word, Text: f.canonical(text)}, nil
	}
}

// canonical gives the value that a spelling stands for, or the spelling in
// snake_case.
func (f Fact) canonical(text string) string {
	snake := Snake(text)
	for value, spellings := range f.Values {
		if snake == value || slices.ContainsFunc(spellings, func(s string) bool { return Snake(s) == snake }) {
			return value
		}
	}
	return snake
}

var notSnake = regexp.MustCompile(`[^a-z0-9]+`)

// Snake gives text in snake_case, so that spellings can be compared.
func Snake(text string) string {
	return strings.Trim(notSnake.ReplaceAllString(strings.ToLower(text), "_"), "_")
}

// zonedForms are instants with their distance from UTC.
func zonedForms() []string {
	return []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00"}
}

// localForms are instants without their distance from UTC.
func localForms() []string {
	return []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}
}

func parseMoment(name string, raw any, zone *time.Location) (Value, error) {
	if t, ok := raw.(time.Time); ok {
		return At(t), nil
	}
	text, ok := raw.(string)
	if !ok {
		return Value{}, fmt.Errorf("fact %s must be a date or a time, not %v", name, raw)
	}
	text = strings.TrimSpace(text)
	if d, err := calendar.ParseDate(text); err == nil {
		return On(d), nil
	}
	for _, form := range zonedForms() {
		if t, err := time.Parse(form, text); err == nil {
			return At(t), nil
		}
	}
	wall, named := cutZone(text)
	if named != nil {
		zone = named
	}
	for _, form := range localForms() {
		if t, err := time.Parse(form, wall); err == nil {
			at := calendar.Instant(calendar.DateOf(t), t.Hour()*60+t.Minute(), zone).Add(time.Duration(t.Second()) * time.Second)
			return Value{kind: Moment, At: at, Zoned: named != nil}, nil
		}
	}
	return Value{}, fmt.Errorf("fact %s is %q: write 2026-11-20, 2026-11-20T17:00, 2026-11-20T17:00:00+01:00 or 2026-11-20 17:00 Europe/Berlin", name, text)
}

// cutZone takes the name of a zone off the end of a time: "2026-11-20 17:00
// Europe/Berlin". The zone is nil when there is none, or when it says local.
func cutZone(text string) (wall string, zone *time.Location) {
	at := strings.LastIndexByte(text, ' ')
	if at < len(time.DateOnly)+1 {
		return text, nil
	}
	name := text[at+1:]
	if name == "local" {
		return text[:at], nil
	}
	zone, err := calendar.LoadZone(name)
	if err != nil {
		return text, nil
	}
	return text[:at], zone
}

func parseNumber(name string, raw any) (Value, error) {
	v := Value{kind: Number}
	var err error
	switch n := raw.(type) {
	case int:
		v.Number = float64(n)
	case float64:
		v.Number = n
	case json.Number:
		v.Number, err = n.Float64()
	case string:
		v.Number, err = strconv.ParseFloat(n, 64)
	default:
		err = fmt.Errorf("not a number")
	}
	if err != nil || v.Number < 0 {
		return Value{}, fmt.Errorf("fact %s must be a number from 0 up, not %v", name, raw)
	}
	return v, nil
}

func parseFlag(name string, raw any) (Value, error) {
	switch b := raw.(type) {
	case bool:
		return Value{kind: Flag, Flag: b}, nil
	case string:
		if b == "true" || b == "false" {
			return Value{kind: Flag, Flag: b == "true"}, nil
		}
	}
	return Value{}, fmt.Errorf("fact %s must be true or false, not %v", name, raw)
}

func parseWords(name string, raw any) (Value, error) {
	v := Value{kind: Words}
	switch list := raw.(type) {
	case string:
		for item := range strings.SplitSeq(list, ",") {
			v.List = append(v.List, strings.ToLower(strings.TrimSpace(item)))
		}
		return v, nil
	case []any:
		for _, item := range list {
			text, ok := item.(string)
			if !ok {
				return Value{}, fmt.Errorf("fact %s must be a list of text", name)
			}
			v.List = append(v.List, strings.ToLower(text))
		}
		return v, nil
	default:
		return Value{}, fmt.Errorf("fact %s must be a list of text, not %v", name, raw)
	}
}
