package access

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// slow counts what it is asked, and can be held while it answers.
type slow struct {
	tokenStore
	token   soar.Token
	err     error
	finds   int
	touches int
	during  func()
}

func (s *slow) TokenFind(context.Context, string) (soar.Token, error) {
	s.finds++
	token := s.token
	if s.during != nil {
		s.during()
	}
	return token, s.err
}

func (s *slow) TokenTouch(context.Context, string) error { s.touches++; return nil }

func (s *slow) TokenRevoke(context.Context, string, record.Payload) error {
	now := time.Unix(0, 0)
	s.token.RevokedAt = &now
	return nil
}

func TestTokenCache(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	store := &slow{token: soar.Token{ID: "a"}}
	c := NewTokenCache(store, func() time.Time { return now })
	find := func() soar.Token {
		t.Helper()
		token, err := c.TokenFind(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for range 10 {
		find()
	}
	if store.finds != 1 {
		t.Errorf("ten requests are %d look-ups", store.finds)
	}
	if err := c.TokenTouch(t.Context(), "a"); err != nil || store.touches != 1 || find().LastUsedAt == nil {
		t.Errorf("%v: the use of a token is not remembered", err)
	}
	// Another process revokes: known after two seconds.
	_ = store.TokenRevoke(t.Context(), "a", record.Payload{})
	now = now.Add(cacheFor - time.Millisecond)
	if find().RevokedAt != nil {
		t.Error("looked up too early")
	}
	now = now.Add(time.Millisecond)
	if find().RevokedAt == nil || store.finds != 2 {
		t.Errorf("still valid after %s, %d look-ups", cacheFor, store.finds)
	}
}

func TestRevocationHereIsKnownAtOnce(t *testing.T) {
	t.Parallel()
	store := &slow{token: soar.Token{ID: "a"}}
	c := NewTokenCache(store, time.Now)
	// A look-up that began before the revocation must not outlive it.
	store.during = func() { _ = c.TokenRevoke(context.Background(), "a", record.Payload{}) }
	if _, err := c.TokenFind(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	store.during = nil
	for range 2 {
		if token, err := c.TokenFind(t.Context(), "a"); err != nil || token.RevokedAt == nil {
			t.Errorf("%v: the token is still valid", err)
		}
	}
}

func TestUnknownTokensAreNotKept(t *testing.T) {
	t.Parallel()
	store := &slow{err: soar.Errorf(soar.CodeNotFound, "fake", "none")}
	c := NewTokenCache(store, time.Now)
	for range 3 {
		if _, err := c.TokenFind(t.Context(), "guess"); soar.CodeOf(err) != soar.CodeNotFound {
			t.Errorf("got %v", err)
		}
	}
	if store.finds != 3 || len(c.kept) != 0 {
		t.Errorf("%d look-ups, %d kept", store.finds, len(c.kept))
	}
}

func TestBasicToken(t *testing.T) {
	t.Parallel()
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, row := range []struct {
		header, token string
		ok            bool
	}{
		{"Basic " + encode("user:tocsin_x"), "tocsin_x", true},
		{" basic  " + encode(":tocsin_x"), "tocsin_x", true},
		{"BASIC " + encode("a:b:c"), "b:c", true},
		{"Basic " + encode("nocolon"), "", true},
		{"Basic !", "", true},
		{"Basic ", "", false},
		{"Bearer tocsin_x", "", false},
		{"tocsin_x", "", false},
		{"", "", false},
	} {
		if token, ok := BasicToken(row.header); token != row.token || ok != row.ok {
			t.Errorf("%q: got %q %t", row.header, token, ok)
		}
	}
}
