package strictyaml

import (
	"regexp"
	"strconv"
	"time"
)

// durationForm is a number with a unit, or several from the largest unit down.
var durationForm = regexp.MustCompile(`^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$`)

// ParseDuration reads 500ms, 30s, 10m, 24h, 2d and joined forms such as 1h30m, the
// largest unit first. A day is 24 hours. It answers false for anything else, for zero
// and for more than 1,000 days.
func ParseDuration(text string) (time.Duration, bool) {
	parts := durationForm.FindStringSubmatch(text)
	if parts == nil || text == "" {
		return 0, false
	}
	const longest = 1000 * 24 * time.Hour
	units := []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second, time.Millisecond}
	var total time.Duration
	for i, unit := range units {
		if parts[i+1] == "" {
			continue
		}
		number, err := strconv.Atoi(parts[i+1])
		if err != nil || number > int(longest/unit) {
			return 0, false
		}
		total += time.Duration(number) * unit
	}
	return total, total > 0 && total <= longest
}

// Duration reads a duration from least to most.
func (r *Reader) Duration(n *Node, what string, least, most time.Duration) time.Duration {
	if n == nil || n.Bad {
		return 0
	}
	value, ok := time.Duration(0), false
	if n.Kind == String {
		value, ok = ParseDuration(n.Text)
	}
	switch {
	case !ok && n.Kind == Int:
		r.Fault(n, RuleDuration, what+" is a number without a unit", "write "+n.Text+"s, "+n.Text+"m, "+n.Text+"h or "+n.Text+"d")
		return 0
	case !ok:
		r.Fault(n, RuleDuration, what+" must be a duration", "write 30s, 10m, 24h, 2d or 1h30m")
		return 0
	case value < least || value > most:
		r.Fault(n, RuleRange, what+" must be from "+FormatDuration(least)+" to "+FormatDuration(most), "")
		return 0
	}
	return value
}

// FormatDuration writes a duration the way ParseDuration reads it.
func FormatDuration(d time.Duration) string {
	text := ""
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if n := d / unit.size; n > 0 {
			text += strconv.Itoa(int(n)) + unit.name
			d -= n * unit.size
		}
	}
	if text == "" {
		return "0s"
	}
	return text
}
