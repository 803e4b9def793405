package intake

import (
	"errors"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestLimitOfOneSender(t *testing.T) {
	t.Parallel()
	now := noon()
	l := newLimiter(Limit{PerSecond: 2, Burst: 3})
	sender := func(token, source string) soar.Principal { return soar.Principal{Token: token, Source: source} }
	admitted := func(p soar.Principal) (n int) {
		for l.admit(p, now) == nil {
			n++
		}
		return n
	}
	for _, p := range []soar.Principal{sender("a", "wazuh"), sender("b", "wazuh"), sender("", "github"), sender("", "grafana")} {
		if n := admitted(p); n != 3 {
			t.Errorf("%+v: %d at once, want 3", p, n)
		}
	}
	var limited *soar.Error
	if err := l.admit(sender("a", "wazuh"), now); !errors.As(err, &limited) || limited.Code != soar.CodeLimited || limited.RetryAfter != 500*time.Millisecond {
		t.Errorf("got %v", limited)
	}
	now = now.Add(time.Second)
	if n := admitted(sender("a", "wazuh")); n != 2 {
		t.Errorf("%d after a second, want 2", n)
	}
	if free := newLimiter(Limit{}); free.admit(sender("a", ""), now) != nil || len(free.buckets) != 0 {
		t.Error("no limit limits")
	}
}

// What is over the limit is refused before it is read, and nothing of it is stored.
func TestAcceptIsLimited(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store, limit: Limit{PerSecond: 1, Burst: 1}})
	send(t, s, `{"title":"first"}`)
	_, err := s.Accept(t.Context(), tool("generic"), "generic", "application/json", []byte(`{"title":"second"}`))
	if soar.CodeOf(err) != soar.CodeLimited || len(store.alerts) != 1 {
		t.Errorf("%v, %d alerts", err, len(store.alerts))
	}
}
