package devstack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// temporalStartLimit is generous: under load a cold 150 MB binary takes a while.
const temporalStartLimit = time.Minute

// TemporalOptions describe a Temporal development server.
type TemporalOptions struct {
	// Dir keeps the database and the log. Empty means: all in memory.
	Dir string
	// Port is the first port to try for gRPC; 0 takes any free one.
	Port int
	// UIPort is the first port to try for the web UI; 0 means no UI.
	UIPort int
	// CodecEndpoint is where the web UI has payloads decrypted, see Options.
	CodecEndpoint string
	// SearchAttributes are registered in the default namespace: name to type,
	// see Options.
	SearchAttributes map[string]string
	// Progress receives lines for a person to read; nil means silence.
	Progress io.Writer
	// SourceDir is the repository's root, see Options.
	SourceDir string
}

// Temporal is a running server.
type Temporal struct {
	address, ui string
	process     *child
	inMemory    bool
}

// StartTemporal starts a Temporal development server and returns when it answers.
// If its program must be built first, which the first time takes minutes, the
// context has to allow for that; it bounds the start only.
func StartTemporal(ctx context.Context, opts TemporalOptions) (*Temporal, error) {
	say := sayTo(opts.Progress, "temporal")
	program, err := findTemporal(ctx, opts.SourceDir, say)
	if err != nil {
		return nil, fmt.Errorf("finding the Temporal server: %w", err)
	}
	release := func() {} // nothing is locked for a server in memory
	if opts.Dir != "" {
		if opts.Dir, err = makeDir(opts.Dir, 0o700); err != nil {
			return nil, err
		}
		lock, err := lockDir(opts.Dir)
		if err != nil {
			return nil, err
		}
		release = lock.release
	}
	temporal, err := startTemporal(ctx, opts, program, say)
	if err != nil {
		release()
		return nil, fmt.Errorf("starting Temporal: %w", err)
	}
	temporal.process.whenGone(release)
	return temporal, nil
}

// Address is host:port of the gRPC frontend.
func (t *Temporal) Address() string { return t.address }

// UI is the web UI's URL; empty when there is none.
func (t *Temporal) UI() string { return t.ui }

// Stop stops the server in good order. Stopping a server that has ended is no
// error.
func (t *Temporal) Stop(ctx context.Context) error {
	if t.inMemory {
		// There is nothing to put in order, and the orderly way takes a second.
		return t.process.stop(ctx, syscall.SIGKILL)
	}
	return t.process.stop(ctx, syscall.SIGTERM)
}

// Kill ends the server as a crash would, for tests of faults. Start it again with
// the same Dir, and with the port of Address to find it where it was.
func (t *Temporal) Kill() error { return t.process.kill() }

// Done receives one error if the server ends without Stop, and is then closed.
// After Stop it is closed without an error.
func (t *Temporal) Done() <-chan error { return t.process.failed }

// startTemporal launches the server, on other ports if the asked ones are taken.
func startTemporal(ctx context.Context, opts TemporalOptions, program temporalProgram, say sayer) (*Temporal, error) {
	ctx, cancel := context.WithTimeout(ctx, temporalStartLimit)
	defer cancel()
	for attempt := 1; ; attempt++ {
		var err error
		ports := map[string]*int{"gRPC": &opts.Port, "UI": &opts.UIPort}
		for _, purpose := range slices.Sorted(maps.Keys(ports)) {
			port := ports[purpose]
			if *port, err = nextFreePort(*port, purpose, say); err != nil {
				return nil, err
			}
		}
		temporal, words, err := launchTemporal(ctx, opts, program)
		if err == nil {
			say("Temporal %s serves on %s%s", program.version, temporal.address, uiNote(temporal.ui))
			return temporal, nil
		}
		// Somebody may take a port between our look and the server's.
		if attempt == 3 || ctx.Err() != nil || !strings.Contains(words, "address already in use") {
			return nil, fmt.Errorf("%w%s", err, quote(words))
		}
	}
}

// launchTemporal starts the server once. On an error it also returns what the
// server said.
func launchTemporal(ctx context.Context, opts TemporalOptions, program temporalProgram) (*Temporal, string, error) {
	attr, err := attributes(identity{mode: modeSelf}, syscall.SIGKILL)
	if err != nil {
		return nil, "", err
	}
	var said tailBuffer
	ready := &readyLine{found: make(chan []string, 1)}
	// Not ctx, which bounds the start only: the server outlives it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program.path, temporalArguments(opts, program)...)
	cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = attr, ready, &said
	cmd.WaitDelay = time.Second
	process, err := startChild("Temporal", cmd, said.String)
	if err != nil {
		return nil, "", err
	}
	select {
	case words := <-ready.found:
		temporal := &Temporal{process: process, inMemory: opts.Dir == "", address: words[1]}
		if len(words) > 3 {
			temporal.ui = words[3]
		}
		return temporal, "", nil
	case <-process.exited:
		return nil, said.String(), errors.New("the server did not start")
	case <-ctx.Done():
		err := fmt.Errorf("the server is not ready: %w", ctx.Err())
		return nil, said.String(), errors.Join(err, process.stop(context.WithoutCancel(ctx), syscall.SIGKILL))
	}
}

func temporalArguments(opts TemporalOptions, program temporalProgram) []string {
	args := []string{"--ip", "127.0.0.1", "--port", strconv.Itoa(opts.Port), "--ui-port", strconv.Itoa(opts.UIPort)}
	if opts.CodecEndpoint != "" {
		args = append(args, "--codec-endpoint", opts.CodecEndpoint)
	}
	if opts.Dir != "" {
		// A database of one server version need not open in another.
		args = append(args,
			"--db-filename", filepath.Join(opts.Dir, "temporal-"+program.version+".db"),
			"--log-file", filepath.Join(opts.Dir, "temporal.log"))
	}
	for _, name := range slices.Sorted(maps.Keys(opts.SearchAttributes)) {
		args = append(args, "--search-attribute", name+"="+opts.SearchAttributes[name])
	}
	return args
}

// readyLine is the server's standard output: it passes the words of its line
// "ready HOST:PORT [ui URL]" on.
type readyLine struct {
	mu    sync.Mutex
	begun []byte
	found chan []string
}

func (r *readyLine) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun = append(r.begun, p...)
	for {
		line, rest, complete := bytes.Cut(r.begun, []byte("\n"))
		if !complete {
			return len(p), nil
		}
		r.begun = rest
		if words := strings.Fields(string(line)); len(words) >= 2 && words[0] == "ready" {
			select {
			case r.found <- words:
			default: // only the first one counts
			}
		}
	}
}

// nextFreePort is first or, if that is taken, one of those that follow. 0 stays 0.
func nextFreePort(first int, purpose string, say sayer) (int, error) {
	const tries = 50
	if first == 0 {
		return 0, nil
	}
	for port := first; port < first+tries; port++ {
		if !portFree(port) {
			continue
		}
		if port != first {
			say("port %d is taken, using %d for %s", first, port, purpose)
		}
		return port, nil
	}
	return 0, fmt.Errorf("ports %d to %d on 127.0.0.1 are all taken", first, first+tries-1)
}

func uiNote(ui string) string {
	if ui == "" {
		return ""
	}
	return ", UI " + ui
}

// portFree reports whether a loopback port can be listened on.
func portFree(port int) bool {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}
