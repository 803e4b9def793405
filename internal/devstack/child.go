package devstack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// stopLimit bounds an orderly stop, whatever the caller's context allows.
const stopLimit = 30 * time.Second

// child is one server process under watch.
type child struct {
	name string
	cmd  *exec.Cmd

	stopping atomic.Bool
	failed   chan error    // one error if it ended unasked; closed when it ended
	exited   chan struct{} // closed when it ended
	result   error         // how it ended; to be read after exited

	mu      sync.Mutex
	gone    bool
	cleanup func()
}

// startChild starts cmd. If the process ends unasked, its lastWords are told.
func startChild(name string, cmd *exec.Cmd, lastWords func() string) (*child, error) {
	c := &child{name: name, cmd: cmd, failed: make(chan error, 1), exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The parent-death signal fires when the thread that started the process
		// ends, so this goroutine keeps its thread for as long as the process runs.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		c.result = cmd.Wait()
		c.leave()
		if !c.stopping.Load() {
			c.failed <- fmt.Errorf("%s ended unexpectedly (%s)%s", name, cmd.ProcessState, quote(lastWords()))
		}
		close(c.failed)
		close(c.exited)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return c, nil
}

// whenGone has cleanup called when the process has ended, before anybody who
// waits for the end is told: they shall find locks free.
func (c *child) whenGone(cleanup func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		cleanup()
		return
	}
	c.cleanup = cleanup
}

func (c *child) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	if c.cleanup != nil {
		c.cleanup()
	}
}

// stop asks the process to end and waits for it.
func (c *child) stop(ctx context.Context, signal os.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	c.stopping.Store(true)
	_ = c.cmd.Process.Signal(signal) // fails only when it has ended already
	select {
	case <-c.exited:
		return nil
	case <-ctx.Done():
	}
	_ = c.cmd.Process.Kill()
	<-c.exited
	return fmt.Errorf("%s did not stop in time and was killed: %w", c.name, ctx.Err())
}

// kill ends the process at once; to its watchers that is a failure.
func (c *child) kill() error {
	select {
	case <-c.exited:
		return fmt.Errorf("%s is not running", c.name)
	default:
	}
	err := c.cmd.Process.Kill()
	<-c.exited
	if err != nil {
		return fmt.Errorf("killing %s: %w", c.name, err)
	}
	return nil
}
