package identity_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/slack/identity"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/chat"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

const team = "T0LAB"

// people is a directory; one that is away fails.
type people struct {
	known map[string]soar.Person
	away  bool
}

// Find gives a person.
func (p *people) Find(_ context.Context, id string) (soar.Person, error) {
	person, ok := p.known[id]
	switch {
	case p.away:
		return person, soar.Errorf(soar.CodeUnavailable, "test", "away")
	case !ok:
		return person, soar.Errorf(soar.CodeNotFound, "test", "nobody")
	}
	return person, nil
}

type house struct {
	t      *testing.T
	store  *store.Store
	people *people
	now    time.Time
	*identity.Service
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, store: storetest.New(t), now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), people: &people{known: map[string]soar.Person{
		"ana": {ID: "ana", Name: "Ana", Active: true, Roles: []soar.RoleGrant{{Role: soar.RoleAnalyst}}}, "left": {ID: "left"},
	}}}
	h.Service = identity.New(identity.Options{Store: chat.New(h.store), People: h.people, Random: rand.Reader, Now: func() time.Time { return h.now }})
	return h
}

func (h *house) code(user string) string {
	h.t.Helper()
	code, expires, err := h.Code(h.t.Context(), team, user)
	must(h.t, err)
	if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$`).MatchString(code) || !expires.Equal(h.now.Add(identity.CodeLife)) {
		h.t.Errorf("code %s until %s", code, expires)
	}
	return code
}

func person(id string, roles ...soar.Role) soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: id}, Roles: roles}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err error, code soar.Code, part string) {
	t.Helper()
	if soar.CodeOf(err) != code || !strings.Contains(soar.MessageOf(err), part) {
		t.Errorf("got %v, want %s with %q", err, code, part)
	}
}

func TestACodeIsClaimedByWhoTypesItOrOneThatLooksLikeIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i, write := range []func(string) string{
		func(c string) string { return c }, strings.ToLower, func(c string) string { return strings.ReplaceAll(c, "-", "") },
		func(c string) string { return strings.ReplaceAll(c, "-", " ") }, func(c string) string { return strings.NewReplacer("0", "O", "1", "l").Replace(c) },
	} {
		who := person("p" + string(rune('a'+i)))
		user := "U" + strings.ToUpper(who.Actor.ID)
		linked, err := h.Claim(t.Context(), who, write(h.code(user)))
		if err != nil || linked.User != user || linked.Person != who.Actor.ID || linked.Team != team {
			t.Errorf("%d: %+v, %v", i, linked, err)
		}
	}
	entries, err := h.store.RecordList(t.Context(), record.ChainSystem, 0, 100)
	must(t, err)
	if len(entries) != 5 {
		t.Errorf("%d entries", len(entries))
	}
	for _, entry := range entries { // a code that stands in the record could be claimed by who reads it
		if bytes.Contains(entry.Payload, []byte("-")) && regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`).Match(entry.Payload) {
			t.Errorf("the record has %s", entry.Payload)
		}
	}
}

func TestWhoCannotClaim(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	code := h.code("U1")
	narrow := person("ana")
	narrow.Scopes = []string{"incident:read"}
	for name, row := range map[string]struct {
		by   soar.Principal
		code string
		want soar.Code
		says string
	}{
		"a tool":             {soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "wazuh"}}, code, soar.CodeDenied, "only a person"},
		"nobody":             {person(""), code, soar.CodeDenied, "only a person"},
		"a token with scope": {narrow, code, soar.CodeDenied, "permits less"},
		"half a code":        {person("ana"), code[:9], soar.CodeInvalid, "a code looks like"},
		"no code":            {person("ana"), "", soar.CodeInvalid, "a code looks like"},
		"other letters":      {person("ana"), "UUUU-UUUU-UUUU-UUUU", soar.CodeInvalid, "a code looks like"},
		"a guess":            {person("ana"), "0000-0000-0000-0000", soar.CodeNotFound, "no such code"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := h.Claim(t.Context(), row.by, row.code)
			wants(t, err, row.want, row.says)
		})
	}
	t.Cleanup(func() {
		h.now = h.now.Add(identity.CodeLife)
		_, err := h.Claim(context.WithoutCancel(t.Context()), person("ana"), code)
		wants(t, err, soar.CodeNotFound, "its time is over")
	})
}

