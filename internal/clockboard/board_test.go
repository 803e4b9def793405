package clockboard_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/clockboard"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 123, time.UTC)

// shelf notes what it was asked for.
type shelf struct {
	asked    []soar.ClockFilter
	measured []soar.ProgrammeFilter
	pages    int // of the list; 0: one
}

func (s *shelf) List(_ context.Context, f soar.ClockFilter) ([]soar.Clock, string, error) {
	s.asked = append(s.asked, f)
	if s.pages > 0 && len(s.asked) == s.pages {
		return []soar.Clock{{ID: "last"}}, "", nil
	}
	return []soar.Clock{{ID: "objective:INC-1:contain"}}, "next", nil
}

func (s *shelf) Programme(_ context.Context, f soar.ProgrammeFilter) (soar.Programme, error) {
	s.measured = append(s.measured, f)
	return soar.Programme{From: f.From}, nil
}

func principal(role soar.Role, scopes ...string) soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "somebody@lab.invalid"}, Roles: []soar.Role{role}, Scopes: scopes}
}

func TestClocksKeepsNeedToKnow(t *testing.T) {
	t.Parallel()
	ordinary := &soar.Viewer{Person: "somebody@lab.invalid"}
	for name, row := range map[string]struct {
		who    soar.Principal
		want   soar.Code // "" when he may
		viewer *soar.Viewer
	}{
		"a manager":                            {principal(soar.RoleManager), "", ordinary},
		"an analyst":                           {principal(soar.RoleAnalyst), "", ordinary},
		"who leads sees red":                   {principal(soar.RoleSOCLead), "", nil},
		"a token for incidents":                {principal(soar.RoleAnalyst, "incident:read"), "", ordinary},
		"a calendar's token":                   {principal(soar.RoleAnalyst, "clock:read"), "", ordinary},
		"a calendar's token of a lead":         {principal(soar.RoleCISO, "clock:read"), "", nil},
		"a token for something else":           {principal(soar.RoleAnalyst, "task:read"), soar.CodeDenied, nil},
		"a reporter":                           {principal(soar.RoleReporter), soar.CodeDenied, nil},
		"a tool":                               {principal(soar.RoleTool), soar.CodeDenied, nil},
		"a scope gives nobody what he has not": {principal(soar.RoleAdmin, "clock:read"), soar.CodeDenied, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &shelf{}
			page, err := clockboard.New(store, func() time.Time { return noon }).Clocks(t.Context(), row.who, soar.ClockFilter{Kind: soar.ClockTask})
			if soar.CodeOf(err) != row.want || (err != nil) != (len(store.asked) == 0) {
				t.Fatalf("got %v, asked %v; want %q", err, store.asked, row.want)
			}
			if err != nil {
				return
			}
			now := noon.Truncate(time.Second)
			if diff := cmp.Diff([]soar.ClockFilter{{Kind: soar.ClockTask, Now: now, Viewer: row.viewer}}, store.asked); diff != "" {
				t.Errorf("asked (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(clockboard.Page{Now: now, Items: []soar.Clock{{ID: "objective:INC-1:contain"}}, Next: "next"}, page); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestClocksRefusesTwoStates(t *testing.T) {
	t.Parallel()
	_, err := clockboard.New(&shelf{}, time.Now).Clocks(t.Context(), principal(soar.RoleManager), soar.ClockFilter{State: soar.ClockMet, All: true})
	if soar.CodeOf(err) != soar.CodeInvalid {
		t.Errorf("got %v", err)
	}
}

func TestFeedHasAllPages(t *testing.T) {
	t.Parallel()
	store := &shelf{pages: 3}
	text, err := clockboard.New(store, func() time.Time { return noon }).Feed(t.Context(), principal(soar.RoleAnalyst, "clock:read"))
	if err != nil || strings.Count(text, "BEGIN:VEVENT") != 3 || len(store.asked) != 3 || store.asked[2].After != "next" {
		t.Errorf("%v, asked %v\n%s", err, store.asked, text)
	}
	if _, err := clockboard.New(store, time.Now).Feed(t.Context(), principal(soar.RoleReporter)); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a reporter: %v", err)
	}
}

func TestProgramme(t *testing.T) {
	t.Parallel()
	now, viewer := noon.Truncate(time.Second), &soar.Viewer{Person: "somebody@lab.invalid"}
	day := now.Add(-24 * time.Hour)
	for name, row := range map[string]struct {
		who    soar.Principal
		filter soar.ProgrammeFilter
		want   soar.Code
		asked  soar.ProgrammeFilter
	}{
		"usual":              {principal(soar.RoleManager), soar.ProgrammeFilter{}, "", soar.ProgrammeFilter{From: now.Add(-90 * 24 * time.Hour), Until: now, Viewer: viewer}},
		"a day":              {principal(soar.RoleManager), soar.ProgrammeFilter{From: day, By: soar.ByMonth}, "", soar.ProgrammeFilter{From: day, Until: now, By: soar.ByMonth, Viewer: viewer}},
		"backwards":          {principal(soar.RoleManager), soar.ProgrammeFilter{From: now, Until: day}, soar.CodeInvalid, soar.ProgrammeFilter{}},
		"by something":       {principal(soar.RoleManager), soar.ProgrammeFilter{By: "owner"}, soar.CodeInvalid, soar.ProgrammeFilter{}},
		"a reporter":         {principal(soar.RoleReporter), soar.ProgrammeFilter{}, soar.CodeDenied, soar.ProgrammeFilter{}},
		"a calendar's token": {principal(soar.RoleManager, "clock:read"), soar.ProgrammeFilter{}, soar.CodeDenied, soar.ProgrammeFilter{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &shelf{}
			_, err := clockboard.New(store, func() time.Time { return noon }).Programme(t.Context(), row.who, row.filter)
			if soar.CodeOf(err) != row.want || (err == nil) != (len(store.measured) == 1) {
				t.Fatalf("got %v, measured %v", err, store.measured)
			}
			if err == nil {
				if diff := cmp.Diff(row.asked, store.measured[0]); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
		})
	}
}
