package systemd

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// States that a service manager understands.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	alive    = "WATCHDOG=1"
)

// Notify sends states, one a line; Status adds a line for people. It is no error
// when nobody listens.
func Notify(lookup func(string) (string, bool), states ...string) error {
	address, given := lookup("NOTIFY_SOCKET")
	if !given || address == "" {
		return nil
	}
	// A leading @ stands for the abstract namespace, which net writes the same way.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(strings.Join(states, "\n"))); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}

// Status is a line for people, shown by systemctl status.
func Status(text string) string { return "STATUS=" + strings.ReplaceAll(text, "\n", " ") }

// Watch tells the service manager that the process is alive, twice in the time
// that $WATCHDOG_USEC gives, as long as alive says so and until ctx ends. Without
// a watchdog it returns at once.
func Watch(ctx context.Context, lookup func(string) (string, bool), living func() bool) {
	every := interval(lookup)
	if every == 0 {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if living() {
			_ = Notify(lookup, alive) // the service manager acts when it hears nothing
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// interval is half of the watchdog's time; 0 without one, or when it watches
// another process.
func interval(lookup func(string) (string, bool)) time.Duration {
	text, _ := lookup("WATCHDOG_USEC")
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil || micros <= 1 {
		return 0
	}
	if pid, given := lookup("WATCHDOG_PID"); given && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond / 2
}
