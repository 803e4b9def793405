package library

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestPlanByDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.publish("ssh 1")
	w = w.restart("m2") // nothing in the cache
	w.store.reads = map[string]int{}
	first, err := w.PlanByDigest(v.Digest)
	if err != nil || first.Playbook != "ssh" {
		t.Fatalf("got %+v %v", first, err)
	}
	again, err := w.PlanByDigest(v.Digest)
	if err != nil || again != first || w.store.reads["PlaybookByDigest"] != 1 {
		t.Errorf("read %d times, %v", w.store.reads["PlaybookByDigest"], err)
	}
	if _, err := w.PlanByDigest("nope"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("got %v", err)
	}
}

// TestPlansAreWhatTheirDigestSays: a row that somebody changed in the database
// does not run.
func TestPlansAreWhatTheirDigestSays(t *testing.T) {
	t.Parallel()
	changes := map[string]func(w *world, row *soar.PlaybookVersion){
		"another step": func(_ *world, row *soar.PlaybookVersion) {
			row.Plan = []byte(strings.Replace(string(row.Plan), `"m1"`, `"m9"`, 1))
		},
		"another plan":   func(w *world, row *soar.PlaybookVersion) { row.Plan = w.store.rows[1].Plan },
		"another name":   func(_ *world, row *soar.PlaybookVersion) { row.Playbook = "phishing" },
		"no plan at all": func(_ *world, row *soar.PlaybookVersion) { row.Plan = []byte("{}") },
	}
	for name, change := range changes {
		w := newWorld(t)
		v := w.publish("ssh 1")
		w.publish("other 1")
		change(w, &w.store.rows[0])
		w = w.restart("m1")
		if p, err := w.PlanByDigest(v.Digest); soar.CodeOf(err) != soar.CodeInternal {
			t.Errorf("%s: got %+v %v", name, p, err)
		}
		if err := w.Refresh(t.Context()); err != nil || w.running() != "other 1" {
			t.Errorf("%s: one bad row, running %q, %v", name, w.running(), err)
		}
	}
}

func TestPlanByDigestDoesNotWaitLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.stall = true
		begun := time.Now()
		_, err := w.PlanByDigest("d")
		if soar.CodeOf(err) != soar.CodeUnavailable || time.Since(begun) != planWait {
			t.Errorf("got %v after %s", err, time.Since(begun))
		}
	})
}

func TestPlansTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.publish("ssh 1")
	w = w.restart("m2")
	var all sync.WaitGroup
	plans := make([]*plan.Plan, 16)
	for i := range plans {
		all.Go(func() {
			p, err := w.PlanByDigest(v.Digest)
			if err != nil {
				t.Error(err)
			}
			plans[i] = p
			if err := w.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			_ = w.Active()
		})
	}
	all.Wait()
	for _, p := range plans {
		if p != plans[0] {
			t.Error("one digest gave two plans")
		}
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if w.Active() != nil {
		t.Error("active before the first look")
	}
	other := w.restart("m1")
	other.publish("ssh 1")
	if err := w.Refresh(t.Context()); err != nil || w.running() != "ssh 1" {
		t.Errorf("running %q, %v", w.running(), err)
	}
	w.store.fail["PlaybookActive"] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
	if err := w.Refresh(t.Context()); soar.CodeOf(err) != soar.CodeUnavailable || w.running() != "ssh 1" {
		t.Errorf("what was known is gone: %q, %v", w.running(), err)
	}
}

func TestPin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.publish("ssh 1"), w.publish("ssh 2")
	rows := []struct {
		request protocol.PinRequest
		want    protocol.RunPin
		code    soar.Code
	}{
		{protocol.PinRequest{Playbook: "ssh"}, protocol.RunPin{Playbook: "ssh", Version: "2", Digest: two.Digest}, ""},
		{protocol.PinRequest{Playbook: "ssh", Version: "1"}, protocol.RunPin{Playbook: "ssh", Version: "1", Digest: one.Digest}, ""},
		{protocol.PinRequest{Playbook: "ssh", Version: "9"}, protocol.RunPin{}, soar.CodeNotFound},
		{protocol.PinRequest{Playbook: "nope"}, protocol.RunPin{}, soar.CodeNotFound},
	}
	for _, row := range rows {
		got, err := w.Pin(t.Context(), row.request)
		if diff := cmp.Diff(row.want, got); diff != "" || soar.CodeOf(err) != row.code {
			t.Errorf("%+v: %v (-want +got)\n%s", row.request, err, diff)
		}
	}
	if err := w.Disable(t.Context(), engineer(), "ssh"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Pin(t.Context(), protocol.PinRequest{Playbook: "ssh"}); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("disabled: %v", err)
	}
	if got, err := w.Pin(t.Context(), protocol.PinRequest{Playbook: "ssh", Version: "1"}); err != nil || got.Digest != one.Digest {
		t.Errorf("a person names a version of a disabled playbook: %+v %v", got, err)
	}
}

func TestCacheDropsTheOldest(t *testing.T) {
	t.Parallel()
	c := newCache(3)
	for n := range 3 {
		c.put(&plan.Plan{Digest: fmt.Sprint(n)})
	}
	c.get("0")
	same := c.put(&plan.Plan{Digest: "1", Title: "a second reader"})
	c.put(&plan.Plan{Digest: "3"})
	var kept []string
	for n := range 4 {
		if c.get(fmt.Sprint(n)) != nil {
			kept = append(kept, fmt.Sprint(n))
		}
	}
	if diff := cmp.Diff([]string{"0", "1", "3"}, kept); diff != "" || same.Title != "" {
		t.Errorf("second reader got %+v (-want +got)\n%s", same, diff)
	}
	if c.recent.Len() != 3 || len(c.places) != 3 {
		t.Errorf("%d and %d kept", c.recent.Len(), len(c.places))
	}
}
