package stall_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/devstack/stall"
)

// echo is a server that says every line again.
func echo(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				conn.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnAddressStandsStillAndComesBack(t *testing.T) {
	t.Parallel()
	p, err := stall.Listen(t.Context(), echo(t))
	must(t, err)
	defer p.Close()
	var dialer net.Dialer
	dial := func() (net.Conn, *bufio.Reader) {
		conn, err := dialer.DialContext(t.Context(), "tcp", p.Addr())
		must(t, err)
		return conn, bufio.NewReader(conn)
	}
	say := func(conn net.Conn, in *bufio.Reader, word string, within time.Duration) error {
		_, err := io.WriteString(conn, word+"\n")
		must(t, err)
		must(t, conn.SetReadDeadline(time.Now().Add(within)))
		got, err := in.ReadString('\n')
		if err == nil && got != word+"\n" {
			t.Errorf("got %q", got)
		}
		return err
	}
	conn, in := dial()
	must(t, say(conn, in, "through", 10*time.Second))
	p.Set(stall.Hang)
	if err := say(conn, in, "hangs", 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("while it hangs: %v", err)
	}
	fresh, other := dial()
	if err := say(fresh, other, "new", 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a new connection while it hangs: %v", err)
	}
	p.Set(stall.Through)
	must(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	if got, err := in.ReadString('\n'); err != nil || got != "hangs\n" {
		t.Errorf("what hung came as %q, %v", got, err)
	}
	p.Set(stall.Gone)
	if _, err := in.ReadString('\n'); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("when it is gone: %v", err)
	}
	p.Set(stall.Through)
	conn, in = dial()
	must(t, say(conn, in, "again", 10*time.Second))
}
