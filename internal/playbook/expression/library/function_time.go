package library

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// timeFunctions work on instants written as RFC 3339 text, such as now. None reads a clock or the
// database of time zones: both differ between machines.
func timeFunctions() []entry {
	return []entry{
		{"duration(value text) number", "The seconds of a length of time: numbers with the units w, d, h, m, s, ms, the largest first.",
			`duration("1d12h")`, `129600`, durationSeconds},
		{"parse_time(value text) int",
			"The seconds since 1970-01-01T00:00:00Z of an instant, its fraction cut off, for subtracting and comparing with duration().",
			`parse_time("2026-01-02T10:00:00Z") - parse_time("2026-01-02T09:30:00Z")`, `1800`, func(_ *Meter, args []any) (any, error) {
				t, err := instant(args[0])
				return int(t.Unix()), err
			}},
		{"before(first text, second text) bool", "Whether the first instant comes before the second.",
			`before("2026-01-02T10:00:00Z", "2026-01-02T10:30:00+01:00")`, `false`, compareInstants(time.Time.Before)},
		{"after(first text, second text) bool", "Whether the first instant comes after the second.",
			`after("2026-01-02T10:00:00Z", "2026-01-02T10:30:00+01:00")`, `true`, compareInstants(time.Time.After)},
		{"business_hours(value text) bool",
			"Whether the instant lies on Monday to Friday, from 09:00 up to but without 17:00, in UTC. It knows no holidays.",
			`business_hours("2026-01-02T09:00:00Z")`, `true`, businessHours},
	}
}

func instant(arg any) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, arg.(string))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is not an instant such as 2026-01-02T15:04:05Z", data.Quote(arg.(string)))
	}
	return t.UTC(), nil
}

func compareInstants(compare func(a, b time.Time) bool) body {
	return func(_ *Meter, args []any) (any, error) {
		a, err := instant(args[0])
		if err != nil {
			return nil, err
		}
		b, err := instant(args[1])
		return compare(a, b), err
	}
}

func businessHours(_ *Meter, args []any) (any, error) {
	t, err := instant(args[0])
	weekend := t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	return !weekend && t.Hour() >= 9 && t.Hour() < 17, err
}

var (
	durationForm = regexp.MustCompile(`^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$`)
	errDuration  = errors.New(`the text is not a length of time such as "90m" or "1d12h"`)
)

// durationSeconds sums milliseconds as whole numbers, so that no fraction is lost on the way.
func durationSeconds(m *Meter, args []any) (any, error) {
	text := args[0].(string)
	if text == "" || len(text) > 64 {
		return nil, errDuration
	}
	if err := m.Spend(64); err != nil { // the pattern is tried from several sides
		return nil, err
	}
	parts := durationForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, errDuration
	}
	total := 0
	for i, unit := range []int{7 * 24 * 3600_000, 24 * 3600_000, 3600_000, 60_000, 1000, 1} {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(parts[i+1])
		if err != nil || n > math.MaxInt32*1000/unit {
			return nil, errDuration
		}
		total += n * unit
	}
	return data.FromFloat(float64(total) / 1000)
}
