package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

const minute = time.Minute

var updates = []string{soar.OutboxIncidentUpdate}

// notes puts notes into the outbox of two incidents, a1 b1 a2 b2 ...
func notes(t testing.TB, s *store.Store, n int) {
	t.Helper()
	for _, incident := range []string{"INC-a", "INC-b"} {
		open(t, s, incident)
	}
	for i := 1; i <= n; i++ {
		for _, incident := range []string{"a", "b"} {
			id := fmt.Sprint(incident, i)
			must(t, s.CommandInsert(t.Context(), "INC-"+incident, protocol.UpdateNote, id, protocol.Note{}, event(id)))
		}
	}
}

func claim(t testing.TB, s *store.Store, kinds ...string) []soar.OutboxItem {
	t.Helper()
	return get(s.OutboxClaim(t.Context(), kinds, 10, minute))(t)
}

func TestOutboxOrderPerKey(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	notes(t, s, 2)
	same(t, 0, len(claim(t, s, updates...))) // the starts are older and open
	items(t, s, soar.OutboxIncidentStart)

	first := claim(t, s, updates...)
	same(t, 2, len(first))
	same(t, 1, first[0].Attempts)
	same(t, 0, len(claim(t, s, updates...))) // leased; the second ones wait behind them
	must(t, s.OutboxDone(t.Context(), first[0].ID))
	must(t, s.OutboxDone(t.Context(), first[0].ID))
	second := claim(t, s, updates...)
	same(t, 1, len(second))
	same(t, first[0].Key, second[0].Key)

	// Parked: a person looks at it, the others with its key go on.
	must(t, s.OutboxPark(t.Context(), first[1].ID, "refused "+strings.Repeat("é", 3000)))
	same(t, 1, len(claim(t, s, updates...)))
	parked := get(s.OutboxParked(t.Context(), 10))(t)
	same(t, first[1].ID, parked[0].ID)
	if len(parked[0].Problem) > 2010 || !strings.HasPrefix(parked[0].Problem, "refused") {
		t.Errorf("problem has %d bytes", len(parked[0].Problem))
	}
	must(t, s.OutboxUnpark(t.Context(), first[1].ID, event("unparked")))
	wantCode(t, s.OutboxUnpark(t.Context(), first[1].ID, event("unparked")), soar.CodeNotFound, "parked")
}

func TestOutboxRetryAndLease(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	notes(t, s, 1)
	items(t, s, soar.OutboxIncidentStart)
	got := get(s.OutboxClaim(t.Context(), updates, 1, minute))(t)[0]
	must(t, s.OutboxRetry(t.Context(), got.ID, "away\x00", time.Now().Add(time.Hour)))
	other := get(s.OutboxClaim(t.Context(), updates, 10, 0))(t) // a lease that is over at once
	same(t, 1, len(other))
	if other[0].ID == got.ID {
		t.Error("claimed before its time")
	}
	again := get(s.OutboxClaim(t.Context(), updates, 10, minute))(t)
	same(t, 2, again[0].Attempts)
	must(t, s.OutboxRetry(t.Context(), got.ID, "away\x00", time.Now().Add(-time.Second)))
	retried := claim(t, s, updates...)
	same(t, "away\uFFFD", retried[0].Problem)
	same(t, 2, retried[0].Attempts)
	same(t, 0, len(get(s.OutboxClaim(t.Context(), updates, -1, minute))(t)))
	same(t, 0, len(get(s.OutboxClaim(t.Context(), nil, 10, minute))(t)))
}

func TestOutboxPriority(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for n, severity := range []soar.Severity{soar.SeverityLow, "", soar.SeverityCritical, soar.SeverityHigh} {
		a := alert(n)
		a.Severity = severity
		get2(s.AlertInsert(t.Context(), a, nil))(t)
	}
	var order []string
	for _, item := range claim(t, s, soar.OutboxAlertDispatch) {
		order = append(order, item.Key)
	}
	same(t, []string{"ALR-0002", "ALR-0003", "ALR-0000", "ALR-0001"}, order)
}

