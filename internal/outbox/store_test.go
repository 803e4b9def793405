package outbox_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/outbox"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// TestWithStore: two dispatchers on a real store carry out every item, one at a
// time per item, although a third of the attempts fail.
func TestWithStore(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	const all = 150
	for n := range all {
		a := soar.Alert{ID: fmt.Sprint(n), Fingerprint: fmt.Sprint(n), ReceivedAt: time.Unix(int64(n), 0)}
		if _, _, err := s.AlertInsert(t.Context(), a, nil); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	running, succeeded := map[string]int{}, map[string]int{}
	random := rand.New(rand.NewPCG(20260301, 1))
	handler := func(_ context.Context, item soar.OutboxItem) error {
		mu.Lock()
		defer mu.Unlock()
		if running[item.Key]++; running[item.Key] > 1 {
			t.Errorf("item %s runs twice at once", item.Key)
		}
		defer func() { running[item.Key]-- }()
		if random.IntN(3) == 0 {
			return soar.Errorf(soar.CodeUnavailable, "test", "away")
		}
		succeeded[item.Key]++
		return nil
	}
	for range 2 {
		stop := start(t, outbox.Options{
			Queue: s, Poll: 20 * time.Millisecond, Backoff: func(int) time.Duration { return 10 * time.Millisecond },
			Handlers: map[string]outbox.Handler{soar.OutboxAlertDispatch: handler},
		})
		defer stop()
	}
	deadline := time.Now().Add(time.Minute)
	for {
		waiting, _, parked, err := s.OutboxStats(t.Context())
		if err != nil || parked != 0 || time.Now().After(deadline) {
			t.Fatalf("%d waiting, %d parked, %v", waiting, parked, err)
		}
		if waiting == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	for n := range all {
		if succeeded[fmt.Sprint(n)] != 1 {
			t.Errorf("item %d succeeded %d times", n, succeeded[fmt.Sprint(n)])
		}
	}
}
