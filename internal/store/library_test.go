package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func version(name, number, digest string) soar.PlaybookVersion {
	return soar.PlaybookVersion{Playbook: name, Version: number, Digest: digest, Source: "name: " + name + "\x00\xff", Plan: json.RawMessage(`{"b": 1,  "a": "\u0000"}`), PublishedBy: lead, PublishedAt: at}
}

func TestPlaybooks(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	insert := func(v soar.PlaybookVersion) (bool, error) {
		return s.PlaybookInsert(t.Context(), v, event("publish "+v.Version))
	}
	same(t, true, get(insert(version("a", "1", "d1")))(t))
	same(t, false, get(insert(version("a", "1", "d1")))(t))
	same(t, true, get(insert(version("a", "2", "d2")))(t))
	same(t, true, get(insert(version("b", "1", "d3")))(t))
	other := version("a", "1", "d9")
	other.Source += "!"
	_, err := insert(other)
	wantCode(t, err, soar.CodeConflict, "other contents")
	_, err = insert(version("c", "1", "d1"))
	wantCode(t, err, soar.CodeConflict, "playbook a")
	_, err = insert(version("c", "1", ""))
	wantCode(t, err, soar.CodeInvalid, "digest")
	_, err = insert(soar.PlaybookVersion{Playbook: "c", Version: "1", Digest: "x"})
	wantCode(t, err, soar.CodeInvalid, "plan")

	same(t, version("a", "1", "d1"), get(s.PlaybookGet(t.Context(), "a", "1"))(t)) // bytes of source and plan as they came
	same(t, "2", get(s.PlaybookGet(t.Context(), "a", ""))(t).Version)
	same(t, 0, len(get(s.PlaybookActive(t.Context()))(t)))

	must(t, s.PlaybookActivate(t.Context(), "a", "d2", event("activate 2")))
	must(t, s.PlaybookActivate(t.Context(), "a", "d1", event("activate 1")))
	active := version("a", "1", "d1")
	active.Active = true
	same(t, []soar.PlaybookVersion{active}, get(s.PlaybookActive(t.Context()))(t))
	same(t, active, get(s.PlaybookGet(t.Context(), "a", ""))(t))
	same(t, active, get(s.PlaybookByDigest(t.Context(), "d1"))(t))
	same(t, false, get(s.PlaybookByDigest(t.Context(), "d2"))(t).Active)

	must(t, s.PlaybookDisable(t.Context(), "a", event("disable")))
	same(t, 0, len(get(s.PlaybookActive(t.Context()))(t)))
	wantCode(t, s.PlaybookActivate(t.Context(), "a", "d3", event("x")), soar.CodeNotFound, "playbook a")
	wantCode(t, s.PlaybookActivate(t.Context(), "a", "nope", event("x")), soar.CodeNotFound, "playbook a")
	wantCode(t, s.PlaybookDisable(t.Context(), "nope", event("x")), soar.CodeNotFound, "playbook")
	_, err = s.PlaybookGet(t.Context(), "a", "9")
	wantCode(t, err, soar.CodeNotFound, "playbook")
	same(t, []string{"publish 1", "publish 2", "publish 1", "activate 2", "activate 1", "disable"}, chain(t, s, "system"))
}

// TestPlaybookInsertActive: a version becomes active with its row or not at all, and
// one source may have several plans.
func TestPlaybookInsertActive(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	insert := func(digest string) bool {
		v := version("a", "1", digest)
		v.Active = true
		return get(s.PlaybookInsert(t.Context(), v, event(digest)))(t)
	}
	same(t, []bool{true, false, true}, []bool{insert("d1"), insert("d1"), insert("d2")})
	same(t, "d2", get(s.PlaybookGet(t.Context(), "a", ""))(t).Digest)
	same(t, "d2", get(s.PlaybookGet(t.Context(), "a", "1"))(t).Digest)
	same(t, false, insert("d1")) // the same text with the connectors of before
	same(t, "d1", get(s.PlaybookGet(t.Context(), "a", "1"))(t).Digest)
	must(t, s.PlaybookDisable(t.Context(), "a", event("disable")))
	same(t, "d2", get(s.PlaybookGet(t.Context(), "a", "1"))(t).Digest) // none is active: the last

	other := version("a", "1", "d3")
	other.Source, other.Active = "other", true
	_, err := s.PlaybookInsert(t.Context(), other, event("other"))
	wantCode(t, err, soar.CodeConflict, "other contents")
	same(t, 0, len(get(s.PlaybookActive(t.Context()))(t)))
	same(t, []string{"d1", "d2", "d1", "disable"}, chain(t, s, "system"))

	versions := get(s.PlaybookVersions(t.Context(), "a"))(t)
	same(t, []string{"d2", "d1"}, []string{versions[0].Digest, versions[1].Digest})
	same(t, version("a", "1", "d2"), versions[0])
	same(t, 0, len(get(s.PlaybookVersions(t.Context(), "nope"))(t)))
}

