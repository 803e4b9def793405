package feed_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/clockboard/feed"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func clock() soar.Clock {
	warn := noon.Add(time.Hour).In(time.FixedZone("CET", 3600))
	return soar.Clock{
		ID: "objective:INC-1:contain", Kind: soar.ClockObjective, Ref: "contain", What: "contain", IncidentID: "INC-1", IncidentTitle: "Logins; many, of \\web-01",
		Severity: soar.SeverityHigh, TLP: soar.TLPAmber, State: soar.ClockRunning, DueAt: noon.Add(2 * time.Hour), WarnAt: &warn,
	}
}

// parse reads a calendar back and checks what every reader asks for.
func parse(t testing.TB, text string) *ics.Calendar {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n\x00\x1b") {
			t.Fatalf("%q is no line of RFC 5545", line)
		}
	}
	calendar, err := ics.ParseCalendar(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return calendar
}

func values(e *ics.VEvent, names ...ics.ComponentProperty) map[ics.ComponentProperty]string {
	out := map[ics.ComponentProperty]string{}
	for _, name := range names {
		if p := e.GetProperty(name); p != nil {
			out[name] = p.Value
		}
	}
	return out
}

func TestWrite(t *testing.T) {
	t.Parallel()
	text := feed.Write([]soar.Clock{clock()}, noon)
	calendar := parse(t, text)
	if len(calendar.Events()) != 1 {
		t.Fatal(text)
	}
	e := calendar.Events()[0]
	want := map[ics.ComponentProperty]string{
		ics.ComponentPropertyDtStart: "20260302T140000Z", ics.ComponentPropertyDtEnd: "20260302T141500Z", ics.ComponentPropertyDtstamp: "20260302T120000Z",
		ics.ComponentPropertySummary:     "objective due: contain (INC-1, high)",
		ics.ComponentPropertyDescription: "Incident INC-1: Logins; many, of \\web-01\nSeverity: high\nState when this was read: running",
		ics.ComponentPropertyTransp:      "TRANSPARENT",
	}
	got := values(e, ics.ComponentPropertyDtStart, ics.ComponentPropertyDtEnd, ics.ComponentPropertyDtstamp, ics.ComponentPropertySummary, ics.ComponentPropertyDescription, ics.ComponentPropertyTransp)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	alarm := e.Alarms()[0]
	if trigger := alarm.GetProperty(ics.ComponentPropertyTrigger); trigger.Value != "20260302T130000Z" || trigger.ICalParameters["VALUE"][0] != "DATE-TIME" {
		t.Errorf("the alarm is at %v", trigger)
	}
	if !strings.Contains(text, `Logins\; many\, of \\web-01\nSeverity`) {
		t.Errorf("text is not escaped:\n%s", text)
	}
}

func TestUIDsAreStable(t *testing.T) {
	t.Parallel()
	moved := clock()
	moved.DueAt, moved.IncidentTitle, moved.State = noon.Add(9*time.Hour), "another", soar.ClockWarning
	other := clock()
	other.ID = "objective:INC-1:resolve"
	ids := func(clocks ...soar.Clock) (out []string) {
		for _, e := range parse(t, feed.Write(clocks, noon)).Events() {
			out = append(out, e.Id())
		}
		return out
	}
	got := ids(clock(), moved, other)
	if got[0] != got[1] || got[0] == got[2] || strings.Contains(got[0], "INC") {
		t.Errorf("ids %v", got)
	}
}

func TestRedIsOnlyAnIncident(t *testing.T) {
	t.Parallel()
	red := clock()
	red.TLP, red.What, red.IncidentTitle = soar.TLPRed, "Ask the CFO", "The CFO's laptop"
	text := feed.Write([]soar.Clock{red}, noon)
	for _, secret := range []string{"CFO", "INC-1", "high", "objective", "laptop"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q leaves the house:\n%s", secret, text)
		}
	}
	if e := parse(t, text).Events()[0]; e.GetProperty(ics.ComponentPropertySummary).Value != "an incident" || len(e.Alarms()) != 1 {
		t.Errorf("got\n%s", text)
	}
}

func TestNoClocksAreACalendar(t *testing.T) {
	t.Parallel()
	if events := parse(t, feed.Write(nil, noon)).Events(); len(events) != 0 {
		t.Errorf("%d events", len(events))
	}
}

// TestHostileTitlesInjectNothing: whatever titles hold, there are as many events as
// clocks, each with the properties that we write and no other.
func TestHostileTitlesInjectNothing(t *testing.T) {
	t.Parallel()
	hostile := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil", "x\nATTACH:https://evil.invalid", "x\rURL:https://evil.invalid", "\\nATTENDEE:mailto:a@b.invalid",
		"x\u2028BEGIN:VALARM", "x\u0085END:VCALENDAR", "\x1b[2J", "\\", ";VALUE=URI:", "\u202eevil", strings.Repeat("ü", 400), "\xff\xfe",
	}))
	rapid.Check(t, func(t *rapid.T) {
		one := clock()
		one.What, one.IncidentTitle = hostile.Draw(t, "what"), hostile.Draw(t, "title")
		text := feed.Write([]soar.Clock{one, clock()}, noon)
		calendar, err := ics.ParseCalendar(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if got := shape(calendar); got != shape(mustParse(t, feed.Write([]soar.Clock{clock(), clock()}, noon))) {
			t.Fatalf("%s in\n%s", got, text)
		}
		if strings.ContainsAny(strings.ReplaceAll(text, "\r\n", ""), "\r\n\x00\x1b\u2028\u0085\u202e") {
			t.Fatalf("a hidden character is in %q", text)
		}
	})
}

func mustParse(t *rapid.T, text string) *ics.Calendar {
	calendar, err := ics.ParseCalendar(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return calendar
}

// shape gives the names of all properties of all components.
func shape(calendar *ics.Calendar) string {
	var out strings.Builder
	for _, e := range calendar.Events() {
		for _, p := range e.Properties {
			fmt.Fprint(&out, p.IANAToken, " ")
		}
		for _, a := range e.Alarms() {
			for _, p := range a.Properties {
				fmt.Fprint(&out, "alarm.", p.IANAToken, " ")
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}
