package vector

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// input turns the input of a vector into facts.
type input struct {
	library *duty.Library
	regime  *duty.Regime
	facts   duty.Facts
	setting duty.Setting
	unknown []string // cannot be read
	unused  []string // text that nobody asks for
	stage   string   // that a text of the input names
	remarks []string
}

func (in *input) read(raw map[string]any) {
	in.readSetting(raw)
	var rest []string
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		switch name := strings.Join(words(key), "_"); {
		case raw[key] == nil || isSetting(key):
		case slices.Contains(in.regime.Facts(), name):
			in.declare(name, raw[key])
		default:
			rest = append(rest, key)
		}
	}
	for _, key := range rest {
		in.other(key, raw[key])
	}
}

// other takes a key that is no fact of the regime by name, from what fits best to
// what fits at all: another name of a fact, a submission, one of the two with _at or
// _date behind it, a word of the vocabulary that the regime does not read, words
// that have the same meaning.
func (in *input) other(key string, raw any) {
	name := strings.Join(words(key), "_")
	if in.alias(name, raw) || in.submission(name, raw) || in.alias(bare(name), raw) {
		return
	}
	if fact, known := in.library.Fact(name); known {
		in.put(name, fact, raw)
		return
	}
	if fact := in.similar(name, raw); fact != "" {
		in.remarks = append(in.remarks, key+" is read as "+fact)
		return
	}
	_, text := raw.(string)
	_, noTime := duty.Fact{Name: key, Kind: duty.Moment}.Parse(raw, time.UTC)
	switch {
	case in.named(raw):
		in.remarks = append(in.remarks, key+" is read by its value")
	case in.elsewhere(bare(name), raw):
		in.remarks = append(in.remarks, key+" is not what this regime asks for")
	case text && noTime != nil:
		in.unused = append(in.unused, key)
	default:
		in.unknown = append(in.unknown, key)
	}
}

// alias declares the first fact of the regime that has this other name, is not
// given by its own, and can be read from the value.
func (in *input) alias(name string, raw any) bool {
	for _, candidate := range in.regime.Facts() {
		fact, _ := in.library.Fact(candidate)
		if slices.Contains(fact.Aliases, name) && in.take(fact, raw) {
			return true
		}
	}
	return false
}

// take declares a fact that is not given yet when the value can be read as it.
func (in *input) take(fact duty.Fact, raw any) bool {
	if _, given := in.facts[fact.Name]; given {
		return false
	}
	value, err := in.parse(fact, raw)
	if err == nil {
		in.facts[fact.Name] = value
	}
	return err == nil
}

// named reads a text whose value, whatever its key, is a flag of the regime or one
// of its stages: severity: serious, kind: other.
func (in *input) named(raw any) bool {
	text, ok := raw.(string)
	value := duty.Snake(text)
	if !ok || value == "" {
		return false
	}
	for _, name := range in.regime.Facts() {
		fact, _ := in.library.Fact(name)
		if fact.Kind == duty.Flag && (fact.Name == value || slices.Contains(fact.Aliases, value)) {
			return in.take(fact, true)
		}
	}
	for _, stage := range in.regime.Stages {
		if stage.ID == value || slices.Contains(stage.Keys, value) {
			in.stage = stage.ID
			return true
		}
	}
	return false
}

// elsewhere tells whether the vocabulary has this name for something that the
// regime does not ask for, or has already.
func (in *input) elsewhere(name string, raw any) bool {
	for _, fact := range in.library.Vocabulary() {
		if _, err := in.parse(fact, raw); err == nil && slices.Contains(fact.Aliases, name) {
			return true
		}
	}
	return false
}

// empty are words of a name that say nothing about which moment it is.
func empty() []string {
	return []string{"at", "on", "date", "time", "datetime", "timestamp", "ts", "utc", "local", "of", "the", "a", "an", "is", "was", "has", "been", "by", "when", "incident", "event",
		"organisation", "organization", "company", "controller", "registrant", "moment", "instant", "day", "first", "became", "becomes", "become", "clock", "start", "starts", "started", "t0", "from", "trigger",
		"same", "after", "varies", "end", "calendar", "year"}
}

