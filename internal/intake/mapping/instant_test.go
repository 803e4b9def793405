package mapping

import (
	"encoding/json"
	"testing"
	"time"
)

func TestParseInstant(t *testing.T) {
	t.Parallel()
	at := func(nanos int) time.Time { return time.Date(2025, 1, 2, 3, 4, 5, nanos, time.UTC) }
	rows := []struct {
		name    string
		value   any
		want    time.Time
		assumed bool
	}{
		{"RFC 3339", "2025-01-02T03:04:05Z", at(0), false},
		{"3 digits", "2025-01-02T03:04:05.678Z", at(678_000_000), false},
		{"6 digits", "2025-01-02T03:04:05.678901Z", at(678_901_000), false},
		{"7 digits", "2025-01-02T03:04:05.6789012Z", at(678_901_200), false},
		{"9 digits", "2025-01-02T03:04:05.678901234Z", at(678_901_234), false},
		{"9 digits and a zone", "2025-01-01T22:04:05.678901234-05:00", at(678_901_234), false},
		{"zone without a colon", "2025-01-02T03:04:05.678+0000", at(678_000_000), false},
		{"zone with a dot", "2025-01-02T04:04:05+01.00", at(0), false},
		{"zone of hours only", "2025-01-02T05:04:05+02", at(0), false},
		{"half an hour", "2025-01-02T08:34:05+05:30", at(0), false},
		{"space for the T", "2025-01-02 03:04:05Z", at(0), false},
		{"space before the zone", "2025-01-02 03:04:05 +0000", at(0), false},
		{"a zone's name", "2025-01-02 03:04:05 UTC", at(0), false},
		{"small letters", "2025-01-02t03:04:05z", at(0), false},
		{"no zone", "2025-01-02 03:04:05", at(0), true},
		{"no zone and 9 digits", "2025-01-02 03:04:05.678901234", at(678_901_234), true},
		{"no zone and a T", "2025-01-02T03:04:05.678", at(678_000_000), true},
		{"a comma before the fraction", "2025-01-02 03:04:05,678", at(678_000_000), true},
		{"no seconds", "2025-01-02 03:04", time.Date(2025, 1, 2, 3, 4, 0, 0, time.UTC), true},
		{"date only", "2025-01-02", time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), true},
		{"compact", "20250102T030405Z", at(0), false},
		{"slashes", "2025/01/02 03:04:05", at(0), true},
		{"epoch seconds", json.Number("1735787045"), at(0), false},
		{"epoch milliseconds", json.Number("1735787045678"), at(678_000_000), false},
		{"epoch microseconds", json.Number("1735787045678901"), at(678_901_000), false},
		{"epoch nanoseconds", json.Number("1735787045678901234"), at(678_901_234), false},
		{"float seconds", json.Number("1735787045.678"), at(678_000_000), false},
		{"float milliseconds", json.Number("1735787045678.0"), at(678_000_000), false},
		{"with an exponent", json.Number("1.735787045678e12"), at(678_000_000), false},
		{"epoch as text", "1735787045", at(0), false},
		{"float epoch as text", "1735787045.678901", at(678_901_000), false},
		{"epoch as an int", 1735787045, at(0), false},
		{"epoch as a float", 1735787045.5, at(500_000_000), false},
		{"dotnet", "/Date(1735787045678)/", at(678_000_000), false},
		{"RFC 1123", "Thu, 02 Jan 2025 03:04:05 GMT", at(0), false},
		{"RFC 1123 with digits", "Thu, 02 Jan 2025 04:04:05 +0100", at(0), false},
		{"one more comma", "Thu, 02 Jan 2025, 03:04:05 UTC", at(0), false},
		{"web server's log", "02/Jan/2025:03:04:05 +0000", at(0), false},
		{"ctime", "Thu Jan  2 03:04:05 2025", at(0), true},
		{"month first", "Jan 2 2025 03:04:05", at(0), true},
		{"white space around", " 2025-01-02T03:04:05Z\n", at(0), false},
		{"the beginning", "1970-01-01T00:00:00Z", time.Unix(0, 0), false},
		{"leap second", "2016-12-31T23:59:60Z", time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC), false},
	}
	for _, row := range rows {
		got, assumed, ok := parseInstant(row.value)
		if !ok || !got.Equal(row.want) || assumed != row.assumed || got.Location() != time.UTC {
			t.Errorf("%s: %v gives %v (assumed %v, %v), want %v", row.name, row.value, got, assumed, ok, row.want)
		}
	}
}

func TestNoInstant(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"not ended yet": "0001-01-01T00:00:00Z", "far future": "9999-12-31T23:59:59Z", "empty": "", "null": nil, "a word": "yesterday",
		"a counter": json.Number("42"), "an id": json.Number("123456789"), "30 February": "2025-02-30T00:00:00Z", "month 13": "2025-13-01",
		"hour 25": "2025-01-02T25:00:00Z", "an address": "192.168.100.200", "a version": "2025.1.2", "true": true, "a list": []any{"2025-01-02"},
		"a name of a zone": "Thu, 02 Jan 2025 03:04:05 XYZ", "negative": json.Number("-1735787045"), "huge": json.Number("99999999999999999999"),
		"exponent bomb": json.Number("1e99"), "day and month unclear": "01/02/2025 03:04:05", "long": "2025-01-02T03:04:05Z" + string(make([]byte, 100)),
	} {
		if got, _, ok := parseInstant(value); ok {
			t.Errorf("%s: %v was taken for %v", name, value, got)
		}
	}
}

func FuzzParseInstant(f *testing.F) {
	for _, seed := range []string{"2025-01-02T03:04:05.678+0000", "1735787045.678", "1.7e12", "Thu, 02 Jan 2025 03:04:05 GMT", "/Date(1)/", "+", "2025-01-02T03:04:05+"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, value := range []any{text, json.Number(text)} {
			at, _, ok := parseInstant(value)
			if ok && (at.Year() < earliestYear || at.Year() > latestYear || at.Location() != time.UTC) {
				t.Errorf("%v was taken for %v", value, at)
			}
			if ok {
				if again, _, ok := parseInstant(at.Format(time.RFC3339Nano)); !ok || !again.Equal(at) {
					t.Errorf("%v does not come back from its own form", at)
				}
			}
		}
	})
}
