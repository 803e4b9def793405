package people_test

import (
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/people"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func event(text string) record.Payload {
	return record.Payload{At: noon, Kind: protocol.EventPersonChanged, By: soar.System("test"), Text: text}
}

func lead(at time.Time) soar.Person {
	return soar.Person{
		ID: "lead@lab.invalid", Name: "Lead", Email: "lead@lab.invalid", Zone: "Europe/Zurich", Active: true, UpdatedAt: at,
		Roles: []soar.RoleGrant{{Role: soar.RoleAnalyst, Since: at}, {Role: soar.RoleSOCLead, Since: at}},
	}
}

func TestSave(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	k := people.New(s)
	first, err := k.Save(t.Context(), time.Time{}, lead(noon), event("added"))
	must(t, err)
	same(t, lead(noon), first)
	_, err = k.Save(t.Context(), time.Time{}, lead(noon), event("added twice"))
	code(t, soar.CodeConflict, err)

	// A role that stays keeps its since, one that goes and comes back does not.
	later := noon.Add(time.Hour)
	second := lead(later)
	second.Name, second.Roles = "Lead of the night", second.Roles[1:]
	saved, err := k.Save(t.Context(), first.UpdatedAt, second, event("no analyst any more"))
	must(t, err)
	same(t, []soar.RoleGrant{{Role: soar.RoleSOCLead, Since: noon}}, saved.Roles)
	_, err = k.Save(t.Context(), first.UpdatedAt, second, event("from an old page"))
	code(t, soar.CodeConflict, err)
	saved, err = k.Save(t.Context(), saved.UpdatedAt, lead(later.Add(time.Hour)), event("analyst again"))
	must(t, err)
	same(t, []soar.RoleGrant{{Role: soar.RoleAnalyst, Since: later.Add(time.Hour)}, {Role: soar.RoleSOCLead, Since: noon}}, saved.Roles)

	all, err := k.People(t.Context())
	must(t, err)
	same(t, []soar.Person{saved}, all)
	_, err = k.Person(t.Context(), "nobody")
	code(t, soar.CodeNotFound, err)
	same(t, []string{"added", "no analyst any more", "analyst again"}, system(t, s))
}

func TestWhoHasLeftHoldsNoToken(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	k, tokens := people.New(s), people.NewTokens(s)
	token := soar.Token{ID: "tok", Hash: []byte{1}, CreatedAt: noon, Actor: soar.Actor{Kind: soar.ActorPerson, ID: "lead@lab.invalid"}, Roles: []soar.Role{soar.RoleCISO, soar.RoleSOCLead}}
	must(t, tokens.TokenInsert(t.Context(), token, event("token")))
	found, err := tokens.TokenFind(t.Context(), "tok")
	must(t, err)
	same(t, token.Roles, found.Roles) // no row: the token has the word

	saved, err := k.Save(t.Context(), time.Time{}, lead(noon), event("added"))
	must(t, err)
	found, err = tokens.TokenFind(t.Context(), "tok")
	must(t, err)
	same(t, []soar.Role{soar.RoleSOCLead}, found.Roles) // he is no ciso

	more := token
	more.ID = "tok3"
	code(t, soar.CodeConflict, tokens.TokenInsert(t.Context(), more, event("token"))) // with a role that he does not hold

	left := lead(noon.Add(time.Hour))
	left.Active, left.Roles = false, nil
	_, err = k.Save(t.Context(), saved.UpdatedAt, left, event("left"))
	must(t, err)
	found, err = s.TokenFind(t.Context(), "tok")
	must(t, err)
	if found.RevokedAt == nil {
		t.Error("the token of who has left is in force")
	}
	token.ID = "tok2"
	code(t, soar.CodeConflict, tokens.TokenInsert(t.Context(), token, event("token")))
}

