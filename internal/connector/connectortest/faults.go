package connectortest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
)

func (s Suite) checkFaults(t *testing.T) {
	s.each(t, func(t *testing.T, action *manifest.Action, c Case) {
		lost, nonsense := connector.Transient, connector.Permanent
		if effectful(action.Risk, c) {
			lost, nonsense = connector.Unknown, connector.Unknown
		}
		t.Run("nobody listens", func(t *testing.T) { s.refused(t, action, c) })
		t.Run("cut after the request", func(t *testing.T) {
			s.fault(t, action, c, lost, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		})
		t.Run("cut in the answer", func(t *testing.T) {
			s.fault(t, action, c, lost, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000000")
				_, _ = io.WriteString(w, c.Answer)
				panic(http.ErrAbortHandler)
			})
		})
		t.Run("an answer without end", func(t *testing.T) {
			s.fault(t, action, c, nonsense, func(w http.ResponseWriter, _ *http.Request) {
				block := strings.Repeat("a", 64<<10)
				for range 10_000 {
					if _, err := io.WriteString(w, block); err != nil {
						return
					}
				}
			})
		})
		if c.AnyBody {
			return
		}
		for name, body := range map[string]string{"no JSON": "<html>sorry", "nothing": "", "half": `{"a":`, "a list": "[]", "two": "{}{}"} {
			t.Run("garbage: "+name, func(t *testing.T) {
				s.fault(t, action, c, nonsense, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
			})
		}
	})
}

func (s Suite) fault(t *testing.T, action *manifest.Action, c Case, want connector.Class, answer http.HandlerFunc) {
	t.Helper()
	b := s.open(t, &system{answer: answer}, c)
	within(t, 30*time.Second, func() {
		_, err := b.instance.Do(t.Context(), s.call(b, action, c))
		wantClass(t, err, want)
	})
}

// refused: a connection that fails has sent nothing, and the ledger must not
// have been told that something was.
func (s Suite) refused(t *testing.T, action *manifest.Action, c Case) {
	closed := "http://" + deafAddress(t)
	fake := &system{answer: func(http.ResponseWriter, *http.Request) {}}
	b := Suite{Kind: s.Kind, Unset: s.Unset, Settings: func(string) map[string]string {
		if s.Settings == nil {
			return nil
		}
		return s.Settings(closed)
	}}.open(t, fake, c)
	call := s.call(b, action, c)
	if c.Args != nil {
		call.Args = c.Args(closed)
	}
	_, err := b.instance.Do(t.Context(), call)
	wantClass(t, err, connector.Transient)
	if effectful(action.Risk, c) && fake.sent.Load() > 0 {
		t.Error("the ledger was told that bytes leave, and there was no connection")
	}
}

// deafAddress is a loopback address that refuses connections for as long as the test
// runs. The port stays bound, so that no server of a test beside this one is given it.
func deafAddress(t *testing.T) string {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	inet, ok := bound.(*syscall.SockaddrInet4)
	if !ok {
		t.Fatalf("the address bound is a %T, want IPv4", bound)
	}
	return fmt.Sprintf("127.0.0.1:%d", inet.Port)
}

func (s Suite) checkCancel(t *testing.T) {
	s.each(t, func(t *testing.T, action *manifest.Action, c Case) {
		fake, arrived := mute()
		b := s.open(t, fake, c)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() {
			_, err := b.instance.Do(ctx, s.call(b, action, c))
			ended <- err
		}()
		select {
		case <-arrived:
		case err := <-ended:
			t.Fatalf("ended before it was cancelled: %v", err)
		case <-time.After(10 * time.Second):
			t.Fatal("no request came")
		}
		cancel()
		select {
		case err := <-ended:
			want := connector.Transient
			if effectful(action.Risk, c) {
				want = connector.Unknown
			}
			wantClass(t, err, want)
		case <-time.After(time.Second):
			t.Fatal("still running a second after it was cancelled")
		}
	})
}
