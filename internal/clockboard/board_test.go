package clockboard_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/clockboard"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 123, time.UTC)

// shelf notes what it was asked for.
type shelf struct{ asked []soar.ClockFilter }

func (s *shelf) List(_ context.Context, f soar.ClockFilter) ([]soar.Clock, string, error) {
	s.asked = append(s.asked, f)
	return []soar.Clock{{ID: "objective:INC-1:contain"}}, "next", nil
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
