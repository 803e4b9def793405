package access

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// finder is a store with one token.
type finder struct {
	token    soar.Token
	err      error
	touched  int
	touchErr error
}

func (f *finder) TokenFind(_ context.Context, id string) (soar.Token, error) {
	if f.err != nil {
		return soar.Token{}, f.err
	}
	if id != f.token.ID {
		return soar.Token{}, soar.Errorf(soar.CodeNotFound, "fake", "no such token")
	}
	return f.token, nil
}

func (f *finder) TokenTouch(context.Context, string) error { f.touched++; return f.touchErr }

func issue(t *testing.T, change func(*soar.Token)) (*finder, string) {
	t.Helper()
	fresh, err := NewToken(seeded(9))
	if err != nil {
		t.Fatal(err)
	}
	expires := noon().Add(time.Hour)
	token := soar.Token{
		ID: fresh.ID, Name: "wazuh manager", Hash: fresh.Hash, Actor: soar.Actor{Kind: soar.ActorTool, ID: "wazuh"},
		Roles: []soar.Role{soar.RoleTool}, Source: "wazuh", Scopes: []string{"alert:send"}, ExpiresAt: &expires,
	}
	if change != nil {
		change(&token)
	}
	return &finder{token: token}, fresh.Text.Reveal()
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	local := netip.MustParseAddr("192.0.2.7")
	before, after := noon().Add(-time.Second), noon().Add(time.Second)
	rows := []struct {
		name   string
		change func(*soar.Token)
		remote netip.Addr
		ok     bool
	}{
		{"as issued", nil, local, true},
		{"never expires", func(t *soar.Token) { t.ExpiresAt = nil }, local, true},
		{"expired a second ago", func(t *soar.Token) { t.ExpiresAt = &before }, local, false},
		{"expires now", func(t *soar.Token) { now := noon(); t.ExpiresAt = &now }, local, false},
		{"expires in a second", func(t *soar.Token) { t.ExpiresAt = &after }, local, true},
		{"revoked", func(t *soar.Token) { t.RevokedAt = &before }, local, false},
		{"revoked in the future counts as revoked", func(t *soar.Token) { t.RevokedAt = &after }, local, false},
		{"inside its network", func(t *soar.Token) { t.CIDRs = []string{"198.51.100.0/24", "192.0.2.0/24"} }, local, true},
		{"outside its network", func(t *soar.Token) { t.CIDRs = []string{"198.51.100.0/24"} }, local, false},
		{"inside, written as IPv6", func(t *soar.Token) { t.CIDRs = []string{"192.0.2.0/24"} }, netip.MustParseAddr("::ffff:192.0.2.7"), true},
		{"a network nobody can read", func(t *soar.Token) { t.CIDRs = []string{"everywhere"} }, local, false},
		{"no address and a network", func(t *soar.Token) { t.CIDRs = []string{"192.0.2.0/24"} }, netip.Addr{}, false},
		{"another hash", func(t *soar.Token) { t.Hash = bytes.Repeat([]byte{1}, 32) }, local, false},
		{"no hash", func(t *soar.Token) { t.Hash = nil }, local, false},
		{"another id", func(t *soar.Token) { t.ID = "other" }, local, false},
		{"a tool without a source", func(t *soar.Token) { t.Source = "" }, local, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store, text := issue(t, row.change)
			p, err := NewAuthenticator(store, noon, slog.New(slog.DiscardHandler)).Authenticate(t.Context(), "Bearer "+text, row.remote)
			if !row.ok {
				if soar.CodeOf(err) != soar.CodeUnauthenticated || soar.MessageOf(err) != "a valid token is needed" {
					t.Fatalf("got %v", err)
				}
				if diff := cmp.Diff(soar.Principal{}, p); diff != "" || store.touched != 0 {
					t.Errorf("a refused token gave a principal or was touched: %s", diff)
				}
				return
			}
			want := soar.Principal{
				Actor: soar.Actor{Kind: soar.ActorTool, ID: "wazuh"}, Roles: []soar.Role{soar.RoleTool},
				Source: "wazuh", Scopes: []string{"alert:send"}, Token: store.token.ID,
			}
			if diff := cmp.Diff(want, p); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestHeaderForms(t *testing.T) {
	t.Parallel()
	store, text := issue(t, nil)
	a := NewAuthenticator(store, noon, slog.New(slog.DiscardHandler))
	for header, ok := range map[string]bool{
		text: true, "Bearer " + text: true, "bearer  " + text + " ": true,
		"": false, "Bearer": false, "Bearer ": false, "Basic " + text: false, "Bearer Bearer " + text: false,
	} {
		if _, err := a.Authenticate(t.Context(), header, netip.Addr{}); (err == nil) != ok {
			t.Errorf("%q: %v", strings.ReplaceAll(header, text, "TOKEN"), err)
		}
	}
}

func TestStoreAwayIsNotARefusal(t *testing.T) {
	t.Parallel()
	store, text := issue(t, nil)
	store.err = errors.New("connection refused")
	_, err := NewAuthenticator(store, noon, slog.New(slog.DiscardHandler)).Authenticate(t.Context(), text, netip.Addr{})
	if soar.CodeOf(err) != soar.CodeUnavailable || strings.Contains(soar.MessageOf(err), "refused") {
		t.Errorf("got %v", err)
	}
}

func TestTouchOnceAMinute(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		last *time.Time
		want int
	}{
		"never used":          {nil, 1},
		"used 59 s ago":       {ago(59 * time.Second), 0},
		"used a minute ago":   {ago(time.Minute), 1},
		"clock went backward": {ago(-time.Second), 0},
	}
	for name, row := range rows {
		store, text := issue(t, func(token *soar.Token) { token.LastUsedAt = row.last })
		store.touchErr = errors.New("read only")
		if _, err := NewAuthenticator(store, noon, slog.New(slog.DiscardHandler)).Authenticate(t.Context(), text, netip.Addr{}); err != nil {
			t.Errorf("%s: a touch that fails must not refuse: %v", name, err)
		}
		if store.touched != row.want {
			t.Errorf("%s: touched %d times, want %d", name, store.touched, row.want)
		}
	}
}

func ago(d time.Duration) *time.Time { at := noon().Add(-d); return &at }

func TestNoSecretInTheLog(t *testing.T) {
	t.Parallel()
	store, text := issue(t, func(token *soar.Token) { token.Hash = nil })
	var log bytes.Buffer
	_, _ = NewAuthenticator(store, noon, slog.New(slog.NewTextHandler(&log, nil))).Authenticate(t.Context(), text, netip.Addr{})
	key := strings.Split(text, "_")[2]
	if strings.Contains(log.String(), key) || !strings.Contains(log.String(), "wrong secret") {
		t.Errorf("log: %s", log.String())
	}
}