// similar declares the fact whose name or other name has the same words, or more of
// them than every other, and gives its name. A name without meaning, such as start
// or time, is what starts the clock of the main stage.
func (in *input) similar(name string, raw any) string {
	asked := meaning(name, empty()...)
	if len(asked) == 0 {
		return in.beginning(raw)
	}
	if at := slices.Index(asked, "submit"); at >= 0 {
		return in.sent(slices.Delete(asked, at, at+1), raw)
	}
	best, most := duty.Fact{}, 0
	for _, candidate := range in.regime.Facts() {
		fact, _ := in.library.Fact(candidate)
		if _, given := in.facts[candidate]; given {
			continue
		}
		if _, err := in.parse(fact, raw); err != nil {
			continue
		}
		for _, other := range append([]string{fact.Name}, fact.Aliases...) {
			has := meaning(other, empty()...)
			if common := min(len(has), len(asked)); common > most && (within(has, asked) || within(asked, has)) {
				best, most = fact, common
			}
		}
	}
	if most == 0 || !in.take(best, raw) {
		return ""
	}
	return best.Name
}

// sent declares the submission of the stage that has most of the words.
func (in *input) sent(asked []string, raw any) string {
	best, most := "", 0
	for _, s := range in.regime.Stages {
		for _, name := range append([]string{s.ID}, append(s.Keys, s.Sent...)...) {
			if has := meaning(name, empty()...); within(has, asked) && len(has) > most {
				best, most = s.ID, len(has)
			}
		}
	}
	if best == "" || !in.take(duty.Fact{Name: duty.Submitted(best), Kind: duty.Moment}, raw) {
		return ""
	}
	return duty.Submitted(best)
}

func (in *input) beginning(raw any) string {
	for _, stage := range in.regime.Stages {
		if !stage.Main {
			continue
		}
		fact, known := in.library.Fact(stage.Start.Fact)
		if known && in.take(fact, raw) {
			return fact.Name
		}
	}
	return ""
}

