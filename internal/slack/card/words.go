package card

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Look is what all cards of one installation share.
type Look struct {
	Zone *time.Location // of the times that are written out; nil: UTC
	Now  time.Time      // what "left" is counted from
}

// severity gives a word and a measure of five: nobody has to tell colours apart.
func severity(s soar.Severity) own {
	measure := own(strings.Repeat("■", s.Rank()) + strings.Repeat("□", 5-s.Rank()))
	switch s {
	case soar.SeverityCritical:
		return ":large_red_square: *CRITICAL* " + measure
	case soar.SeverityHigh:
		return ":large_orange_square: *HIGH* " + measure
	case soar.SeverityMedium:
		return ":large_yellow_square: *MEDIUM* " + measure
	case soar.SeverityLow:
		return ":large_blue_square: *LOW* " + measure
	case soar.SeverityInfo:
		return ":white_large_square: *INFORMATIONAL* " + measure
	default:
		return ":white_large_square: *SEVERITY NOT JUDGED YET* □□□□□"
	}
}

// risk says what an action does to the world.
func risk(r soar.Risk) own {
	switch r {
	case soar.RiskDestroy:
		return "*DESTROYS*, cannot be taken back"
	case soar.RiskChange:
		return "*changes* something"
	case soar.RiskCollect:
		return "collects evidence"
	case soar.RiskNotify:
		return "tells somebody"
	case soar.RiskRead:
		return "reads only"
	default:
		return "*not known*: take it for the worst"
	}
}

// tlp gives the label as the standard writes it.
func tlp(label soar.TLP) own {
	if !label.Valid() {
		return "TLP not set"
	}
	return own("TLP:" + strings.ToUpper(string(label)))
}

// zone gives the zone of written times.
func (l Look) zone() *time.Location { return cmp.Or(l.Zone, time.UTC) }

// when shows an instant in the reader's own zone, and written out in the one zone
// that everybody shares.
func (l Look) when(at time.Time) own {
	if unix := at.Unix(); unix > 0 {
		return own(fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s> (%s)", unix, written(at.UTC()), written(at.In(l.zone()))))
	}
	return own(written(at.UTC()))
}

// written gives a time without marks. The zone's name comes from the zone database.
func written(at time.Time) string { return at.Format("2006-01-02 15:04 MST") }

// left says about how much time there is. It changes a few times only, so that a
// card that waits is not written again every minute.
func (l Look) left(until time.Time) own {
	rest := until.Sub(l.Now)
	if rest <= 0 {
		return "no time left"
	}
	for _, step := range []struct {
		most time.Duration
		word own
	}{
		{5 * time.Minute, "*less than 5 minutes left*"}, {15 * time.Minute, "*less than 15 minutes left*"},
		{30 * time.Minute, "less than 30 minutes left"}, {time.Hour, "less than an hour left"}, {2 * time.Hour, "less than 2 hours left"},
		{4 * time.Hour, "less than 4 hours left"}, {8 * time.Hour, "less than 8 hours left"}, {24 * time.Hour, "less than a day left"},
	} {
		if rest <= step.most {
			return step.word
		}
	}
	return "more than a day left"
}

// span says a length of time in its largest units: 8 h, 90 min.
func span(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 min"
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	default:
		return fmt.Sprintf("%d s", max(d/time.Second, 1))
	}
}

// name says who somebody is; ids are often mail addresses.
func name(who soar.Actor) string {
	switch {
	case who.Name != "" && who.Name != who.ID:
		return who.Name + " (" + who.ID + ")"
	case who.Kind == soar.ActorPerson || who.Kind == "":
		return who.ID
	default:
		return string(who.Kind) + " " + who.ID
	}
}

// approvers lists who decides or does something.
func approvers(list []soar.Approver) string {
	words := make([]string, 0, len(list))
	for _, who := range list {
		words = append(words, cmp.Or(who.Person, strings.ReplaceAll(string(who.Role), "_", " "), onCall(who.Roster), "anybody"))
	}
	if len(words) == 0 {
		return "nobody"
	}
	return strings.Join(words, ", ")
}

func onCall(roster string) string {
	if roster == "" {
		return ""
	}
	return "who is on call by " + roster
}
