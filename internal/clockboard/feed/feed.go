package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	eventLength  = 15 * time.Minute // long enough to be seen in a day's view
	titleMost    = 120              // runes of a title that others wrote
	refreshEvery = "PT5M"
	secretTitle  = "an incident"
)

// Write gives the calendar of these clocks as it is at now.
func Write(clocks []soar.Clock, now time.Time) string {
	calendar := ics.NewCalendarFor("Tocsin")
	calendar.SetProductId("-//Tocsin//Clocks//EN")
	calendar.SetMethod(ics.MethodPublish)
	calendar.SetName("Tocsin clocks")
	calendar.SetXWRCalName("Tocsin clocks")
	calendar.SetRefreshInterval(refreshEvery, ics.WithValue("DURATION"))
	calendar.SetXPublishedTTL(refreshEvery)
	for _, one := range clocks {
		calendar.AddVEvent(event(one, now))
	}
	return calendar.Serialize(ics.WithNewLineWindows)
}

func event(one soar.Clock, now time.Time) *ics.VEvent {
	e := ics.NewEvent(uid(one))
	e.SetDtStampTime(now)
	e.SetStartAt(one.DueAt)
	e.SetEndAt(one.DueAt.Add(eventLength))
	e.SetStatus(ics.ObjectStatusConfirmed)
	e.SetTimeTransparency(ics.TransparencyTransparent) // it takes nobody's time
	e.SetSummary(summary(one))
	if one.TLP == soar.TLPRed {
		e.SetClass(ics.ClassificationConfidential)
	} else {
		e.SetDescription(description(one))
	}
	if one.WarnAt != nil && one.WarnAt.Before(one.DueAt) {
		alarm := e.AddAlarm()
		alarm.SetAction(ics.ActionDisplay)
		alarm.SetTrigger(one.WarnAt.UTC().Format("20060102T150405Z"), ics.WithValue("DATE-TIME"))
		alarm.SetDescription(summary(one))
	}
	return e
}

// uid is the same for a clock as long as it is there, and says nothing of it.
func uid(one soar.Clock) string {
	sum := sha256.Sum256([]byte(one.ID))
	return hex.EncodeToString(sum[:16]) + "@tocsin"
}

func summary(one soar.Clock) string {
	if one.TLP == soar.TLPRed {
		return drill(one) + secretTitle
	}
	return drill(one) + fmt.Sprintf("%s due: %s (%s, %s)", one.Kind, text(one.What), one.IncidentID, one.Severity)
}

func drill(one soar.Clock) string {
	if one.Drill {
		return "DRILL: "
	}
	return ""
}

func description(one soar.Clock) string {
	return fmt.Sprintf("Incident %s: %s\nSeverity: %s\nState when this was read: %s", one.IncidentID, text(one.IncidentTitle), one.Severity, one.State)
}

// text shows what a reader could not see, and leaves one line that is not too long.
// Commas and the like are escaped by the library.
func text(s string) string {
	return soar.Shorten(strings.TrimSpace(diag.Escape(s)), titleMost)
}
