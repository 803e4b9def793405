package oncall

import (
	"fmt"
	"time"
	_ "time/tzdata" // the zones of rosters, also where the system has none
)

// Wall is what calendar and clock on the wall show, without a zone: days since
// 1970-01-01 and the time of day are kept in one number.
type Wall struct{ seconds int64 }

// WallAt gives the wall time of a calendar day and a time of day.
func WallAt(year int, month time.Month, day int, clock Clock) Wall {
	return Wall{time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() + int64(clock.Minutes)*60}
}

// WallOf gives what the wall shows at an instant in a zone.
func WallOf(at time.Time, zone *time.Location) Wall {
	local := at.In(zone)
	_, offset := local.Zone()
	return Wall{at.Unix() + int64(offset)}
}

// Add gives the wall time later by so much, as clock and calendar count it.
func (w Wall) Add(d time.Duration) Wall { return Wall{w.seconds + int64(d/time.Second)} }

// Sub gives the distance of two wall times as clock and calendar count it.
func (w Wall) Sub(from Wall) time.Duration {
	return time.Duration(w.seconds-from.seconds) * time.Second
}

// Midnight gives the beginning of the day.
func (w Wall) Midnight() Wall { return Wall{w.seconds - mod(w.seconds, daySeconds)} }

// Weekday gives the day of the week.
func (w Wall) Weekday() time.Weekday { return time.Unix(w.seconds, 0).UTC().Weekday() }

// String gives the form of a rosters.yaml: 2026-03-29T02:30.
func (w Wall) String() string { return time.Unix(w.seconds, 0).UTC().Format(wallForm) }

const (
	daySeconds = 24 * 60 * 60
	day        = 24 * time.Hour
	wallForm   = "2006-01-02T15:04"
)

func mod(a, b int64) int64 { return ((a % b) + b) % b }

// ParseWall reads 2026-03-29T02:30.
func ParseWall(text string) (Wall, error) {
	at, err := time.Parse(wallForm, text)
	if err != nil {
		return Wall{}, fmt.Errorf("%q is not a day and a time of day such as 2026-01-05T08:00", text)
	}
	return Wall{at.Unix()}, nil
}

// Instant gives the moment at which the wall shows w in a zone. A time that is left
// out when the clocks are put on is the moment of the change; one that comes twice
// is its first time. Later wall times never give earlier instants.
func Instant(w Wall, zone *time.Location) time.Time {
	utc := time.Unix(w.seconds, 0).UTC()
	guess := time.Date(utc.Year(), utc.Month(), utc.Day(), utc.Hour(), utc.Minute(), utc.Second(), 0, zone)
	begins, ends := guess.ZoneBounds()
	switch shown := WallOf(guess, zone); {
	case shown.seconds > w.seconds: // the time is left out, and the guess lies after the change
		return begins.UTC()
	case shown.seconds < w.seconds:
		return ends.UTC()
	case begins.IsZero():
		return guess.UTC()
	}
	_, before := begins.Add(-time.Second).Zone()
	if first := time.Unix(w.seconds-int64(before), 0); first.Before(begins) {
		return first.UTC()
	}
	return guess.UTC()
}

// Clock is a time of day in minutes from midnight, 0 to 1440.
type Clock struct{ Minutes int }

// ParseClock reads 00:00 to 24:00.
func ParseClock(text string) (Clock, error) {
	var hour, minute int
	if len(text) != 5 || text[2] != ':' {
		return Clock{}, clockFault(text)
	}
	for i, digit := range []byte(text) {
		if i != 2 && (digit < '0' || digit > '9') {
			return Clock{}, clockFault(text)
		}
	}
	hour = int(text[0]-'0')*10 + int(text[1]-'0')
	minute = int(text[3]-'0')*10 + int(text[4]-'0')
	if hour > 24 || minute > 59 || hour == 24 && minute > 0 {
		return Clock{}, clockFault(text)
	}
	return Clock{hour*60 + minute}, nil
}

func clockFault(text string) error {
	return fmt.Errorf("%q is not a time of day such as 08:00", text)
}

// String gives 08:00.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c.Minutes/60, c.Minutes%60) }
