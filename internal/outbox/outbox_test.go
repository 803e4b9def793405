package outbox_test

import (
	stdcmp "cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/outbox"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// fakeQueue is a queue in memory with the store's rules: kinds, due times, leases,
// order within a key. Its fields may be set before the dispatcher runs.
type fakeQueue struct {
	mu      sync.Mutex
	rows    []*row
	claims  int
	away    error // given by every call when set
	deaf    bool  // OutboxListen fails
	added   chan struct{}
	largest int
}

type row struct {
	soar.OutboxItem
	next         time.Time
	done, parked bool
	problem      string
}

func newQueue(items ...soar.OutboxItem) *fakeQueue {
	q := &fakeQueue{added: make(chan struct{}, 1)}
	for _, item := range items {
		q.add(item)
	}
	return q
}

func (q *fakeQueue) add(item soar.OutboxItem) {
	q.mu.Lock()
	defer q.mu.Unlock()
	item.ID, item.CreatedAt = int64(len(q.rows)+1), time.Now()
	q.rows = append(q.rows, &row{OutboxItem: item, next: time.Now()})
	select {
	case q.added <- struct{}{}:
	default:
	}
}

func (q *fakeQueue) OutboxClaim(_ context.Context, kinds []string, limit int, lease time.Duration) ([]soar.OutboxItem, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.claims++
	q.largest = max(q.largest, limit)
	if q.away != nil {
		return nil, q.away
	}
	var out []soar.OutboxItem
	open := map[string]bool{}
	for _, r := range q.rows {
		if r.done || r.parked {
			continue
		}
		if !open[r.Key] && slices.Contains(kinds, r.Kind) && !r.next.After(time.Now()) && len(out) < limit {
			r.Attempts++
			r.next = time.Now().Add(lease)
			out = append(out, r.OutboxItem)
		}
		open[r.Key] = true
	}
	return out, nil
}

func (q *fakeQueue) OutboxListen(ctx context.Context) (<-chan struct{}, error) {
	if q.deaf {
		return nil, errors.New("cannot listen")
	}
	out := make(chan struct{})
	go func() {
		defer close(out)
		for {
			select {
			case <-ctx.Done():
				return
			case <-q.added:
				out <- struct{}{}
			}
		}
	}()
	return out, nil
}

func (q *fakeQueue) settle(ctx context.Context, id int64, fn func(*row)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := stdcmp.Or(q.away, ctx.Err()); err != nil {
		return err
	}
	fn(q.rows[id-1])
	return nil
}

func (q *fakeQueue) OutboxDone(ctx context.Context, id int64) error {
	return q.settle(ctx, id, func(r *row) { r.done = true })
}

func (q *fakeQueue) OutboxRetry(ctx context.Context, id int64, problem string, next time.Time) error {
	return q.settle(ctx, id, func(r *row) { r.problem, r.next = problem, next })
}

func (q *fakeQueue) OutboxPark(ctx context.Context, id int64, problem string) error {
	return q.settle(ctx, id, func(r *row) { r.problem, r.parked = problem, true })
}

func (q *fakeQueue) at(id int) row {
	q.mu.Lock()
	defer q.mu.Unlock()
	return *q.rows[id-1]
}

// start runs a dispatcher until stop is called; stop waits for it.
func start(t *testing.T, o outbox.Options) (stop func()) {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	d := outbox.New(o)
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

func handlers(fn outbox.Handler) map[string]outbox.Handler {
	return map[string]outbox.Handler{"a": fn}
}

func succeed(context.Context, soar.OutboxItem) error { return nil }

func item(key string) soar.OutboxItem { return soar.OutboxItem{Kind: "a", Key: key} }

func TestDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(item("1"), item("2"), soar.OutboxItem{Kind: "other", Key: "3"})
		meter := &meter{}
		stop := start(t, outbox.Options{Queue: q, Handlers: handlers(succeed), Meter: meter})
		synctest.Wait()
		if !q.at(1).done || !q.at(2).done || q.at(3).done {
			t.Errorf("done: %v %v %v", q.at(1).done, q.at(2).done, q.at(3).done)
		}
		began := time.Now()
		q.add(item("4")) // is told of it: without waiting for the poll
		synctest.Wait()
		if !q.at(4).done || time.Since(began) != 0 {
			t.Errorf("done %v after %s", q.at(4).done, time.Since(began))
		}
		stop()
		if diff := cmp.Diff([]string{"a done", "a done", "a done"}, meter.seen); diff != "" {
			t.Error(diff)
		}
	})
}

