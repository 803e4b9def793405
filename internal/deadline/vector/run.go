package vector

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// Vector is one worked case.
type Vector struct {
	ID       string         `json:"id"`
	Regime   string         `json:"regime"`
	Input    map[string]any `json:"input"`
	Expected map[string]any `json:"expected"`
	Why      string         `json:"why"`
}

// Check is one expected value beside what was computed.
type Check struct {
	Name     string
	Want     string
	Got      string
	Equal    bool
	Compared string // what was compared: instant, day, yes or no
}

// Result is how one vector went.
type Result struct {
	Vector        Vector
	Checks        []Check
	NotUnderstood []string // names nobody knows, or values that cannot be read
}

// Passed tells whether everything was understood and equal. A vector that expects
// nothing has not passed.
func (r Result) Passed() bool {
	return len(r.NotUnderstood) == 0 && len(r.Checks) > 0 && !slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.Equal })
}

// Load reads a file of vectors.
func Load(file string) ([]Vector, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var content struct {
		Vectors []Vector `json:"vectors"`
	}
	if err := json.Unmarshal(source, &content); err != nil {
		return nil, fmt.Errorf("%s is not a file of vectors: %w", file, err)
	}
	if len(content.Vectors) == 0 {
		return nil, fmt.Errorf("%s holds no vectors", file)
	}
	return content.Vectors, nil
}

// Run computes one vector.
func Run(library *duty.Library, v Vector) Result {
	result := Result{Vector: v}
	regime := library.Regime(v.Regime)
	if regime == nil {
		result.NotUnderstood = append(result.NotUnderstood, fmt.Sprintf("regime %q", v.Regime))
		return result
	}
	in := input{library: library, regime: regime, facts: duty.Facts{}, setting: duty.Setting{Days: library.Days(regime)}}
	in.read(v.Input)
	result.NotUnderstood = in.unknown
	outcome := duty.Compute(regime, in.facts, in.setting)
	for _, key := range slices.Sorted(maps.Keys(v.Expected)) {
		check, ok := compare(outcome, key, v.Expected[key])
		if !ok {
			result.NotUnderstood = append(result.NotUnderstood, "expected "+key)
			continue
		}
		result.Checks = append(result.Checks, check)
	}
	return result
}

// input turns the input of a vector into facts.
type input struct {
	library *duty.Library
	regime  *duty.Regime
	facts   duty.Facts
	setting duty.Setting
	unknown []string
}

func (in *input) read(raw map[string]any) {
	in.readSetting(raw)
	var rest []string
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		switch {
		case isZone(key) || isHolidays(key):
		case slices.Contains(in.regime.Facts(), key):
			in.declare(key, raw[key])
		default:
			rest = append(rest, key)
		}
	}
	for _, key := range rest {
		in.other(key, raw[key])
	}
}

func isZone(key string) bool {
	return slices.Contains([]string{"tz", "timezone", "time_zone", "zone"}, key)
}

func isHolidays(key string) bool { return key == "holidays" || strings.HasSuffix(key, "_holidays") }

func (in *input) readSetting(raw map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		var err error
		switch {
		case isZone(key):
			in.setting.Zone, err = calendar.LoadZone(fmt.Sprint(raw[key]))
		case isHolidays(key):
			in.setting.Days, err = weekdays(raw[key])
		}
		if err != nil {
			in.unknown = append(in.unknown, key+": "+err.Error())
		}
	}
}

// weekdays gives Monday to Friday without the holidays of a vector.
func weekdays(raw any) (*calendar.Calendar, error) {
	list, ok := raw.([]any)
	if !ok {
		return nil, fmt.Errorf("no list of dates")
	}
	spec := calendar.Weekdays("vector", "UTC")
	for _, item := range list {
		day, err := calendar.ParseDate(fmt.Sprint(item))
		if err != nil {
			return nil, err
		}
		spec.Holidays = append(spec.Holidays, calendar.Holiday{From: day, To: day})
	}
	return calendar.New(spec)
}

// other takes a key that is no fact of the regime by name: an alias, a submission,
// an alias with _at or _date behind it, or a word of the vocabulary that the regime
// does not read.
func (in *input) other(key string, raw any) {
	if in.alias(key, raw) {
		return
	}
	if stage, ok := in.submission(key); ok {
		in.put(duty.Submitted(stage), duty.Fact{Name: key, Kind: duty.Moment}, raw)
		return
	}
	if in.alias(bare(key), raw) {
		return
	}
	if _, known := in.library.Fact(key); known {
		in.declare(key, raw)
		return
	}
	in.unknown = append(in.unknown, key)
}

// alias declares the first fact of the regime that has this other name, is not
// given by its own, and can be read from the value.
func (in *input) alias(name string, raw any) bool {
	for _, candidate := range in.regime.Facts() {
		fact, _ := in.library.Fact(candidate)
		if _, given := in.facts[candidate]; given || !slices.Contains(fact.Aliases, name) {
			continue
		}
		if _, err := fact.Parse(raw, in.library.Zone(in.regime)); err == nil {
			in.declare(candidate, raw)
			return true
		}
	}
	return false
}

func (in *input) declare(name string, raw any) {
	fact, _ := in.library.Fact(name)
	in.put(name, fact, raw)
}

func (in *input) put(name string, fact duty.Fact, raw any) {
	zone := in.library.Zone(in.regime)
	if in.setting.Zone != nil {
		zone = in.setting.Zone
	}
	value, err := fact.Parse(raw, zone)
	if err != nil {
		in.unknown = append(in.unknown, err.Error())
		return
	}
	in.facts[name] = value
}

// bare cuts off what names add to say that they are a time.
func bare(key string) string {
	for _, suffix := range []string{"_datetime", "_date", "_time", "_at", "_on"} {
		if cut, ok := strings.CutSuffix(key, suffix); ok {
			return cut
		}
	}
	return key
}

// submission finds the stage whose sending a key names: notification_submitted,
// latest_intermediate_submitted, consumers_notified.
func (in *input) submission(key string) (stage string, ok bool) {
	key = strings.TrimPrefix(strings.TrimPrefix(bare(key), "latest_"), "last_")
	named := ""
	for _, suffix := range []string{"_submitted", "_submission", "_sent", "_filed", "_made"} {
		if cut, is := strings.CutSuffix(key, suffix); is {
			named = cut
		}
	}
	for _, s := range in.regime.Stages {
		if slices.Contains(s.Sent, key) || named != "" && (s.ID == named || slices.Contains(s.Sent, named) || slices.Contains(s.Keys, named)) {
			return s.ID, true
		}
	}
	return "", false
}
