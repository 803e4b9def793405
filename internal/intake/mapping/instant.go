package mapping

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The years that are believed. What lies outside is a counter, a version or a
// "not ended yet" such as 0001-01-01.
const (
	earliestYear = 1970
	latestYear   = 2199
)

// epochLeast is 1990-01-01: smaller numbers are not taken for times.
const epochLeast = 631_152_000

// parseInstant reads a time as detection tools write it. assumed tells that the
// text had no zone and UTC was taken. It answers false for what is no time.
//
// It reads RFC 3339 with any number of digits and with a space for the T, zones as
// +0000, +01.00, +01 and UTC, no zone at all, a date alone, RFC 1123 and ctime,
// and seconds, milliseconds, microseconds and nanoseconds since 1970, as numbers,
// as text and with a fraction.
func parseInstant(value any) (at time.Time, assumed, ok bool) {
	switch v := value.(type) {
	case json.Number:
		at, ok = parseEpoch(string(v))
	case int:
		at, ok = parseEpoch(strconv.Itoa(v))
	case float64:
		at, ok = parseEpoch(strconv.FormatFloat(v, 'f', -1, 64))
	case string:
		at, assumed, ok = parseInstantText(strings.TrimSpace(v))
	}
	if !ok || at.Year() < earliestYear || at.Year() > latestYear {
		return time.Time{}, false, false
	}
	return at.UTC(), assumed, true
}

func parseInstantText(text string) (at time.Time, assumed, ok bool) {
	if len(text) < 8 || len(text) > 64 {
		return time.Time{}, false, false
	}
	if at, ok = parseEpoch(text); ok {
		return at, false, true
	}
	if inner, is := strings.CutPrefix(text, "/Date("); is {
		at, ok = parseEpoch(strings.TrimSuffix(strings.TrimSuffix(inner, "/"), ")"))
		return at, false, ok
	}
	if at, assumed, ok = parseISO(text); ok {
		return at, assumed, true
	}
	return parseWorded(text)
}

// isoForm: date, then perhaps time, fraction and zone. Compact dates such as
// 20250102T030405Z are accepted too.
var isoForm = regexp.MustCompile(`^(\d{4})-?(\d{2})-?(\d{2})(?:[Tt _]+(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,:](\d{1,12}))?)?\s*([Zz]|UTC|GMT|[+-]\d{2}(?:[:.]?\d{2})?)?)?$`)

func parseISO(text string) (at time.Time, assumed, ok bool) {
	part := isoForm.FindStringSubmatch(text)
	if part == nil {
		return time.Time{}, false, false
	}
	number := func(i int) int { n, _ := strconv.Atoi(part[i]); return n }
	year, month, day := number(1), time.Month(number(2)), number(3)
	hour, minute, second := number(4), number(5), number(6)
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60 {
		return time.Time{}, false, false
	}
	zone, known := parseZone(part[8])
	at = time.Date(year, month, day, hour, minute, second, nanoseconds(part[7]), zone)
	// A day that the month does not have would silently become another date.
	if time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Day() != day {
		return time.Time{}, false, false
	}
	return at, !known, true
}

func parseZone(text string) (zone *time.Location, known bool) {
	switch strings.ToUpper(text) {
	case "":
		return time.UTC, false
	case "Z", "UTC", "GMT":
		return time.UTC, true
	}
	digits := strings.NewReplacer(":", "", ".", "").Replace(text[1:])
	hours, _ := strconv.Atoi(digits[:2])
	minutes := 0
	if len(digits) == 4 {
		minutes, _ = strconv.Atoi(digits[2:])
	}
	offset := hours*3600 + minutes*60
	if text[0] == '-' {
		offset = -offset
	}
	return time.FixedZone("", offset), true
}

func nanoseconds(digits string) int {
	if digits == "" {
		return 0
	}
	n, _ := strconv.Atoi((digits + "000000000")[:9])
	return n
}

// epochForm: digits, perhaps a fraction, perhaps an exponent as JSON writes large
// floats.
var epochForm = regexp.MustCompile(`^\d{9,19}(\.\d{1,12})?$|^\d(\.\d{1,18})?[eE]\+?\d{1,2}$`)

// parseEpoch reads a count since 1970 and tells the unit by its size: the counts
// of one unit between 1990 and 2199 do not overlap with those of the next.
func parseEpoch(text string) (time.Time, bool) {
	if !epochForm.MatchString(text) {
		return time.Time{}, false
	}
	count, ok := new(big.Rat).SetString(text)
	if !ok || count.Cmp(big.NewRat(epochLeast, 1)) < 0 {
		return time.Time{}, false
	}
	perSecond := int64(1)
	for count.Cmp(big.NewRat(100_000_000_000*perSecond, 1)) >= 0 {
		if perSecond *= 1000; perSecond > 1_000_000_000 {
			return time.Time{}, false
		}
		if perSecond == 1_000_000_000 {
			break
		}
	}
	nanos := new(big.Rat).Mul(count, big.NewRat(1_000_000_000/perSecond, 1))
	whole := new(big.Int).Quo(nanos.Num(), nanos.Denom())
	if !whole.IsInt64() {
		return time.Time{}, false
	}
	return time.Unix(0, whole.Int64()), true
}

// parseWorded reads forms with names of months and days.
func parseWorded(text string) (at time.Time, assumed, ok bool) {
	for _, layout := range []string{
		time.RFC1123, time.RFC1123Z, time.RFC850, time.RFC822Z, time.RubyDate, time.UnixDate,
		"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006, 15:04:05 MST", "2 Jan 2006 15:04:05 -0700",
		"02/Jan/2006:15:04:05 -0700", "Jan 2, 2006 3:04:05 PM MST", "Jan 2, 2006, 3:04:05 PM MST",
		"2 Jan 2006 15:04 MST", "2 Jan 2006 15:04:05 MST", "Jan 2 2006 15:04:05 MST", "Mon Jan 2 15:04:05 2006 MST", "2006/01/02 15:04:05 MST",
	} {
		if at, err := time.Parse(layout, text); err == nil && !unknownZone(at) {
			return at, false, true
		}
	}
	for _, layout := range []string{
		time.ANSIC, "Jan 2 2006 15:04:05", "Jan 2 15:04:05 2006", "2 Jan 2006 15:04:05", "Jan 2, 2006 3:04:05 PM", "Jan 2, 2006, 3:04:05 PM",
		"2006/01/02 15:04:05", "2006/01/02 15:04:05.999999999", "2006/01/02", "2 Jan 2006", "Jan 2, 2006",
		"2006.01.02 15:04:05", "2006.01.02", "Jan 2, 2006 @ 15:04:05.999999999", "2 Jan 2006 15:04", "Mon, 2 Jan 2006 15:04:05",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true, true
		}
	}
	return time.Time{}, false, false
}

// unknownZone tells a zone by a name that this machine does not know: Go reads it
// as UTC and keeps the name.
func unknownZone(at time.Time) bool {
	name, offset := at.Zone()
	return offset == 0 && name != "" && name != "UTC" && name != "GMT"
}
