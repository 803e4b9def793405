package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// disk is a database that takes ten milliseconds for each transaction.
type disk struct {
	mu     sync.Mutex
	groups []int
	refuse string // a title that makes the transaction fail
	err    error
}

func (d *disk) insert(_ context.Context, alerts []soar.NewAlert) ([]soar.StoredAlert, error) {
	time.Sleep(10 * time.Millisecond) // of the bubble's clock
	d.mu.Lock()
	defer d.mu.Unlock()
	d.groups = append(d.groups, len(alerts))
	out := make([]soar.StoredAlert, len(alerts))
	for i, a := range alerts {
		if d.refuse != "" && a.Alert.Title == d.refuse {
			return nil, d.err
		}
		out[i].Alert = a.Alert
	}
	return out, nil
}

func titled(titles ...string) []soar.NewAlert {
	var alerts []soar.NewAlert
	for _, title := range titles {
		alerts = append(alerts, soar.NewAlert{Alert: soar.Alert{Title: title}})
	}
	return alerts
}

// Senders that come while the disk is busy share the next transaction, and each
// gets its own alerts back after it.
func TestSendersShareATransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		g := &gatherer{insert: d.insert}
		began := time.Now()
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				first, second := fmt.Sprint(i), fmt.Sprint(i, "b")
				stored, err := g.store(t.Context(), titled(first, second))
				if err != nil || len(stored) != 2 || stored[0].Alert.Title != first || stored[1].Alert.Title != second {
					t.Errorf("sender %d: %v %v", i, err, stored)
				}
			})
		}
		all.Wait()
		if len(d.groups) > 5 {
			t.Errorf("100 senders took %d transactions: %v", len(d.groups), d.groups)
		}
		if took := time.Since(began); took > 30*time.Millisecond {
			t.Errorf("the last sender waited %s", took)
		}
		// One that comes alone does not wait for others.
		began = time.Now()
		if _, err := g.store(t.Context(), titled("alone")); err != nil || time.Since(began) != 10*time.Millisecond {
			t.Errorf("alone: %v after %s", err, time.Since(began))
		}
	})
}

// What the database does not take is refused to its sender alone; a database that
// is away is told to all of them, and nobody is asked twice.
func TestOneSenderDoesNotFailOthers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		code   soar.Code
		failed int
	}{
		{"poison", soar.CodeInvalid, 1},
		{"our own fault", soar.CodeInternal, 1},
		{"away", soar.CodeUnavailable, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := &disk{refuse: "poison", err: soar.Errorf(row.code, "fake", "no")}
			g := &gatherer{insert: d.insert, writers: groupsMost} // as if two were being written
			failed := make(chan error, 4)
			var all sync.WaitGroup
			for _, title := range []string{"a", "poison", "b", "c"} {
				all.Go(func() {
					_, err := g.store(t.Context(), titled(title))
					failed <- err
				})
			}
			synctest.Wait()
			g.write()
			all.Wait()
			close(failed)
			count := 0
			for err := range failed {
				if err != nil {
					count++
				}
			}
			if count != row.failed {
				t.Errorf("%s: %d senders failed, want %d", row.name, count, row.failed)
			}
		})
	}
}

// A sender that goes away is not waited for and takes nobody with it.
func TestSenderThatGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		g := &gatherer{insert: d.insert}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.store(ctx, titled("gone")); soar.CodeOf(err) != soar.CodeUnavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if _, err := g.store(t.Context(), titled("stays")); err != nil {
			t.Error(err)
		}
	})
}

// A group stays within its bounds, and one body that is larger than them is a
// group by itself.
func TestGroupsAreBounded(t *testing.T) {
	t.Parallel()
	large := func(bytes, alerts int) *parcel {
		return &parcel{bytes: bytes, alerts: make([]soar.NewAlert, alerts)}
	}
	for _, row := range []struct {
		name    string
		waiting []*parcel
		want    []int
	}{
		{"small ones go together", []*parcel{large(1, 1), large(1, 1), large(1, 1)}, []int{3}},
		{"by alerts", []*parcel{large(1, groupAlerts-1), large(1, 1), large(1, 1)}, []int{2, 1}},
		{"by bytes", []*parcel{large(groupBytes, 1), large(1, 1)}, []int{1, 1}},
		{"one beyond both", []*parcel{large(groupBytes+1, groupAlerts+1), large(1, 1)}, []int{1, 1}},
	} {
		g := &gatherer{waiting: row.waiting, writers: 1}
		var got []int
		for group := g.next(); len(group) > 0; group = g.next() {
			got = append(got, len(group))
		}
		if fmt.Sprint(got) != fmt.Sprint(row.want) || g.writers != 0 {
			t.Errorf("%s: groups of %v, want %v; %d writers left", row.name, got, row.want, g.writers)
		}
	}
}

// A flood of duplicates, in bodies of many and from many senders at once, is one
// alert that counts all of them, and one incident.
func TestFloodOfDuplicatesIsOneIncident(t *testing.T) {
	t.Parallel()
	const senders, bodies, each = 8, 10, 25
	store := storetest.New(t)
	with := service(t, setup{store: newMemory()})
	s := New(Options{Store: store, Playbooks: plans{}, Policy: with.policy, Sources: with.sources})
	body := "[" + strings.Repeat(`{"id":"7","title":"sshd: brute force","severity":"high","host":{"name":"web-1"},"source_ip":"203.0.113.8"},`, each)
	body = body[:len(body)-1] + "]"
	group, ctx := errgroup.WithContext(t.Context())
	for range senders {
		group.Go(func() error {
			for range bodies {
				if receipts, err := s.Accept(ctx, tool("generic"), "generic", "application/json", []byte(body)); err != nil || len(receipts) != each {
					return fmt.Errorf("%d receipts: %w", len(receipts), err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	drain(t, s, func(ctx context.Context) ([]soar.OutboxItem, error) {
		return store.OutboxClaim(ctx, []string{soar.OutboxAlertDispatch}, 30, time.Minute)
	}, store.OutboxDone)
	alerts, _, err := store.AlertList(t.Context(), soar.AlertFilter{})
	if err != nil || len(alerts) != 1 || alerts[0].Count != senders*bodies*each {
		t.Fatalf("%v, %d alerts: %+v", err, len(alerts), alerts)
	}
	incidents, _, err := store.IncidentList(t.Context(), soar.IncidentFilter{})
	if err != nil || len(incidents) != 1 {
		t.Errorf("%v, %d incidents", err, len(incidents))
	}
}

// A sender that goes away while others' bodies are read is not stored and holds no
// place.
func TestReadersAreBounded(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	for range cap(s.readers) {
		s.readers <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Accept(ctx, tool("generic"), "generic", "application/json", []byte(`{"title":"t"}`))
	if soar.CodeOf(err) != soar.CodeUnavailable || len(store.alerts) != 0 || len(s.readers) != cap(s.readers) {
		t.Errorf("%v, %d alerts, %d places taken", err, len(store.alerts), len(s.readers))
	}
	<-s.readers
	send(t, s, `{"title":"t"}`)
	if len(s.readers) != cap(s.readers)-1 {
		t.Errorf("%d places are taken after a body was read", len(s.readers))
	}
}
