package activities

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"

	labserver "github.com/tocsin-soar/tocsin/internal/lab"
)

// crashCase is one action, what the lab calls its effect, and what it may come to.
type crashCase struct {
	request protocol.ActionRequest
	effect  string
	most    int  // effects, whatever happens
	unclear bool // may end with "a person must look"
}

func crashCases() map[string]crashCase {
	mail := request("mail.send", map[string]any{"to": []any{"clerk-17@lab.example"}, "subject": "Call us", "body": "now"})
	return map[string]crashCase{
		"keyed, can be asked":                {request("edr.isolate_host", host("ws-042")), "edr.isolate_host", 1, false},
		"idempotent by nature, can be asked": {request("directory.disable_user", user("clerk-17")), "directory.disable_user", 1, false},
		"idempotent, cannot be asked":        {request("directory.revoke_sessions", user("clerk-17")), "directory.revoke_sessions", 1, false},
		"only once, cannot be asked":         {request("directory.reset_password", user("clerk-17")), "directory.reset_password", 1, true},
		"a message":                          {mail, "mail.send", 2, false}, // at least once, and no more than twice for one crash
		"evidence":                           {request("edr.collect_evidence", host("web-01")), "none", 0, false},
	}
}

// An attempt is stopped at every point there is. Another one goes on, and then the
// stopped one either stays dead, or wakes up with its time over, or wakes up as if
// nothing had happened. The lab is the judge.
func TestCrashAtEveryPoint(t *testing.T) {
	t.Parallel()
	for name, c := range crashCases() {
		points := countPoints(t, c)
		if points < 10 {
			t.Fatalf("%s: only %d points", name, points)
		}
		for at := 1; at <= points; at++ {
			for _, after := range []string{"stays dead", "wakes up late", "wakes up in time"} {
				t.Run(fmt.Sprintf("%s/%02d %s", name, at, after), func(t *testing.T) {
					t.Parallel()
					crashAt(t, c, at, after)
				})
			}
		}
	}
}

func countPoints(t *testing.T, c crashCase) int {
	t.Helper()
	b := newBench(t)
	b.store.step = stopHere
	s := newStopper(0)
	if _, err := b.acts.run(s.in(t.Context()), c.request, never); err != nil {
		t.Fatal(err)
	}
	return s.count()
}

func crashAt(t *testing.T, c crashCase, at int, after string) {
	b := newBench(t)
	b.store.step = stopHere
	s := newStopper(at)
	ctx, cancel := context.WithCancel(s.in(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = b.acts.run(ctx, c.request, never)
	}()
	where := ""
	select {
	case where = <-s.reached:
	case <-time.After(20 * time.Second):
		t.Fatal("the point was not reached")
	}
	result := b.must(c.request)
	checkEnd(t, b, c, where, result)
	if after == "wakes up late" {
		cancel()
	}
	if after == "stays dead" {
		cancel()
		t.Cleanup(func() { close(s.resume); <-ended })
		return
	}
	close(s.resume)
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the woken attempt does not end")
	}
	cancel()
	checkEffects(t, b, c, where)
	again := b.must(c.request)
	if again.Outcome != result.Outcome && result.Outcome != protocol.OutcomeUnknown {
		t.Errorf("stopped at %s: first %s, then %s", where, result.Outcome, again.Outcome)
	}
	checkEffects(t, b, c, where)
}

func checkEnd(t *testing.T, b *bench, c crashCase, where string, result protocol.ActionResult) {
	t.Helper()
	switch {
	case result.Outcome == protocol.OutcomeDone:
		if got := b.did(c.effect); got < min(c.most, 1) {
			t.Errorf("stopped at %s: reported done, and the lab says nothing happened", where)
		}
		if c.request.Action == "collect_evidence" && len(result.Evidence) != 4 {
			t.Errorf("stopped at %s: %d items of evidence", where, len(result.Evidence))
		}
	case result.Outcome == protocol.OutcomeUnknown && c.unclear:
		b.state(c.request, soar.LedgerUnknown)
	default:
		t.Errorf("stopped at %s: %s %s", where, result.Outcome, result.Error)
	}
	checkEffects(t, b, c, where)
	checkRecord(t, b, where)
}

func checkEffects(t *testing.T, b *bench, c crashCase, where string) {
	t.Helper()
	if got := b.did(c.effect); got > c.most {
		t.Errorf("stopped at %s: %d effects", where, got)
	}
}

// checkRecord: the intent is written down before anything else, once.
func checkRecord(t *testing.T, b *bench, where string) {
	t.Helper()
	kinds := b.store.kinds()
	intents := 0
	for _, kind := range kinds {
		if kind == protocol.EventActionIntent {
			intents++
		}
	}
	if intents != 1 || kinds[0] != protocol.EventActionIntent {
		t.Errorf("stopped at %s: record %v", where, kinds)
	}
}

// The same, with the lab misbehaving on top: every fault, on the call and on the
// question, for every action.
func TestFaultsOfTheSystem(t *testing.T) {
	t.Parallel()
	paths := map[string][2]string{
		"edr.isolate_host":          {"/edr/hosts/ws-042/isolate", "/edr/hosts/ws-042"},
		"directory.disable_user":    {"/directory/users/clerk-17/disable_user", "/directory/users/clerk-17"},
		"directory.revoke_sessions": {"/directory/users/clerk-17/revoke_sessions", "/none"},
		"directory.reset_password":  {"/directory/users/clerk-17/reset_password", "/none"},
	}
	modes := []labserver.Mode{labserver.ModeDelay, labserver.ModeError, labserver.ModeStatus, labserver.ModeDropBefore, labserver.ModeDropAfter, labserver.ModeGarbage, labserver.ModeOversize, labserver.ModeMute}
	for _, c := range crashCases() {
		path, ok := paths[c.request.Connector+"."+c.request.Action]
		if !ok {
			continue
		}
		for _, mode := range modes {
			for _, asked := range []labserver.Mode{"", labserver.ModeError, labserver.ModeGarbage, labserver.ModeMute} {
				t.Run(fmt.Sprintf("%s/%s then %s", c.effect, mode, asked), func(t *testing.T) {
					t.Parallel()
					faulty(t, c, path, mode, asked)
				})
			}
		}
	}
}

// faulty makes one call fail in one way and the question after it in another.
func faulty(t *testing.T, c crashCase, path [2]string, mode, asked labserver.Mode) {
	b := newBench(t)
	b.fault(path[0], mode, status503, soon)
	if asked != "" {
		b.fault(path[1], asked, status503, soon)
	}
	r := c.request
	if slow(mode) || slow(asked) {
		// On a busy machine the repeat may run out of this little time as well.
		r.Timeout, c.unclear = 300*time.Millisecond, true
	}
	result := b.must(r)
	checkEnd(t, b, c, string(mode), result)
	if got := b.store.entry(r.Key).State; result.Outcome == protocol.OutcomeDone && !got.Done() {
		t.Errorf("done, and the ledger says %s", got)
	}
}

func slow(mode labserver.Mode) bool {
	return mode == labserver.ModeDelay || mode == labserver.ModeMute
}

func status503(f *labserver.Fault) {
	if f.Mode == labserver.ModeStatus {
		f.Status = 503
	}
}

func soon(f *labserver.Fault) {
	if f.Mode == labserver.ModeDelay {
		f.DelayMS = 400 // longer than the call's time
	}
}
