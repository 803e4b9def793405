package library

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
	"github.com/tocsin-soar/tocsin/playbooks"
)

// onStore is a library on the real store, with the real compiler.
func onStore(t *testing.T, s *store.Store) *Service {
	t.Helper()
	return New(Options{Store: s, Catalog: playbooktest.Catalog(t), Now: noon, Logger: slog.New(slog.DiscardHandler)})
}

// TestShippedPlaybooks loads what the product ships, twice, and runs a plan that
// was read from the database.
func TestShippedPlaybooks(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	first := onStore(t, s)
	if found, err := first.LoadShipped(t.Context(), playbooks.Shipped()); err != nil {
		t.Fatalf("%v\n%v", err, found)
	}
	active := first.Active()
	if len(active) < 2 {
		t.Fatalf("%d shipped playbooks are active", len(active))
	}
	entries, err := s.RecordList(t.Context(), record.ChainSystem, 0, 100)
	if err != nil || len(entries) != len(active) || !record.Verify(entries).OK() {
		t.Errorf("%d record entries %v", len(entries), err)
	}
	second := onStore(t, s)
	if _, err := second.LoadShipped(t.Context(), playbooks.Shipped()); err != nil {
		t.Fatal(err)
	}
	if again, err := s.RecordList(t.Context(), record.ChainSystem, 0, 100); err != nil || len(again) != len(entries) {
		t.Errorf("the second start wrote %d entries, %v", len(again)-len(entries), err)
	}
	for _, p := range active {
		read, err := onStore(t, s).PlanByDigest(p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, read); diff != "" {
			t.Errorf("%s (-compiled +read)\n%s", p.Playbook, diff)
		}
		pin, err := second.Pin(t.Context(), protocol.PinRequest{Playbook: p.Playbook})
		if err != nil || pin.Digest != p.Digest {
			t.Errorf("%s: pinned %+v %v", p.Playbook, pin, err)
		}
	}
}

// TestPublishWithTheStore publishes a shipped playbook under a version of its own.
func TestPublishWithTheStore(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	library := onStore(t, s)
	const name = "ssh_brute_force"
	raw, err := playbooks.Shipped().ReadFile(name + "/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), "version: 1.0.0", "version: 1.0.1", 1)
	for range 2 {
		v, found, err := library.Publish(t.Context(), engineer(), name, []byte(text))
		if err != nil || found.HasErrors() || !v.Active || v.Version != "1.0.1" || v.Source != text {
			t.Fatalf("got %+v %v %v", v, found, err)
		}
	}
	if _, _, err := library.Publish(t.Context(), engineer(), name, []byte(text+"\n# another text\n")); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("another text under the same version: %v", err)
	}
	if err := library.Disable(t.Context(), engineer(), name); err != nil {
		t.Fatal(err)
	}
	if v, err := library.Activate(t.Context(), engineer(), name, "1.0.1"); err != nil || !v.Active || len(library.Active()) != 1 {
		t.Errorf("got %+v %v", v, err)
	}
	versions, err := library.Versions(t.Context(), engineer(), name)
	if err != nil || len(versions) != 1 || versions[0].Source != text || len(versions[0].Plan) == 0 {
		t.Errorf("got %d %v", len(versions), err)
	}
	list, _, err := library.List(t.Context(), engineer(), soar.Page{})
	if err != nil || len(list) != 1 {
		t.Errorf("got %d %v", len(list), err)
	}
}
