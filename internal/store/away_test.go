package store_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// proxy stands between a store and its server and can fall silent, which a
// network does, or cut all connections, which a restart does.
type proxy struct {
	listener net.Listener
	server   string

	mu     sync.Mutex
	silent chan struct{} // closed when bytes may pass
	conns  []net.Conn
}

func newProxy(t *testing.T, to string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(to)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	open := make(chan struct{})
	close(open)
	p := &proxy{listener: listener, server: u.Host, silent: open}
	t.Cleanup(func() {
		p.resume()
		listener.Close()
		p.cut()
	})
	go p.accept()
	u.Host = listener.Addr().String()
	return p, u.String()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go p.copy(server, client)
		go p.copy(client, server)
	}
}

func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		silent := p.silent
		p.mu.Unlock()
		<-silent
		if _, err := io.Copy(to, &oneRead{buffer[:n]}); err != nil {
			return
		}
	}
}

type oneRead struct{ rest []byte }

func (r *oneRead) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (p *proxy) hush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = make(chan struct{})
}

func (p *proxy) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.silent:
	default:
		close(p.silent)
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.Close()
	}
	p.conns = nil
}

// calls is a write and a read, as a use case would do.
func calls(t *testing.T, s *store.Store, n int) error {
	_, _, err := s.AlertInsert(t.Context(), alert(n), nil)
	_, readErr := s.FreezeGet(t.Context())
	return errors.Join(err, readErr)
}

// TestDatabaseHangs: when the database accepts and says nothing, every call ends
// by its deadline as unavailable, no connection stays taken, and when it speaks
// again the store works again by itself.
func TestDatabaseHangs(t *testing.T) {
	t.Parallel()
	p, through := newProxy(t, storetest.URL(t))
	s := storetest.Open(t, through, store.Options{Deadline: 2 * time.Second, MaxConns: 4})
	must(t, s.HealthCheck(t.Context()))
	p.hush()
	began := time.Now()
	for _, err := range together(16, func(n int) error { return calls(t, s, n) }) {
		if soar.CodeOf(err) != soar.CodeUnavailable {
			t.Errorf("got %v", err)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the calls took %s with a deadline of 2 s each", took)
	}
	if coded, ok := errors.AsType[*soar.Error](s.HealthCheck(t.Context())); !ok || coded.Code != soar.CodeUnavailable || coded.RetryAfter == 0 {
		t.Errorf("health: %v", coded)
	}
	p.resume()
	recovered(t, s)
}

// TestDatabaseRestarts: connections that were cut are replaced.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	p, through := newProxy(t, storetest.URL(t))
	s := storetest.Open(t, through, store.Options{})
	must(t, calls(t, s, 1))
	p.cut()
	if err := s.HealthCheck(t.Context()); err != nil && soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	recovered(t, s)
}

func recovered(t *testing.T, s *store.Store) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for n := 100; calls(t, s, n) != nil; n++ {
		if time.Now().After(deadline) {
			t.Fatal("the store does not recover")
		}
	}
	for _, inUse, _ := s.PoolStats(); inUse != 0; _, inUse, _ = s.PoolStats() { // listeners are being told
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are still taken", inUse)
		}
		must(t, s.HealthCheck(t.Context()))
	}
}

// TestStatementDeadline: the server itself ends a statement that takes too long,
// here one that waits for a lock, also if this process could not.
func TestStatementDeadline(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.Open(t, url, store.Options{Deadline: time.Second})
	open(t, s, incidentID)
	held := make(chan error, 1)
	go func() {
		held <- raw(t, url, "BEGIN; SELECT 1 FROM record_heads FOR UPDATE; SELECT pg_sleep(4); COMMIT")
	}()
	var err error
	for deadline := time.Now().Add(20 * time.Second); err == nil && time.Now().Before(deadline); {
		err = s.RecordAppend(t.Context(), incidentID, event("waits"))
	}
	wantCode(t, err, soar.CodeUnavailable, "cannot be used")
	must(t, <-held)
	must(t, s.RecordAppend(t.Context(), incidentID, event("goes")))
	chain(t, s, incidentID)
}
