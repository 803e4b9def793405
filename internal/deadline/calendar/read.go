package calendar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// Rules that faults of calendars are reported under.
const (
	RuleZone     = "calendar_zone"     // no such time zone
	RuleHours    = "calendar_hours"    // hours that overlap, are no hours, or are not there
	RuleHolidays = "calendar_holidays" // no date, or a range that ends before it begins
)

var (
	spanForm   = regexp.MustCompile(`^(\d{2}):(\d{2})-(\d{2}):(\d{2})$`)
	yearlyForm = regexp.MustCompile(`^\d{2}-\d{2}$`)
)

// dayNames are the keys of hours, Sunday first.
func dayNames() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// Read reads one calendar of a file:
//
//	zone: Europe/Berlin
//	hours: {mon-fri: 09:00-17:00, sat: [10:00-12:00, 13:00-14:00]}
//	holidays: [2026-12-24, 12-25, 2026-08-03..2026-08-14, {on: 01-01, name: New Year}]
//	holidays_known_until: 2026-12-31
//
// hours: always makes a clock that never rests. Faults go to r with their place.
func Read(r *strictyaml.Reader, n *strictyaml.Node, name string) Spec {
	spec := Spec{Name: name}
	if !r.Keys(n, "a calendar", []string{"zone", "hours", "holidays", "holidays_known_until"}, []string{"zone", "hours"}) {
		return spec
	}
	spec.Zone = ReadZone(r, n.Get("zone"))
	if hours := n.Get("hours"); hours != nil && hours.Kind == strictyaml.String && hours.Text == "always" {
		spec.Always = true
	} else if hours != nil {
		spec.Week = readWeek(r, hours)
	}
	if holidays := n.Get("holidays"); holidays != nil && r.Is(holidays, strictyaml.List, "holidays") {
		for _, item := range holidays.Items {
			spec.Holidays = append(spec.Holidays, readHoliday(r, item))
		}
	}
	if until := n.Get("holidays_known_until"); until != nil {
		spec.Until = ReadDate(r, until, "holidays_known_until")
	}
	if hours := n.Get("hours"); hours != nil && !r.List.HasErrors() {
		if _, err := New(spec); err != nil {
			r.Fault(hours, RuleHours, err.Error(), "")
		}
	}
	return spec
}

// ReadZone reads the name of a time zone.
func ReadZone(r *strictyaml.Reader, n *strictyaml.Node) string {
	name := r.Text(n, "a time zone")
	if n == nil || n.Bad {
		return ""
	}
	if _, err := LoadZone(name); err != nil {
		r.Fault(n, RuleZone, err.Error(), "use a name of the IANA database, such as Europe/Berlin or UTC")
	}
	return name
}

// ReadDate reads YYYY-MM-DD.
func ReadDate(r *strictyaml.Reader, n *strictyaml.Node, what string) Date {
	text := r.Text(n, what)
	if n == nil || n.Bad {
		return Date{}
	}
	d, err := ParseDate(text)
	if err != nil {
		r.Fault(n, RuleHolidays, what+" must be a date", "write it as 2026-01-31")
	}
	return d
}

// ReadWall reads 12:00 as minutes after midnight.
func ReadWall(r *strictyaml.Reader, n *strictyaml.Node, what string) int {
	text := r.Text(n, what)
	if n == nil || n.Bad {
		return 0
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		r.Fault(n, RuleHours, what+" must be a time of day", `write it as "12:00"`)
	}
	return t.Hour()*60 + t.Minute()
}

func readWeek(r *strictyaml.Reader, n *strictyaml.Node) (week [7][]Span) {
	if !r.Is(n, strictyaml.Map, "hours") {
		return week
	}
	for _, entry := range n.Entries {
		spans := readSpans(r, entry.Value)
		for _, day := range readDays(r, entry.Key) {
			if len(week[day]) > 0 {
				r.Fault(entry.Key, RuleHours, "working hours of "+dayNames()[day]+" are given twice", "name each day once")
				break
			}
			week[day] = spans
		}
	}
	if len(n.Entries) == 0 {
		r.Fault(n, RuleHours, "there is no working hour in this calendar", "write hours: {mon-fri: 09:00-17:00}, or hours: always")
	}
	return week
}

