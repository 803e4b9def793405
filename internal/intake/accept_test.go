package intake

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestAcceptGivesReceipts(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	body := `[{"id":"1","title":"A","severity":"high"},{"id":"1","title":"A again"},7]`
	receipts, err := s.Accept(t.Context(), tool("generic"), "generic", "application/json", []byte(body))
	want := []Receipt{
		{AlertID: "ALR-0001", Parsed: true},
		{AlertID: "ALR-0001", Parsed: true, Duplicate: true},
		{AlertID: "ALR-0003", ParseError: "an item of the list is not an object"},
	}
	if diff := cmp.Diff(want, receipts); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := string(store.raws["ALR-0001"]); got != `{"id":"1","title":"A","severity":"high"}` {
		t.Errorf("raw %s", got)
	}
	if got := store.alerts["ALR-0001"]; got.Source != "generic" || !got.ReceivedAt.Equal(noon()) || got.Count != 2 {
		t.Errorf("stored %+v", got)
	}
}

func TestWhenTheToolGaveNoTime(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store, now: func() time.Time { return noon().Add(123456789) }})
	id := send(t, s, `{"title":"t"}`)
	got := store.alerts[id]
	if want := noon().Add(123456 * time.Microsecond); !got.OccurredAt.Equal(want) || !got.ReceivedAt.Equal(want) {
		t.Errorf("occurred %v, received %v", got.OccurredAt, got.ReceivedAt)
	}
	if diff := cmp.Diff([]string{"occurred_at"}, got.Guessed); diff != "" {
		t.Error(diff)
	}
}

func TestWhoMaySend(t *testing.T) {
	t.Parallel()
	person := func(roles ...soar.Role) soar.Principal {
		return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "p"}, Roles: roles}
	}
	unbound := tool("generic")
	unbound.Source = ""
	narrowed := tool("generic")
	narrowed.Scopes = []string{"alert:read"}
	rows := []struct {
		name   string
		who    soar.Principal
		source string
		code   soar.Code
	}{
		{"a tool for its source", tool("generic"), "generic", ""},
		{"a tool for another source", tool("generic"), "wazuh", soar.CodeDenied},
		{"a tool for a source that does not exist", tool("generic"), "nothing", soar.CodeDenied},
		{"a tool without a source", unbound, "generic", soar.CodeDenied},
		{"a tool scoped away from it", narrowed, "generic", soar.CodeDenied},
		{"an analyst", person(soar.RoleAnalyst), "generic", ""},
		{"an analyst for a source that does not exist", person(soar.RoleAnalyst), "nothing", soar.CodeNotFound},
		{"a manager", person(soar.RoleManager), "generic", soar.CodeDenied},
		{"an admin", person(soar.RoleAdmin), "generic", soar.CodeDenied},
		{"nobody", soar.Principal{}, "generic", soar.CodeDenied},
	}
	for _, row := range rows {
		store := newMemory()
		_, err := service(t, setup{store: store}).Accept(t.Context(), row.who, row.source, "", []byte(`{"title":"t"}`))
		if soar.CodeOf(err) != row.code || (len(store.alerts) == 1) != (row.code == "") {
			t.Errorf("%s: %v, %d alerts", row.name, err, len(store.alerts))
		}
	}
}

// The source comes from the token and the door, never from the body (T04).
func TestTheBodyCannotNameItsSource(t *testing.T) {
	t.Parallel()
	store := newMemory()
	id := send(t, service(t, setup{store: store}), `{"title":"t","source":"wazuh","Source":"wazuh"}`)
	if got := store.alerts[id].Source; got != "generic" {
		t.Errorf("source %q", got)
	}
}

func TestAcceptRefusesEmptyBodies(t *testing.T) {
	t.Parallel()
	s := service(t, setup{store: newMemory()})
	for name, body := range map[string]string{"empty": "", "white space": " ", "an empty list": "[]", "too long": strings.Repeat(" ", 1<<20) + "{}"} {
		if _, err := s.Accept(t.Context(), tool("generic"), "generic", "application/json", []byte(body)); soar.CodeOf(err) != soar.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is no JSON is an alert all the same: somebody meant to tell us something.
func TestUnreadableIsKept(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	for i, body := range []string{"not json", `{"a":1,"a":2}`, "\x00\x01\x02", "{\"a\":\"\xff\"", `{"title":"A"}and more`} {
		receipts, err := s.Accept(t.Context(), tool("generic"), "generic", "application/json", []byte(body))
		if err != nil || len(receipts) != 1 || receipts[0].Parsed || receipts[0].ParseError == "" {
			t.Errorf("body %d: %v %+v", i, err, receipts)
			continue
		}
		if got := string(store.raws[receipts[0].AlertID]); got != body {
			t.Errorf("body %d is kept as %q", i, got)
		}
	}
}

func TestStoreAway(t *testing.T) {
	t.Parallel()
	store := newMemory()
	store.fail["AlertsInsert"] = soar.Wrap(soar.CodeUnavailable, "fake", errors.New("connection refused"), "the database is away")
	_, err := service(t, setup{store: store}).Accept(t.Context(), tool("generic"), "generic", "", []byte(`{"title":"t"}`))
	if soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("got %v", err)
	}
}

func TestRandomIDsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := randomID()
		if len(id) != len("ALR-")+16 || seen[id] || strings.ContainsAny(id[4:], "ILOU") {
			t.Fatalf("id %s", id)
		}
		seen[id] = true
	}
}

func TestIncidentIDs(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 12, 31, 23, 30, 0, 0, time.FixedZone("", -3600)) // 2026 in UTC
	id := incidentID(at, "ALR-1/", idShortest)
	if id != incidentID(at, "ALR-1/", idShortest) || !strings.HasPrefix(id, "INC-2026-") || len(id) != len("INC-2026-")+6 {
		t.Errorf("id %s", id)
	}
	if longer := incidentID(at, "ALR-1/", 8); !strings.HasPrefix(longer, id) {
		t.Errorf("%s is not a longer %s", longer, id)
	}
	seen := map[string]bool{}
	for i := range 2000 {
		seen[incidentID(at, fmt.Sprint(i), idShortest)] = true
	}
	if len(seen) < 1990 {
		t.Errorf("%d different ids of 2000", len(seen))
	}
	if got := crockford([]byte{0xff, 0xff, 0xff, 0xff, 0xff}); got != "ZZZZZZZZ" {
		t.Errorf("crockford %s", got)
	}
	if got := crockford([]byte{0, 0x44, 0x32, 0x14, 0xc7}); got != "01234567"[:1]+got[1:] || len(got) != 8 {
		t.Errorf("crockford %s", got)
	}
}
