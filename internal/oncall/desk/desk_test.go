package desk_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/oncall"
	"github.com/tocsin-soar/tocsin/internal/oncall/desk"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	oncallstore "github.com/tocsin-soar/tocsin/internal/store/oncall"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnCall goes through rosters, overrides and absences on the real database.
func TestOnCall(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	starting, err := oncall.ParseWall("2026-03-02T08:00")
	must(t, err)
	roster := oncall.Roster{Name: "soc", Zone: "UTC", Layers: []oncall.Layer{
		{Name: "days", Zone: time.UTC, People: []string{"ada", "otto"}, Starting: starting, Turn: 24 * time.Hour},
		{Name: "last", Zone: time.UTC, People: []string{"eve"}, Starting: starting, Turn: 24 * time.Hour},
	}}
	directory := peoplestore.New(s)
	for _, id := range []string{"ada", "otto", "eve", "bob", "gone"} {
		_, err := directory.Save(t.Context(), time.Time{}, soar.Person{ID: id, Name: id, Active: id != "gone", Roles: []soar.RoleGrant{}, UpdatedAt: noon}, record.Payload{At: noon, Kind: "person.changed", By: soar.System("test"), Text: id})
		must(t, err)
	}
	p, faults := policy.Load("")
	if p == nil {
		t.Fatal(faults)
	}
	now := func() time.Time { return noon }
	known := people.New(people.Options{Store: directory, Tokens: s, Policy: p, Random: bytes.NewReader(make([]byte, 100)), Now: now})
	service := desk.New(desk.Options{
		Store: oncallstore.New(s), Absences: directory, People: known, Rosters: []oncall.Roster{roster}, Random: bytes.NewReader([]byte("0123456789abcdefghij")), Now: now,
	})
	lead := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "lead"}, Roles: []soar.Role{soar.RoleSOCLead}}
	expect := func(at time.Time, want ...string) {
		t.Helper()
		got, err := service.OnCall(t.Context(), "soc", at)
		must(t, err)
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Errorf("at %s (-want +got)\n%s", at, diff)
		}
	}
	expect(noon, "ada")
	expect(noon.Add(24*time.Hour), "otto")
	expect(noon.Add(-24 * time.Hour))

	set, err := service.Override(t.Context(), lead, soar.RosterOverride{Roster: "soc", Person: "bob", From: noon.Add(-time.Hour), Until: noon.Add(2 * time.Hour), Reason: "swapped"})
	must(t, err)
	if !set.From.Equal(noon) || set.By.ID != "lead" {
		t.Errorf("kept %+v", set)
	}
	expect(noon.Add(time.Hour), "bob")
	must(t, directory.AbsenceAdd(t.Context(), soar.Absence{ID: "ABS-1", Person: "bob", From: noon, Until: noon.Add(time.Hour), By: soar.System("test")}, record.Payload{At: noon, Kind: "absence.set", By: soar.System("test"), Text: "away"}))
	expect(noon.Add(30*time.Minute), "ada")
	shifts, err := service.Shifts(t.Context(), lead, "soc", noon, noon.Add(20*time.Hour))
	must(t, err)
	var who []string
	for _, shift := range shifts {
		who = append(who, shift.Person+" "+shift.Until.Sub(shift.From).String())
	}
	if diff := cmp.Diff([]string{"ada 1h0m0s", "bob 1h0m0s", "ada 18h0m0s"}, who); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	at, err := service.At(t.Context(), lead, "", noon.Add(90*time.Minute))
	must(t, err)
	if len(at) != 1 || at[0].Override != set.ID || !at[0].Until.Equal(set.Until) {
		t.Errorf("now %+v", at)
	}
	_, err = service.EndOverride(t.Context(), lead, set.ID, "not needed")
	must(t, err)
	expect(noon.Add(90*time.Minute), "ada")
	if _, err := service.EndOverride(t.Context(), lead, set.ID, "again"); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("twice: %v", err)
	}
	good := soar.RosterOverride{Roster: "soc", Person: "bob", From: noon, Until: noon.Add(time.Hour), Reason: "r"}
	for name, row := range map[string]struct {
		p      soar.Principal
		change func(*soar.RosterOverride)
		code   soar.Code
	}{
		"an analyst":        {soar.Principal{Actor: lead.Actor, Roles: []soar.Role{soar.RoleAnalyst}}, func(*soar.RosterOverride) {}, soar.CodeDenied},
		"unknown roster":    {lead, func(o *soar.RosterOverride) { o.Roster = "sock" }, soar.CodeNotFound},
		"nobody":            {lead, func(o *soar.RosterOverride) { o.Person = "zoe" }, soar.CodeInvalid},
		"somebody who left": {lead, func(o *soar.RosterOverride) { o.Person = "gone" }, soar.CodeInvalid},
		"over already":      {lead, func(o *soar.RosterOverride) { o.Until = noon }, soar.CodeInvalid},
		"for ever":          {lead, func(o *soar.RosterOverride) { o.Until = noon.Add(10000 * time.Hour) }, soar.CodeInvalid},
		"without a reason":  {lead, func(o *soar.RosterOverride) { o.Reason = " " }, soar.CodeInvalid},
	} {
		o := good
		row.change(&o)
		if _, err := service.Override(t.Context(), row.p, o); soar.CodeOf(err) != row.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := service.OnCall(t.Context(), "sock", noon); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("unknown roster: %v", err)
	}
}
