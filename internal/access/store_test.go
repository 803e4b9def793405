package access

import (
	"crypto/rand"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// The life of a token in the real store: made, used, listed, revoked.
func TestLifeOfAToken(t *testing.T) {
	t.Parallel()
	store := storetest.New(t)
	tokens, authenticator := NewTokens(store, rand.Reader, time.Now), NewAuthenticator(store, time.Now, slog.New(slog.DiscardHandler))
	issued, err := tokens.Issue(t.Context(), soar.System("setup"), TokenRequest{Name: "lead", Person: "soc-lead@lab.invalid", Roles: []soar.Role{soar.RoleSOCLead}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := authenticator.Authenticate(t.Context(), "Bearer "+issued.Text.Reveal(), netip.MustParseAddr("192.0.2.1"))
	if err != nil || p.Actor.ID != "soc-lead@lab.invalid" || !Can(p, ApprovalDecide) {
		t.Fatalf("%v %+v", err, p)
	}
	list, err := tokens.List(t.Context(), admin())
	if err != nil || len(list) != 1 || list[0].LastUsedAt == nil || list[0].Hash != nil {
		t.Errorf("%v %+v", err, list)
	}
	if err := tokens.Revoke(t.Context(), admin(), issued.Token.ID, "no longer needed"); err != nil {
		t.Fatal(err)
	}
	if _, err := authenticator.Authenticate(t.Context(), issued.Text.Reveal(), netip.Addr{}); soar.CodeOf(err) != soar.CodeUnauthenticated {
		t.Errorf("a revoked token: %v", err)
	}
	if err := tokens.Revoke(t.Context(), admin(), "nothing", "x"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("a token that is not there: %v", err)
	}
	entries, err := store.RecordList(t.Context(), record.ChainSystem, 0, 10)
	if err != nil || len(entries) != 2 || !record.Verify(entries).OK() {
		t.Errorf("%v, %d entries", err, len(entries))
	}
}
