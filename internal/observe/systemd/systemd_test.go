package systemd_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/observe/systemd"
)

// manager is a service manager's socket and the environment that names it.
func manager(t *testing.T, address string, env map[string]string) (*net.UnixConn, func(string) (string, bool)) {
	t.Helper()
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	if err := socket.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return socket, func(name string) (string, bool) {
		if name == "NOTIFY_SOCKET" {
			return address, true
		}
		value, given := env[name]
		return value, given
	}
}

func next(t *testing.T, socket *net.UnixConn) string {
	t.Helper()
	buffer := make([]byte, 4096)
	n, err := socket.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

func TestNotify(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"path":     filepath.Join(t.TempDir(), "n"),
		"abstract": "@tocsin-test-" + strconv.Itoa(os.Getpid()),
	} {
		socket, lookup := manager(t, address, nil)
		if err := systemd.Notify(lookup, systemd.Ready, systemd.Status("one\ntwo")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := next(t, socket); got != "READY=1\nSTATUS=one two" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	if err := systemd.Notify(func(string) (string, bool) { return "", false }, systemd.Ready); err != nil {
		t.Error(err)
	}
	gone := filepath.Join(t.TempDir(), "gone")
	if err := systemd.Notify(func(string) (string, bool) { return gone, true }, systemd.Ready); err == nil {
		t.Error("a socket that is not there took the message")
	}
}

func TestWatchTellsThatTheProcessIsAlive(t *testing.T) {
	t.Parallel()
	socket, lookup := manager(t, filepath.Join(t.TempDir(), "n"), map[string]string{"WATCHDOG_USEC": "20000", "WATCHDOG_PID": strconv.Itoa(os.Getpid())})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { systemd.Watch(ctx, lookup, func() bool { return true }); close(done) }()
	for range 3 {
		if got := next(t, socket); got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	cancel()
	<-done
}

func TestWatchSaysNothingForTheDead(t *testing.T) {
	t.Parallel()
	socket, lookup := manager(t, filepath.Join(t.TempDir(), "n"), map[string]string{"WATCHDOG_USEC": "2000"})
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	systemd.Watch(ctx, lookup, func() bool {
		if asked++; asked == 5 {
			cancel()
		}
		return false
	})
	if err := socket.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if n, _ := socket.Read(make([]byte, 10)); n != 0 {
		t.Error("a dead process was said to be alive")
	}
}

// TestWatchReturns when there is nothing to watch, or when it is another's.
func TestWatchReturns(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{{}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}} {
		systemd.Watch(t.Context(), func(name string) (string, bool) { v, ok := env[name]; return v, ok }, func() bool { t.Error("asked"); return false })
	}
}