// submission finds the stage whose sending a key names: notification_submitted,
// latest_intermediate_submitted, consumers_notified.
func (in *input) submission(key string, raw any) bool {
	key = strings.TrimPrefix(strings.TrimPrefix(bare(key), "latest_"), "last_")
	named := ""
	for _, suffix := range []string{"_submitted", "_submission", "_sent", "_filed", "_made", "_delivered", "_given", "_lodged", "_provided", "_notified", "_transmitted"} {
		if cut, is := strings.CutSuffix(key, suffix); is {
			named = cut
		}
	}
	for _, s := range in.regime.Stages {
		if !slices.Contains(s.Sent, key) && (named == "" || s.ID != named && !slices.Contains(s.Sent, named) && !slices.Contains(s.Keys, named) && !within(meaning(named, "the"), meaning(s.Name))) {
			continue
		}
		fact := duty.Fact{Name: duty.Submitted(s.ID), Kind: duty.Moment}
		if in.take(fact, raw) {
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
	value, err := in.parse(fact, raw)
	if err != nil {
		in.unknown = append(in.unknown, err.Error())
		return
	}
	in.facts[name] = value
}

// parse reads a value. A flag may also be given as yes and no, or by a word that is
// one of its names: size: small.
func (in *input) parse(fact duty.Fact, raw any) (duty.Value, error) {
	zone := in.library.Zone(in.regime)
	if in.setting.Zone != nil {
		zone = in.setting.Zone
	}
	if text, ok := raw.(string); ok && fact.Kind == duty.Flag {
		switch word := duty.Snake(text); {
		case word == "yes" || slices.Contains(fact.Aliases, word):
			raw = true
		case word == "no":
			raw = false
		}
	}
	return fact.Parse(raw, zone)
}

// bare cuts off what names add to say that they are a time.
func bare(key string) string {
	for _, suffix := range []string{"_datetime", "_timestamp", "_date", "_time", "_at", "_on", "_utc", "_ts"} {
		if cut, ok := strings.CutSuffix(key, suffix); ok {
			return bare(cut)
		}
	}
	return key
}

func isZone(key string) bool {
	return slices.Contains([]string{"tz", "timezone", "time_zone", "zone", "tz_name", "iana_zone", "local_timezone", "local_tz"}, strings.Join(words(key), "_"))
}

func isHolidays(key string) bool {
	name := words(key)
	return len(name) > 0 && slices.Contains([]string{"holidays", "holiday"}, name[len(name)-1]) || slices.Contains([]string{"closed_days", "non_business_days"}, strings.Join(name, "_"))
}

func isWeekend(key string) bool {
	return slices.Contains([]string{"weekend", "weekend_days", "rest_days"}, strings.Join(words(key), "_"))
}

// isCountry tells whether a key names the country whose working days count.
func isCountry(key string) bool {
	return slices.Contains([]string{"country", "country_code", "member_state", "calendar"}, strings.Join(words(key), "_"))
}

func isSetting(key string) bool {
	return isZone(key) || isHolidays(key) || isWeekend(key) || isCountry(key)
}

// readSetting reads where days are counted and which of them are closed. Holidays
// of the vector go before those of a calendar that ships.
func (in *input) readSetting(raw map[string]any) {
	spec, own := calendar.Weekdays("vector", "UTC"), false
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		var err error
		switch {
		case isZone(key):
			in.setting.Zone, err = calendar.LoadZone(fmt.Sprint(raw[key]))
		case isHolidays(key):
			own = true
			var more []calendar.Holiday
			more, err = holidays(raw[key])
			spec.Holidays = append(spec.Holidays, more...)
		case isWeekend(key):
			own = true
			err = rest(&spec, raw[key])
		case isCountry(key):
			in.country(key, fmt.Sprint(raw[key]))
		}
		if err != nil {
			in.unknown = append(in.unknown, key+": "+err.Error())
		}
	}
	if !own {
		return
	}
	days, err := calendar.New(spec)
	if err != nil {
		in.unknown = append(in.unknown, err.Error())
		return
	}
	in.setting.Days = days
}

// country takes the calendar that ships for a country.
func (in *input) country(key, name string) {
	var days *calendar.Calendar
	for _, suffix := range []string{"", "_federal", "_national"} {
		if found := in.library.Calendar(strings.ToLower(name) + suffix); days == nil {
			days = found
		}
	}
	if days == nil {
		in.unused = append(in.unused, key)
		return
	}
	in.setting.Days = days
	in.remarks = append(in.remarks, "working days are those of the calendar "+days.Name())
}

func holidays(raw any) ([]calendar.Holiday, error) {
	list, ok := raw.([]any)
	if !ok {
		return nil, fmt.Errorf("no list of dates")
	}
	var out []calendar.Holiday
	for _, item := range list {
		if entry, is := item.(map[string]any); is {
			item = entry["date"]
		}
		day, err := calendar.ParseDate(fmt.Sprint(item))
		if err != nil {
			return nil, err
		}
		out = append(out, calendar.Holiday{From: day, To: day})
	}
	return out, nil
}

// rest makes the named days of the week those on which nobody works.
func rest(spec *calendar.Spec, raw any) error {
	list, ok := raw.([]any)
	if !ok {
		return fmt.Errorf("no list of days of the week")
	}
	working := spec.Week[time.Monday]
	closed := [7]bool{}
	for _, item := range list {
		at := -1
		for day := range closed {
			name := strings.ToLower(time.Weekday(day).String())
			if given := strings.ToLower(fmt.Sprint(item)); len(given) >= 3 && strings.HasPrefix(name, given) {
				at = day
			}
		}
		if at < 0 {
			return fmt.Errorf("%v is no day of the week", item)
		}
		closed[at] = true
	}
	for day := range closed {
		spec.Week[day] = working
		if closed[day] {
			spec.Week[day] = nil
		}
	}
	return nil
}
