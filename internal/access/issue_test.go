package access

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// keeper remembers tokens and record entries.
type keeper struct {
	tokens []soar.Token
	events []record.Payload
	err    error
}

func (k *keeper) TokenInsert(_ context.Context, token soar.Token, event record.Payload) error {
	if k.err == nil {
		k.tokens, k.events = append(k.tokens, token), append(k.events, event)
	}
	return k.err
}

func (k *keeper) TokenList(context.Context) ([]soar.Token, error) { return k.tokens, k.err }

func (k *keeper) TokenRevoke(_ context.Context, _ string, event record.Payload) error {
	k.events = append(k.events, event)
	return k.err
}

func admin() soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "admin@lab.invalid"}, Roles: []soar.Role{soar.RoleAdmin}}
}

func TestCreateForATool(t *testing.T) {
	t.Parallel()
	store := &keeper{}
	issued, err := NewTokens(store, seeded(1), noon).Create(t.Context(), admin(), TokenRequest{Name: "wazuh manager", Source: "wazuh", CIDRs: []string{"192.0.2.0/24"}})
	if err != nil {
		t.Fatal(err)
	}
	expires := noon().Add(LifeDefault)
	want := soar.Token{
		ID: issued.Token.ID, Name: "wazuh manager", Hash: store.tokens[0].Hash, Actor: soar.Actor{Kind: soar.ActorTool, ID: "wazuh", Name: "wazuh manager"},
		Roles: []soar.Role{soar.RoleTool}, Source: "wazuh", CIDRs: []string{"192.0.2.0/24"}, CreatedAt: noon(), ExpiresAt: &expires,
	}
	if diff := cmp.Diff([]soar.Token{want}, store.tokens); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	id, key, err := ParseToken(issued.Text.Reveal())
	if err != nil || id != want.ID || !Matches(key, store.tokens[0].Hash) {
		t.Errorf("the text shown is not the token stored: %v", err)
	}
	event := store.events[0]
	if event.Kind != protocol.EventTokenCreated || event.By.ID != "admin@lab.invalid" || !event.At.Equal(noon()) {
		t.Errorf("event %+v", event)
	}
	all, _ := json.Marshal(event)
	if strings.Contains(string(all), key.Reveal()) || strings.Contains(strings.ToLower(string(event.Data)), "hash") {
		t.Errorf("the record entry gives the secret or its hash away: %s", all)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	person := TokenRequest{Name: "lead", Person: "soc-lead@lab.invalid", Roles: []soar.Role{soar.RoleSOCLead}}
	with := func(change func(*TokenRequest)) TokenRequest { r := person; change(&r); return r }
	analyst := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "a"}, Roles: []soar.Role{soar.RoleAnalyst}}
	rows := []struct {
		name    string
		who     soar.Principal
		request TokenRequest
		code    soar.Code
	}{
		{"as it should be", admin(), person, ""},
		{"an analyst", analyst, person, soar.CodeDenied},
		{"a token scoped away from it", soar.Principal{Roles: []soar.Role{soar.RoleAdmin}, Scopes: []string{"token:read"}}, person, soar.CodeDenied},
		{"approver's role for oneself", admin(), with(func(r *TokenRequest) { r.Person = "admin@lab.invalid" }), soar.CodeDenied},
		{"no name", admin(), with(func(r *TokenRequest) { r.Name = " " }), soar.CodeInvalid},
		{"neither person nor source", admin(), with(func(r *TokenRequest) { r.Person = "" }), soar.CodeInvalid},
		{"both", admin(), with(func(r *TokenRequest) { r.Source = "wazuh" }), soar.CodeInvalid},
		{"no roles", admin(), with(func(r *TokenRequest) { r.Roles = nil }), soar.CodeInvalid},
		{"unknown role", admin(), with(func(r *TokenRequest) { r.Roles = []soar.Role{"root"} }), soar.CodeInvalid},
		{"a person as a tool", admin(), with(func(r *TokenRequest) { r.Roles = []soar.Role{soar.RoleTool} }), soar.CodeInvalid},
		{"admin who approves", admin(), with(func(r *TokenRequest) { r.Roles = append(r.Roles, soar.RoleAdmin) }), soar.CodeInvalid},
		{"a tool with another role", admin(), TokenRequest{Name: "x", Source: "wazuh", Roles: []soar.Role{soar.RoleAnalyst}}, soar.CodeInvalid},
		{"unknown scope", admin(), with(func(r *TokenRequest) { r.Scopes = []string{"*"} }), soar.CodeInvalid},
		{"no network", admin(), with(func(r *TokenRequest) { r.CIDRs = []string{"192.0.2.7"} }), soar.CodeInvalid},
		{"two years", admin(), with(func(r *TokenRequest) { r.Life = 2 * LifeMost }), soar.CodeInvalid},
		{"negative life", admin(), with(func(r *TokenRequest) { r.Life = -time.Second }), soar.CodeInvalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store := &keeper{}
			_, err := NewTokens(store, seeded(1), noon).Create(t.Context(), row.who, row.request)
			if soar.CodeOf(err) != row.code {
				t.Fatalf("got %v, want %q", err, row.code)
			}
			if row.code != "" && len(store.tokens)+len(store.events) != 0 {
				t.Error("something was stored")
			}
		})
	}
}

func TestIssueWithoutRandomness(t *testing.T) {
	t.Parallel()
	_, err := NewTokens(&keeper{}, iotest.ErrReader(context.Canceled), noon).Issue(t.Context(), soar.System("setup"), TokenRequest{Name: "x", Source: "generic"})
	if soar.CodeOf(err) != soar.CodeInternal {
		t.Errorf("got %v", err)
	}
}

func TestListHidesHashes(t *testing.T) {
	t.Parallel()
	store := &keeper{tokens: []soar.Token{{ID: "a", Hash: []byte{1}}}}
	tokens := NewTokens(store, seeded(1), noon)
	got, err := tokens.List(t.Context(), soar.Principal{Roles: []soar.Role{soar.RoleAuditor}})
	if diff := cmp.Diff([]soar.Token{{ID: "a"}}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := tokens.List(t.Context(), soar.Principal{Roles: []soar.Role{soar.RoleSOCLead}}); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a soc lead: %v", err)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	store := &keeper{}
	tokens := NewTokens(store, seeded(1), noon)
	if err := tokens.Revoke(t.Context(), admin(), "abc", " leaked in a ticket "); err != nil {
		t.Fatal(err)
	}
	if got := store.events[0]; got.Kind != protocol.EventTokenRevoked || got.Text != "token abc revoked: leaked in a ticket" || !got.At.Equal(noon()) {
		t.Errorf("event %+v", got)
	}
	if err := tokens.Revoke(t.Context(), admin(), "abc", " "); soar.CodeOf(err) != soar.CodeInvalid {
		t.Errorf("without a reason: %v", err)
	}
	if err := tokens.Revoke(t.Context(), soar.Principal{Roles: []soar.Role{soar.RoleAuditor}}, "abc", "x"); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("an auditor: %v", err)
	}
}
