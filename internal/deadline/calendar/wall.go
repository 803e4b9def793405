package calendar

import "time"

// farthest is more than any zone is away from UTC.
const farthest = 15 * time.Hour

// Instant gives the moment at which clocks on the wall show minutes past midnight
// on a day. A time that clocks show twice is the first of the two; one that they
// leave out is the moment of the change.
func Instant(d Date, minutes int, zone *time.Location) time.Time {
	first, _ := instants(d, minutes, zone)
	return first
}

// instants gives the first and the last moment at which the wall shows a time.
func instants(d Date, minutes int, zone *time.Location) (first, last time.Time) {
	shown := time.Date(d.Year, d.Month, d.Day, 0, minutes, 0, 0, time.UTC)
	early, late := shown.Add(-offsetAt(shown.Add(-farthest), zone)), shown.Add(-offsetAt(shown.Add(farthest), zone))
	if late.Before(early) {
		early, late = late, early
	}
	switch {
	case shows(early, shown, zone) && shows(late, shown, zone):
		return early.In(zone), late.In(zone)
	case shows(early, shown, zone):
		return early.In(zone), early.In(zone)
	case shows(late, shown, zone):
		return late.In(zone), late.In(zone)
	default:
		change := changeIn(shown.Add(-farthest), shown.Add(farthest), zone)
		return change, change
	}
}

// offsetAt gives how far the zone is ahead of UTC at a moment.
func offsetAt(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

func shows(t, shown time.Time, zone *time.Location) bool {
	return t.Add(offsetAt(t, zone)).Equal(shown)
}

// changeIn finds the second at which the zone's offset changes between two moments.
func changeIn(from, to time.Time, zone *time.Location) time.Time {
	before := offsetAt(from, zone)
	for to.Sub(from) > time.Second {
		middle := from.Add(to.Sub(from) / 2).Truncate(time.Second)
		if offsetAt(middle, zone) == before {
			from = middle
		} else {
			to = middle
		}
	}
	return to.In(zone)
}