// readDays reads mon or mon-fri.
func readDays(r *strictyaml.Reader, key *strictyaml.Node) []int {
	first, last, _ := strings.Cut(key.Text, "-")
	if last == "" {
		last = first
	}
	from, to := slices.Index(dayNames(), first), slices.Index(dayNames(), last)
	if from < 0 || to < 0 {
		r.Fault(key, RuleHours, fmt.Sprintf("%q is no day of the week", key.Text), "write mon, tue, wed, thu, fri, sat, sun, or two of them with - between, as mon-fri")
		return nil
	}
	days := []int{from}
	for day := from; day != to; {
		day = (day + 1) % 7
		days = append(days, day)
	}
	return days
}

// readSpans reads one span or a list of spans, each after the one before.
func readSpans(r *strictyaml.Reader, n *strictyaml.Node) []Span {
	items := []*strictyaml.Node{n}
	if n.Kind == strictyaml.List {
		items = n.Items
	}
	var spans []Span
	for _, item := range items {
		span, ok := readSpan(r, item)
		if !ok {
			return nil
		}
		if err := checkSpans(append(slices.Clone(spans), span)); err != nil {
			r.Fault(item, RuleHours, err.Error(), "give spans that do not overlap, in the order of the day")
			return nil
		}
		spans = append(spans, span)
	}
	return spans
}

func readSpan(r *strictyaml.Reader, n *strictyaml.Node) (Span, bool) {
	parts := spanForm.FindStringSubmatch(r.Text(n, "working hours"))
	if n.Bad {
		return Span{}, false
	}
	if parts == nil {
		r.Fault(n, RuleHours, "working hours must be a span of a day", "write 09:00-17:00")
		return Span{}, false
	}
	var numbers [4]int
	for i := range numbers {
		numbers[i], _ = strconv.Atoi(parts[i+1]) // two digits
	}
	if numbers[1] > 59 || numbers[3] > 59 {
		r.Fault(n, RuleHours, "an hour has 60 minutes", "write 09:00-17:00")
		return Span{}, false
	}
	return Span{numbers[0]*60 + numbers[1], numbers[2]*60 + numbers[3]}, true
}

// readHoliday reads a date, a yearly date, a range, or a mapping of one with a name.
func readHoliday(r *strictyaml.Reader, n *strictyaml.Node) Holiday {
	on, name := n, ""
	if n.Kind == strictyaml.Map {
		if !r.Keys(n, "a holiday", []string{"on", "name"}, []string{"on"}) || n.Get("on") == nil {
			return Holiday{}
		}
		on = n.Get("on")
		if title := n.Get("name"); title != nil {
			name = r.Text(title, "name")
		}
	}
	first, last, ranged := strings.Cut(r.Text(on, "a holiday"), "..")
	if on.Bad {
		return Holiday{}
	}
	if !ranged {
		last = first
	}
	from, yearlyFrom, okFrom := holidayDate(first)
	to, yearlyTo, okTo := holidayDate(last)
	switch {
	case !okFrom || !okTo || yearlyFrom != yearlyTo:
		r.Fault(on, RuleHolidays, "a holiday must be a date", "write 2026-12-24, every year 12-25, or a range 2026-08-03..2026-08-14")
	case !yearlyFrom && to.Before(from):
		r.Fault(on, RuleHolidays, "the range ends before it begins", "")
	}
	return Holiday{From: from, To: to, Yearly: yearlyFrom, Name: name}
}

// holidayDate reads 2026-12-24 or 12-24. A yearly date is read in a leap year.
func holidayDate(text string) (d Date, yearly, ok bool) {
	if yearlyForm.MatchString(text) {
		d, err := ParseDate("2000-" + text)
		return d, true, err == nil
	}
	d, err := ParseDate(text)
	return d, false, err == nil
}