type meter struct {
	mu   sync.Mutex
	seen []string
}

func (m *meter) Handled(kind, result string, _, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, kind+" "+result)
}

// TestNextOfKeyAtOnce: what waited behind an item with its key goes when that is
// done, not at the next poll.
func TestNextOfKeyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(item("1"), item("1"), item("1"), item("1"))
		q.deaf = true
		began := time.Now()
		stop := start(t, outbox.Options{Queue: q, Handlers: handlers(succeed)})
		synctest.Wait()
		if !q.at(4).done || time.Since(began) != 0 {
			t.Errorf("the last is done %v after %s", q.at(4).done, time.Since(began))
		}
		stop()
	})
}

func TestPollsWhenItCannotListen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		q.deaf = true
		stop := start(t, outbox.Options{Queue: q, Handlers: handlers(succeed)})
		synctest.Wait()
		q.add(item("1"))
		time.Sleep(outbox.DefaultPoll)
		synctest.Wait()
		if !q.at(1).done {
			t.Error("not done after one poll")
		}
		stop()
	})
}

// TestRetryForEver: what is away is tried again, later each time, and never parked.
func TestRetryForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(item("1"))
		var waits []time.Duration
		last := time.Now()
		stop := start(t, outbox.Options{Queue: q, Poll: 100 * time.Millisecond, Backoff: outbox.Backoff(nil), Handlers: handlers(func(_ context.Context, item soar.OutboxItem) error {
			waits = append(waits, time.Since(last).Round(time.Second))
			last = time.Now()
			switch {
			case item.Attempts == 3:
				return &soar.Error{Code: soar.CodeLimited, Message: "slow down", RetryAfter: time.Minute}
			case item.Attempts < 40:
				return soar.Errorf(soar.CodeUnavailable, "test", "away")
			default:
				return nil
			}
		})})
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		got := q.at(1)
		if !got.done || got.parked || got.Attempts != 40 || got.problem != "test: away" {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff([]time.Duration{0, time.Second, 2 * time.Second, time.Minute, 8 * time.Second}, waits[:5]); diff != "" {
			t.Error(diff)
		}
		if waits[39] != 5*time.Minute {
			t.Errorf("the longest wait is %s", waits[39])
		}
		stop()
	})
}

func TestPark(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name     string
		err      error
		parked   bool
		attempts int
	}{
		{"invalid", soar.Errorf(soar.CodeInvalid, "x", "bad"), true, 3},
		{"not found", soar.Errorf(soar.CodeNotFound, "x", "gone"), true, 3},
		{"conflict", soar.Errorf(soar.CodeConflict, "x", "no"), true, 3},
		{"denied", soar.Errorf(soar.CodeDenied, "x", "no"), true, 3},
		{"unauthenticated", soar.Errorf(soar.CodeUnauthenticated, "x", "no"), true, 3},
		{"internal", soar.Errorf(soar.CodeInternal, "x", "oops"), false, 10},
		{"plain error", errors.New("oops"), false, 10},
		{"unavailable", soar.Errorf(soar.CodeUnavailable, "x", "away"), false, 10},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(item("1"), item("1"))
				stop := start(t, outbox.Options{Queue: q, Backoff: func(int) time.Duration { return time.Second }, Handlers: handlers(func(_ context.Context, item soar.OutboxItem) error {
					if item.ID == 1 {
						return row.err
					}
					return nil
				})})
				time.Sleep(20*time.Second + time.Millisecond)
				synctest.Wait()
				stop()
				got := q.at(1)
				if got.parked != row.parked || row.parked && got.Attempts != row.attempts || !row.parked && got.Attempts < row.attempts {
					t.Errorf("parked %v after %d attempts", got.parked, got.Attempts)
				}
				if q.at(2).done != row.parked {
					t.Errorf("the next with its key: done %v", q.at(2).done)
				}
			})
		})
	}
}