// TestOutboxClaimAtOnce: 32 that claim share the items and never get the same.
func TestOutboxClaimAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	const all = 200
	for n := range all {
		get2(s.AlertInsert(t.Context(), alert(n), nil))(t)
	}
	var mu sync.Mutex
	seen := map[int64]int{}
	must(t, errors.Join(together(32, func(int) error {
		for {
			claimed, err := s.OutboxClaim(t.Context(), []string{soar.OutboxAlertDispatch}, 7, minute)
			if err != nil || len(claimed) == 0 {
				return err
			}
			mu.Lock()
			for _, item := range claimed {
				seen[item.ID]++
			}
			mu.Unlock()
		}
	})...))
	for id, times := range seen {
		if times != 1 {
			t.Errorf("item %d was claimed %d times", id, times)
		}
	}
	rest := claim(t, s, soar.OutboxAlertDispatch) // what SKIP LOCKED passed over
	same(t, all, len(seen)+len(rest))
}

// TestOutboxDeep: after a storm, with thousands of items waiting behind one key
// and before Postgres has any statistics, a claim is far within its deadline.
func TestOutboxDeep(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.Open(t, url, store.Options{Deadline: store.DefaultDeadline})
	must(t, raw(t, url, `
		INSERT INTO outbox (kind, key, priority, payload) SELECT 'incident.update', 'one', 20, '{}' FROM generate_series(1, 10000);
		INSERT INTO outbox (kind, key, priority, payload) SELECT 'alert.dispatch', 'k' || n, (n % 6)::smallint, '{}' FROM generate_series(1, 10000) n`))
	for _, kinds := range [][]string{updates, {soar.OutboxAlertDispatch}, {soar.OutboxAlertDispatch, soar.OutboxIncidentUpdate}} {
		for range 3 {
			for _, item := range get(s.OutboxClaim(t.Context(), kinds, 8, minute))(t) {
				must(t, s.OutboxDone(t.Context(), item.ID))
			}
		}
	}
}

func TestOutboxStatsAndPurge(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	stats := func() [2]int {
		t.Helper()
		waiting, oldest, parked, err := s.OutboxStats(t.Context())
		must(t, err)
		if (oldest > 0) != (waiting > 0) || oldest > time.Hour {
			t.Errorf("%d waiting, the oldest for %s", waiting, oldest)
		}
		return [2]int{waiting, parked}
	}
	same(t, [2]int{0, 0}, stats())
	for n := range 3 {
		get2(s.AlertInsert(t.Context(), alert(n), nil))(t)
	}
	claimed := claim(t, s, soar.OutboxAlertDispatch)
	must(t, s.OutboxDone(t.Context(), claimed[0].ID))
	must(t, s.OutboxPark(t.Context(), claimed[1].ID, "no"))
	same(t, [2]int{1, 1}, stats())
	same(t, 0, get(s.Purge(t.Context(), time.Hour))(t))
	same(t, 1, get(s.Purge(t.Context(), -time.Minute))(t)) // done "more than minus a minute ago"
	same(t, [2]int{1, 1}, stats())
}

func waitFor(t testing.TB, wake <-chan struct{}, what string) {
	t.Helper()
	select {
	case _, open := <-wake:
		if !open {
			t.Fatalf("%s: closed", what)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: no sign", what)
	}
}

// TestOutboxListenNear: what is added here is told at once and without the
// database, and not a second time by it.
func TestOutboxListenNear(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.Open(t, url, store.Options{})
	wake := get(s.OutboxListen(t.Context()))(t)
	other := storetest.Open(t, url, store.Options{})
	heard := get(other.OutboxListen(t.Context()))(t)
	get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	select {
	case <-wake: // it was there before AlertInsert returned, or its forwarder is a moment late
	case <-time.After(20 * time.Second):
		t.Fatal("no sign")
	}
	waitFor(t, heard, "the database has announced it")
	get2(other.AlertInsert(t.Context(), alert(2), nil))(t)
	waitFor(t, wake, "another process's alert")
	select {
	case <-wake:
		t.Error("it heard itself")
	default:
	}
}

func TestOutboxListen(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.Open(t, url, store.Options{})
	listener := storetest.Open(t, url, store.Options{}) // as in another process
	ctx, cancel := context.WithCancel(t.Context())
	wake := get(listener.OutboxListen(ctx))(t)
	get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	waitFor(t, wake, "an alert")
	open(t, s, incidentID)
	waitFor(t, wake, "an incident")

	// The connection is lost: it comes back by itself and says so.
	must(t, raw(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`))
	waitFor(t, wake, "reconnected")
	get2(s.AlertInsert(t.Context(), alert(2), nil))(t)
	waitFor(t, wake, "after reconnecting")
	get2(listener.AlertInsert(t.Context(), alert(3), nil))(t)
	waitFor(t, wake, "an alert of its own")
	cancel()
	select {
	case <-wake:
	case <-time.After(20 * time.Second):
		t.Error("not closed")
	}
}