// TestPlaybookInsertRace: of two texts for one version, one is published.
func TestPlaybookInsertRace(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	errs := together(8, func(i int) error {
		v := version("a", "1", fmt.Sprint("d", i))
		v.Source = fmt.Sprint("text ", i%2)
		_, err := s.PlaybookInsert(t.Context(), v, event("publish"))
		return err
	})
	refused := 0
	for _, err := range errs {
		if err != nil {
			wantCode(t, err, soar.CodeConflict, "other contents")
			refused++
		}
	}
	same(t, 4, refused)
}

func TestPlaybookList(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for n := range 5 {
		get(s.PlaybookInsert(t.Context(), version("a", fmt.Sprint(n), fmt.Sprint(n)), event("publish")))(t)
	}
	var got string
	page := soar.Page{Limit: 2}
	for {
		list, next, err := s.PlaybookList(t.Context(), page)
		must(t, err)
		for _, v := range list {
			got += v.Version
			if v.Source != "" || v.Plan != nil {
				t.Error("the list carries source or plan")
			}
		}
		if next == "" {
			break
		}
		page.After = next
	}
	same(t, "43210", got)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	expires := at.Add(time.Hour)
	token := soar.Token{
		ID: "tk1", Name: "wazuh", Hash: []byte{1, 2}, Actor: soar.Actor{Kind: soar.ActorTool, ID: "wazuh"}, Roles: []soar.Role{soar.RoleTool},
		Source: "wazuh", Scopes: []string{"alerts"}, CIDRs: []string{"10.0.0.0/8"}, CreatedAt: at, ExpiresAt: &expires,
	}
	must(t, s.TokenInsert(t.Context(), token, event("created")))
	same(t, token, get(s.TokenFind(t.Context(), "tk1"))(t))
	wantCode(t, s.TokenInsert(t.Context(), token, event("created")), soar.CodeConflict, "exists")
	wantCode(t, s.TokenInsert(t.Context(), soar.Token{ID: "x"}, event("created")), soar.CodeInvalid, "hash")
	bare := soar.Token{ID: "tk2", Hash: []byte{1}, CreatedAt: at.Add(time.Minute)}
	must(t, s.TokenInsert(t.Context(), bare, event("created")))

	must(t, s.TokenTouch(t.Context(), "tk1"))
	used := get(s.TokenFind(t.Context(), "tk1"))(t).LastUsedAt
	must(t, s.TokenTouch(t.Context(), "tk1"))
	same(t, used, get(s.TokenFind(t.Context(), "tk1"))(t).LastUsedAt)
	if used == nil {
		t.Error("not touched")
	}
	must(t, s.TokenRevoke(t.Context(), "tk1", event("revoked")))
	revoked := get(s.TokenFind(t.Context(), "tk1"))(t).RevokedAt
	must(t, s.TokenRevoke(t.Context(), "tk1", event("revoked")))
	same(t, revoked, get(s.TokenFind(t.Context(), "tk1"))(t).RevokedAt)
	if revoked == nil {
		t.Error("not revoked")
	}
	list := get(s.TokenList(t.Context()))(t)
	same(t, []string{"tk2", "tk1"}, []string{list[0].ID, list[1].ID})
	wantCode(t, s.TokenRevoke(t.Context(), "nope", event("x")), soar.CodeNotFound, "token")
	_, err := s.TokenFind(t.Context(), "nope")
	wantCode(t, err, soar.CodeNotFound, "token")
	same(t, []string{"created", "created", "revoked"}, chain(t, s, "system"))
}