func TestPanicFailsOneItem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(item("1"), item("2"))
		stop := start(t, outbox.Options{Queue: q, Handlers: handlers(func(_ context.Context, item soar.OutboxItem) error {
			if item.Key == "1" && item.Attempts == 1 {
				panic("broken")
			}
			return nil
		})})
		time.Sleep(time.Minute)
		stop()
		if !q.at(1).done || q.at(1).Attempts != 2 || !q.at(2).done {
			t.Errorf("%+v %+v", q.at(1), q.at(2))
		}
	})
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		for n := range 50 {
			q.add(item(string(rune('a' + n))))
		}
		var mu sync.Mutex
		running, most := 0, 0
		began := time.Now()
		stop := start(t, outbox.Options{Queue: q, Concurrency: 5, Handlers: handlers(func(context.Context, soar.OutboxItem) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		})})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if most != 5 || q.largest != 5 || !q.at(50).done {
			t.Errorf("most at once %d, largest claim %d, last done %v after %s", most, q.largest, q.at(50).done, time.Since(began))
		}
		stop()
	})
}

// TestQueueAway: the loop lives through a queue that is away, and an item whose
// end could not be written comes again when its lease is over.
func TestQueueAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(item("1"))
		runs := 0
		stop := start(t, outbox.Options{Queue: q, Handlers: handlers(func(context.Context, soar.OutboxItem) error {
			if runs++; runs == 1 {
				q.mu.Lock()
				q.away = errors.New("away")
				q.mu.Unlock()
			}
			return nil
		})})
		time.Sleep(10 * time.Second)
		q.mu.Lock()
		q.away = nil
		q.mu.Unlock()
		time.Sleep(outbox.DefaultLease)
		synctest.Wait()
		if !q.at(1).done || runs != 2 {
			t.Errorf("done %v, %d runs", q.at(1).done, runs)
		}
		stop()
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		needs time.Duration
		took  time.Duration
		done  bool
	}{
		{"finishes within the grace", 3 * time.Second, 3 * time.Second, true},
		{"is cancelled after it", time.Hour, 10 * time.Second, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(item("1"))
				stop := start(t, outbox.Options{Queue: q, Lease: 2 * time.Hour, Handlers: handlers(func(ctx context.Context, _ soar.OutboxItem) error {
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(row.needs):
						return nil
					}
				})})
				synctest.Wait()
				began := time.Now()
				stop()
				q.add(item("2"))
				time.Sleep(time.Minute)
				if q.at(1).done != row.done || q.at(2).Attempts != 0 {
					t.Errorf("done %v; claimed after the stop: %d", q.at(1).done, q.at(2).Attempts)
				}
				if took := time.Since(began) - time.Minute; took != row.took {
					t.Errorf("stopped after %s", took)
				}
				if !row.done && q.at(1).problem == "" {
					t.Error("the cancelled item was not given back")
				}
			})
		})
	}
}

// TestLease: a handler that hangs is cancelled before somebody else may claim.
func TestLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(item("1"))
		var ended time.Duration
		began := time.Now()
		stop := start(t, outbox.Options{Queue: q, Lease: 10 * time.Second, Handlers: handlers(func(ctx context.Context, item soar.OutboxItem) error {
			if item.Attempts > 1 {
				return nil
			}
			<-ctx.Done()
			ended = time.Since(began)
			return ctx.Err()
		})})
		time.Sleep(time.Minute)
		stop()
		if ended != 9*time.Second || !q.at(1).done {
			t.Errorf("cancelled after %s, done %v", ended, q.at(1).done)
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	plain, low, high := outbox.Backoff(nil), outbox.Backoff(func() float64 { return 0 }), outbox.Backoff(func() float64 { return 0.999999 })
	want := map[int]time.Duration{-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second, 10: 5 * time.Minute, 1 << 40: 5 * time.Minute}
	for attempt, wait := range want {
		if got := plain(attempt); got != wait {
			t.Errorf("attempt %d: %s, want %s", attempt, got, wait)
		}
		if got := low(attempt); got != wait/2 {
			t.Errorf("attempt %d, lowest: %s, want %s", attempt, got, wait/2)
		}
		if got := high(attempt); got < wait*99/100 || got > wait {
			t.Errorf("attempt %d, highest: %s, want about %s", attempt, got, wait)
		}
	}
}
