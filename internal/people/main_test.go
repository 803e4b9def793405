package people_test

import (
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// office is the use case on a real database, at noon until clock moves.
type office struct {
	*people.Service
	store *store.Store
	keep  peoplestore.People
	clock time.Time
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{store: storetest.New(t), clock: noon}
	o.keep = peoplestore.New(o.store)
	classes := &policy.Policy{Classes: []policy.Class{
		{Name: "isolation", Title: "Take a computer off the network", Actions: []string{"edr.isolate_*"}, Least: 2, WarnBefore: 30 * 24 * time.Hour},
		{Name: "accounts", Title: "Disable accounts", Actions: []string{"*.disable_account"}, Least: 1, WarnBefore: 10 * 24 * time.Hour},
	}}
	o.Service = people.New(people.Options{Store: o.keep, Tokens: o.store, Policy: classes, Random: rand.Reader, Now: func() time.Time { return o.clock }})
	return o
}

// person puts somebody into the directory without asking who wants it.
func (o *office) person(t *testing.T, id string, roles ...soar.Role) {
	t.Helper()
	p := soar.Person{ID: id, Name: id, Active: true, UpdatedAt: o.clock}
	for _, role := range roles {
		p.Roles = append(p.Roles, soar.RoleGrant{Role: role, Since: o.clock})
	}
	_, err := o.keep.Save(t.Context(), time.Time{}, p, entry())
	must(t, err)
}

func (o *office) left(t *testing.T, id string) {
	t.Helper()
	p, err := o.keep.Person(t.Context(), id)
	must(t, err)
	before := p.UpdatedAt
	p.Active, p.Roles, p.UpdatedAt = false, nil, o.clock.Add(time.Second)
	_, err = o.keep.Save(t.Context(), before, p, entry())
	must(t, err)
}

func (o *office) token(t *testing.T, token soar.Token, person string) {
	t.Helper()
	token.Hash, token.Actor = []byte{1}, soar.Actor{Kind: soar.ActorPerson, ID: person, Name: person}
	must(t, o.store.TokenInsert(t.Context(), token, entry()))
}

func (o *office) qualified(t *testing.T, id, person, class string, from, until time.Time) {
	t.Helper()
	must(t, o.keep.QualificationAdd(t.Context(), soar.Qualification{ID: id, Person: person, Class: class, Source: "drill", Title: "Drill", ValidFrom: from, ValidUntil: until}, entry()))
}

func (o *office) away(t *testing.T, id, person, delegate string, from, until time.Time) {
	t.Helper()
	must(t, o.keep.AbsenceAdd(t.Context(), soar.Absence{ID: id, Person: person, Delegate: delegate, From: from, Until: until}, entry()))
}

func entry() record.Payload {
	return record.Payload{At: noon, Kind: protocol.EventPersonChanged, By: soar.System("test"), Text: "set up"}
}

// system gives what the system's chain says besides the set-up, after it verified.
func (o *office) system(t *testing.T) []string {
	t.Helper()
	entries, err := o.store.RecordList(t.Context(), record.ChainSystem, 0, 1000)
	must(t, err)
	if !record.Verify(entries).OK() {
		t.Fatal("the system's chain does not verify")
	}
	var texts []string
	for _, e := range entries {
		payload, err := record.ParsePayload(e.Payload)
		must(t, err)
		if payload.Text != "set up" {
			texts = append(texts, payload.Kind+": "+payload.Text)
		}
	}
	return texts
}

func ids(people []soar.Person) []string {
	names := []string{}
	for _, p := range people {
		names = append(names, p.ID)
	}
	return names
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func code(t *testing.T, want soar.Code, err error) {
	t.Helper()
	if soar.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