func TestQualificationsAndAbsences(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	k := people.New(s)
	by := soar.Actor{Kind: soar.ActorPerson, ID: "ciso@lab.invalid"}
	q := soar.Qualification{ID: "QUA-1", Person: "a", Class: "isolate", Source: "drill", Title: "Spring drill", ValidFrom: noon, ValidUntil: noon.AddDate(1, 0, 0), RecordedBy: by, RecordedAt: noon}
	must(t, k.QualificationAdd(t.Context(), q, event("q")))
	found, err := k.Qualifications(t.Context(), "a")
	must(t, err)
	same(t, []soar.Qualification{q}, found)
	end := noon.Add(time.Hour)
	must(t, k.QualificationRevoke(t.Context(), "QUA-1", end, event("q revoked")))
	code(t, soar.CodeConflict, k.QualificationRevoke(t.Context(), "QUA-1", end, event("again")))
	q.RevokedAt = &end
	one, err := k.Qualification(t.Context(), "QUA-1")
	must(t, err)
	same(t, q, one)
	_, err = k.Qualification(t.Context(), "QUA-2")
	code(t, soar.CodeNotFound, err)

	a := soar.Absence{ID: "ABS-1", Person: "a", Delegate: "b", From: noon, Until: noon.Add(48 * time.Hour), Reason: "away", By: by}
	must(t, k.AbsenceAdd(t.Context(), a, event("a")))
	for name, row := range map[string]struct {
		at   time.Time
		want int
	}{"before": {noon.Add(-time.Second), 0}, "first instant": {noon, 1}, "last": {a.Until.Add(-time.Second), 1}, "after": {a.Until, 0}} {
		standing, err := k.Represented(t.Context(), "b", row.at)
		must(t, err)
		if len(standing) != row.want {
			t.Errorf("%s: %d", name, len(standing))
		}
	}
	must(t, k.AbsenceEnd(t.Context(), "ABS-1", end, event("a ended")))
	code(t, soar.CodeConflict, k.AbsenceEnd(t.Context(), "ABS-1", end, event("again")))
	a.RevokedAt = &end
	away, err := k.Absences(t.Context(), "", noon)
	must(t, err)
	same(t, []soar.Absence{a}, away)
	if standing, err := k.Represented(t.Context(), "b", end); err != nil || len(standing) != 0 {
		t.Errorf("an absence that was ended: %v %v", standing, err)
	}
	same(t, []string{"q", "q revoked", "a", "a ended"}, system(t, s))
}

// The service's own role may forget, and forgets only what is of no use any more.
func TestPurge(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(storetest.URL(t))
	must(t, err)
	query := u.Query()
	query.Set("role", "tocsin_app")
	u.RawQuery = query.Encode()
	k := people.New(storetest.Open(t, u.String(), store.Options{}))
	const day = 24 * time.Hour
	for name, expires := range map[string]time.Time{"old": noon.Add(-30*day - time.Second), "ended": noon.Add(-30 * day), "open": noon.Add(time.Hour)} {
		must(t, k.LinkAdd(t.Context(), []byte(name), soar.ApprovalLink{ApprovalID: "APR-1", IncidentID: "INC-1", Person: "lead@lab.invalid", MadeAt: expires.Add(-time.Hour), ExpiresAt: expires}))
	}
	warn := func(id string, at time.Time) bool {
		told := event("warned")
		told.At = at
		isNew, err := k.Warn(t.Context(), protocol.Message{ID: id, Kind: "note", At: at}, told)
		must(t, err)
		return isNew
	}
	warn("old", noon.Add(-400*day-time.Second))
	warn("kept", noon.Add(-400*day))
	must(t, k.Purge(t.Context(), noon))
	for name, want := range map[string]soar.Code{"old": soar.CodeNotFound, "ended": "", "open": ""} {
		_, err := k.Link(t.Context(), []byte(name))
		code(t, want, err)
	}
	if !warn("old", noon) || warn("kept", noon) {
		t.Error("a warning that was sent 400 days ago goes out again, or one that is older does not")
	}
}

func TestWarnOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	k := people.New(s)
	message := protocol.Message{ID: "competence/1", Kind: "note", Subject: "s", Body: "b", To: []soar.Approver{{Role: soar.RoleSOCLead}}}
	for i, want := range []bool{true, false} {
		isNew, err := k.Warn(t.Context(), message, event("warned"))
		must(t, err)
		if isNew != want {
			t.Errorf("call %d: new is %v", i, isNew)
		}
	}
	items, err := s.OutboxClaim(t.Context(), []string{soar.OutboxNotify}, 10, time.Minute)
	must(t, err)
	if len(items) != 1 {
		t.Errorf("%d messages", len(items))
	}
	same(t, []string{"warned"}, system(t, s))
}

// system gives what the system's chain says, after it verified.
func system(t *testing.T, s *store.Store) []string {
	t.Helper()
	entries, err := s.RecordList(t.Context(), record.ChainSystem, 0, 100)
	must(t, err)
	if !record.Verify(entries).OK() {
		t.Fatal("the system's chain does not verify")
	}
	var texts []string
	for _, entry := range entries {
		payload, err := record.ParsePayload(entry.Payload)
		must(t, err)
		if payload.Text != "token" {
			texts = append(texts, payload.Text)
		}
	}
	return texts
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