func TestThePersonBehindAUserAsThingsStandNow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for user, id := range map[string]string{"U1": "ana", "U2": "left", "U3": "unknown"} {
		_, err := h.Claim(t.Context(), person(id), h.code(user))
		must(t, err)
	}
	ana, err := h.Person(t.Context(), team, "U1")
	if err != nil || ana.ID != "ana" || len(ana.Roles) != 1 {
		t.Errorf("got %+v, %v", ana, err)
	}
	_, err = h.Person(t.Context(), team, "U2")
	wants(t, err, soar.CodeDenied, "not active any more")
	_, err = h.Person(t.Context(), team, "U3")
	wants(t, err, soar.CodeDenied, "nobody knows any more")
	_, err = h.Person(t.Context(), team, "U4")
	wants(t, err, soar.CodeNotFound, "")
	_, err = h.Person(t.Context(), "T0ELSE", "U1")
	wants(t, err, soar.CodeNotFound, "")
	h.people.known["ana"] = soar.Person{ID: "ana", Active: true} // lost the role meanwhile
	if ana, err = h.Person(t.Context(), team, "U1"); err != nil || len(ana.Roles) != 0 {
		t.Errorf("got %+v, %v", ana, err)
	}
	h.people.away = true
	_, err = h.Person(t.Context(), team, "U1")
	wants(t, err, soar.CodeUnavailable, "away")
}

func TestALinkIsEndedByThePersonOrWhoManagesPeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := func() {
		t.Helper()
		h.now = h.now.Add(time.Minute)
		_, err := h.Claim(t.Context(), person("ana"), h.code("U1"))
		must(t, err)
	}
	link()
	wants(t, h.Unlink(t.Context(), person("bob", soar.RoleAnalyst), team, "U1"), soar.CodeDenied, "")
	wants(t, h.Unlink(t.Context(), person("bob", soar.RoleAnalyst), team, "U9"), soar.CodeDenied, "") // whether it is linked is not said
	tool := soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "ana"}}
	wants(t, h.Unlink(t.Context(), tool, team, "U1"), soar.CodeDenied, "")
	must(t, h.Unlink(t.Context(), person("ana"), team, "U1"))
	link()
	admin := person("root", soar.RoleAdmin)
	must(t, h.Unlink(t.Context(), admin, team, "U1"))
	wants(t, h.Unlink(t.Context(), admin, team, "U1"), soar.CodeNotFound, "")
}

func TestWhoSeesTheLinks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for user, id := range map[string]string{"U1": "ana", "U2": "bob"} {
		_, err := h.Claim(t.Context(), person(id), h.code(user))
		must(t, err)
	}
	all, err := h.List(t.Context(), person("lead", soar.RoleSOCLead))
	must(t, err)
	mine, err := h.List(t.Context(), person("bob", soar.RoleReporter))
	must(t, err)
	if len(all) != 2 || len(mine) != 1 || mine[0].User != "U2" {
		t.Errorf("got %+v, %+v", all, mine)
	}
	_, err = h.List(t.Context(), soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "x"}})
	wants(t, err, soar.CodeDenied, "only a person")
	of, err := h.Of(t.Context(), "ana")
	if err != nil || len(of) != 1 || of[0].User != "U1" {
		t.Errorf("got %+v, %v", of, err)
	}
}

type dry struct{}

// Read gives nothing.
func (dry) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

func TestNoCodeWithoutRandomness(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := identity.New(identity.Options{Store: chat.New(h.store), People: h.people, Random: dry{}, Now: time.Now})
	code, _, err := s.Code(t.Context(), team, "U1")
	wants(t, err, soar.CodeInternal, "no code could be made")
	if code != "" {
		t.Errorf("got %q", code)
	}
}
