package labels

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Right tells whether the alert holds the value of the label.
func (l Label) Right(a soar.Alert) bool {
	value := l.Value
	switch l.Field {
	case "vendor_id":
		return a.ExternalID == value
	case "title":
		return spaced(a.Title) == spaced(value)
	case "severity":
		return sameRating(a.Reported, value)
	case "event_time":
		want, ok := instant(value)
		return ok && want.Equal(a.OccurredAt)
	case "host":
		return value != "" && (a.Host.Name == value || a.Host.ID == value || sameAddress(a.Host.IP, value))
	case "user":
		return value != "" && (a.User.Name == value || a.User.ID == value || strings.EqualFold(a.User.Email, value))
	case "src_ip":
		return sameAddress(a.SourceIP, value)
	case "indicator":
		return sameAddress(a.SourceIP, value) || sameAddress(a.DestIP, value) ||
			oneOf(value, a.URLs, a.Hashes, a.Domains, a.Indicators)
	case "technique":
		return oneOf(value, a.Techniques, a.Tags)
	default:
		return false
	}
}

// Got gives what the alert has in the place of the label's value, for people.
func (l Label) Got(a soar.Alert) string {
	switch l.Field {
	case "vendor_id":
		return a.ExternalID
	case "title":
		return a.Title
	case "severity":
		return a.Reported
	case "event_time":
		return a.OccurredAt.Format(time.RFC3339Nano)
	case "host":
		return strings.Join([]string{a.Host.Name, a.Host.ID, a.Host.IP}, " | ")
	case "user":
		return strings.Join([]string{a.User.Name, a.User.Email, a.User.ID}, " | ")
	case "src_ip":
		return a.SourceIP
	case "technique":
		return strings.Join(append(slices.Clone(a.Techniques), a.Tags...), " | ")
	default:
		return strings.Join(slices.Concat(a.URLs, a.Hashes, a.Domains, a.Indicators), " | ")
	}
}

// spaced brings white space into one form: an alert's title is one line.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }

func sameRating(got, want string) bool {
	if strings.TrimSpace(got) == strings.TrimSpace(want) && got != "" {
		return true
	}
	a, errA := strconv.ParseFloat(got, 64)
	b, errB := strconv.ParseFloat(want, 64)
	return errA == nil && errB == nil && a == b
}

func sameAddress(got, want string) bool {
	a, errA := netip.ParseAddr(got)
	b, errB := netip.ParseAddr(strings.TrimSpace(want))
	if errB != nil {
		pair, err := netip.ParseAddrPort(strings.TrimSpace(want))
		b, errB = pair.Addr(), err
	}
	return errA == nil && errB == nil && a.Unmap() == b.Unmap()
}

func oneOf(value string, lists ...[]string) bool {
	return value != "" && slices.ContainsFunc(slices.Concat(lists...), func(text string) bool { return strings.EqualFold(text, value) })
}

var (
	wholeCount = regexp.MustCompile(`^\d{10,19}$`)
	floatCount = regexp.MustCompile(`^\d{10,13}\.\d+$`)
	bareZone   = regexp.MustCompile(`([+-]\d{2})(\d{2})$`)
)

// instant reads the time of a label. Without a zone it is UTC.
func instant(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if wholeCount.MatchString(text) {
		n, err := strconv.ParseInt(text, 10, 64)
		unit := map[int]time.Duration{10: time.Second, 13: time.Millisecond, 16: time.Microsecond, 19: time.Nanosecond}[len(text)]
		if err != nil || unit == 0 {
			return time.Time{}, false
		}
		return time.Unix(0, 0).Add(time.Duration(n) * unit), true
	}
	if floatCount.MatchString(text) {
		whole, part, _ := strings.Cut(text, ".")
		seconds, err := strconv.ParseInt(whole, 10, 64)
		nanos, errPart := strconv.ParseInt((part + "000000000")[:9], 10, 64)
		if len(whole) == 13 {
			return time.UnixMilli(seconds), err == nil
		}
		return time.Unix(seconds, nanos), err == nil && errPart == nil
	}
	text = bareZone.ReplaceAllString(text, "$1:$2")
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04",
		"2006-01-02", "2006/01/02 15:04:05", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05 MST", time.RFC1123, time.RFC1123Z, time.ANSIC, time.UnixDate, "Jan 2, 2006 3:04:05 PM", "Jan 02 2006 15:04:05",
		"Jan 2, 2006, 3:04:05 PM", "20060102T150405Z", "02/Jan/2006:15:04:05 Z07:00", "01/02/2006 15:04:05", "Mon, 2 Jan 2006, 15:04:05 MST",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
