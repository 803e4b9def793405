package stall

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Mode is how the address behaves.
type Mode int

// Modes.
const (
	Through Mode = iota // bytes pass
	Slow                // bytes pass, each time after Lag
	Hang                // connections are taken and no byte passes, until it is Through again
	Gone                // connections end at once
)

// Lag is how late bytes come in each direction while the address is Slow.
const Lag = 100 * time.Millisecond

// chunk is how much passes between two looks at the mode.
const chunk = 32 << 10

// Proxy passes connections on to a server. It is safe for concurrent use.
type Proxy struct {
	target   string
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	mode   Mode
	change chan struct{} // closed when the mode changes
	open   map[net.Conn]struct{}
	closed bool
}

// Listen starts a proxy on a loopback port. Close ends it.
func Listen(ctx context.Context, target string) (*Proxy, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("stall: %w", err)
	}
	p := &Proxy{target: target, listener: listener, change: make(chan struct{}), open: map[net.Conn]struct{}{}}
	p.running.Go(p.accept)
	return p, nil
}

// Addr gives host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set changes how the address behaves, for open connections, too.
func (p *Proxy) Set(mode Mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if mode == p.mode {
		return
	}
	p.mode = mode
	close(p.change)
	p.change = make(chan struct{})
	if mode == Gone {
		p.cut()
	}
}

// Close ends all connections.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	close(p.change)
	p.change = make(chan struct{})
	p.cut()
	p.mu.Unlock()
	err := p.listener.Close()
	p.running.Wait()
	return err
}

// cut ends what is open; the lock is held.
func (p *Proxy) cut() {
	for conn := range p.open {
		conn.Close()
	}
}

// keep remembers a connection; false when none are wanted now.
func (p *Proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.mode == Gone {
		conn.Close()
		return false
	}
	p.open[conn] = struct{}{}
	return true
}

func (p *Proxy) drop(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
	conn.Close()
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && p.keep(conn) {
			p.running.Go(func() { p.serve(conn) })
		}
	}
}

func (p *Proxy) serve(near net.Conn) {
	defer p.drop(near)
	if !p.pass() {
		return
	}
	var dialer net.Dialer
	far, err := dialer.DialContext(context.Background(), "tcp", p.target)
	if err != nil || !p.keep(far) {
		return
	}
	defer p.drop(far)
	var back sync.WaitGroup
	back.Go(func() { p.copy(near, far) })
	p.copy(far, near)
	back.Wait()
}

// copy passes bytes on until one side ends, and then ends both.
func (p *Proxy) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, chunk)
	for {
		n, err := from.Read(buffer)
		if n > 0 && p.pass() {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits while the address hangs; false when nothing passes any more.
func (p *Proxy) pass() bool {
	for {
		p.mu.Lock()
		mode, change, closed := p.mode, p.change, p.closed
		p.mu.Unlock()
		if closed || mode == Gone {
			return false
		}
		switch mode {
		case Through:
			return true
		case Slow:
			time.Sleep(Lag)
			return true
		}
		<-change
	}
}
