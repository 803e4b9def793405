package apitest

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/clockboard"
	"github.com/tocsin-soar/tocsin/internal/clockboard/feed"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Clocks gives one clock of each state, of titles that an attacker wrote. They are
// judged two hours after Start.
func (f *Fake) Clocks(ctx context.Context, _ soar.Principal, filter soar.ClockFilter) (clockboard.Page, error) {
	err := f.begin(ctx, "Clocks", "kind=%s state=%s all=%t severity=%s incident=%s due=%v limit=%d after=%s", filter.Kind, filter.State, filter.All, filter.Severity, filter.IncidentID, filter.DueBefore != nil, filter.Limit, filter.After)
	page := clockboard.Page{Now: Start.Add(2 * time.Hour)}
	for _, one := range clocks() {
		one = one.At(page.Now)
		wanted := filter.All || one.State == filter.State || (filter.State == "" && one.State != soar.ClockMet)
		if wanted && (filter.Kind == "" || filter.Kind == one.Kind) {
			page.Items = append(page.Items, one)
		}
	}
	return page, err
}

// Feed gives a calendar.
func (f *Fake) Feed(ctx context.Context, p soar.Principal) (string, error) {
	return feed.Write(clocks(), Start), f.begin(ctx, "Feed", "%s %v", p.Actor.ID, p.Scopes)
}

// Programme gives some figures.
func (f *Fake) Programme(ctx context.Context, _ soar.Principal, filter soar.ProgrammeFilter) (soar.Programme, error) {
	seconds := func(s float64) *float64 { return &s }
	group := soar.ProgrammeGroup{
		Incidents: 12, Open: 2, Drills: 1, NotIncidents: 4,
		Acknowledge: soar.ProgrammeTime{Count: 12, Median: seconds(754), P90: seconds(5025)},
		Contain:     soar.ProgrammeTime{Count: 9, Open: 2, Skipped: 1, Median: seconds(7261), P90: seconds(180000)},
		Recover:     soar.ProgrammeTime{Open: 2, Skipped: 10},
		Close:       soar.ProgrammeTime{Count: 10, Open: 2, Median: seconds(59), P90: seconds(59)},
		Objectives:  soar.ProgrammeObjectives{Met: 27, Missed: 3, Open: 4, Share: seconds(0.9)},
	}
	out := soar.Programme{From: filter.From, Until: filter.Until, By: filter.By, Total: group}
	if filter.By != "" {
		group.Key = "high"
		out.Groups = []soar.ProgrammeGroup{group}
	}
	return out, f.begin(ctx, "Programme", "from=%t until=%t by=%s", !filter.From.IsZero(), !filter.Until.IsZero(), filter.By)
}

func clocks() []soar.Clock {
	at := func(d time.Duration) *time.Time { t := Start.Add(d); return &t }
	of := soar.Clock{IncidentID: IncidentID, IncidentTitle: "Many failed logins on web-01\x1b[31m", Severity: soar.SeverityHigh, TLP: soar.TLPAmber}
	clock := func(kind soar.ClockKind, ref, what string, due time.Duration) soar.Clock {
		c := of
		c.ID, c.Kind, c.Ref, c.What, c.DueAt = string(kind)+":"+ref, kind, ref, what, *at(due)
		return c
	}
	acknowledged := clock(soar.ClockObjective, "acknowledge", "acknowledge", 30*time.Minute)
	acknowledged.MetAt = at(40 * time.Minute)
	approval := clock(soar.ClockApproval, ApprovalID, "Isolate web-01\u202e?\r\nX-Evil: 1", 108*time.Minute)
	contain := clock(soar.ClockObjective, "contain", "contain", 150*time.Minute)
	contain.WarnAt = at(100 * time.Minute)
	release := clock(soar.ClockContainment, "key1", "edr.isolate_host web-01", 53*time.Hour)
	release.Drill = true
	return []soar.Clock{acknowledged, approval, contain, release}
}
