package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// postgresStartLimit allows for the recovery of a cluster that was killed.
	postgresStartLimit = 2 * time.Minute
	// leftoverLimit is how long remains of a killed server may block a new one.
	leftoverLimit = 15 * time.Second
	pollInterval  = 10 * time.Millisecond

	// databaseUser owns the cluster, database is the one that the URL names.
	databaseUser = "tocsin"
	database     = "tocsin"
)

// PostgresOptions describe a private Postgres.
type PostgresOptions struct {
	// Dir keeps the cluster, its password, its port and its log. It is made if
	// need be. Empty means: a temporary folder, FastUnsafe, removed when the
	// server ends.
	Dir string
	// FastUnsafe trades durability for speed, for tests only: the cluster survives
	// the death of its processes, but not a power cut.
	FastUnsafe bool
	// Progress receives lines for a person to read; nil means silence.
	Progress io.Writer
}

// Postgres is a running server.
type Postgres struct {
	url     string
	process *child
	stopBy  syscall.Signal
}

// StartPostgres starts a Postgres server on the cluster in opts.Dir, which it
// makes at the first start. The context bounds the start only.
func StartPostgres(ctx context.Context, opts PostgresOptions) (*Postgres, error) {
	ctx, cancel := context.WithTimeout(ctx, postgresStartLimit)
	defer cancel()
	say := sayTo(opts.Progress, "postgres")
	dir, throwaway := opts.Dir, opts.Dir == ""
	var err error
	if throwaway {
		opts.FastUnsafe = true
		dir, err = throwawayDir()
	} else {
		dir, err = makeDir(dir, 0o755) // another user may have to pass through
	}
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	release := func() {
		if throwaway {
			_ = os.RemoveAll(dir) // what is left, a later throwawayDir sweeps up
		}
		lock.release()
	}
	postgres, err := startPostgres(ctx, opts, dir, say)
	if err != nil {
		release()
		return nil, fmt.Errorf("starting Postgres in %s: %w", dir, err)
	}
	postgres.process.whenGone(release)
	return postgres, nil
}

func startPostgres(ctx context.Context, opts PostgresOptions, dir string, say sayer) (*Postgres, error) {
	binaries, err := findPostgres(ctx, filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	who, err := identityFor(filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, binaries: binaries, identity: who, say: say}
	if err := c.ensure(ctx); err != nil {
		return nil, err
	}
	if err := c.clearLeftover(ctx); err != nil {
		return nil, err
	}
	process, port, err := c.serve(ctx, opts.FastUnsafe)
	if err != nil {
		return nil, err
	}
	stopBy := fastStop
	if opts.FastUnsafe {
		stopBy = immediateStop // a checkpoint for a cluster that is thrown away is a waste
	}
	say("Postgres %d serves on 127.0.0.1:%d (%s, data in %s)", binaries.major, port, who, dir)
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(databaseUser, c.password),
		Host:     "127.0.0.1:" + strconv.Itoa(port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return &Postgres{url: address.String(), process: process, stopBy: stopBy}, nil
}

// URL is a postgres:// URL of a superuser and an empty database of its own. It
// carries the password.
func (p *Postgres) URL() string { return p.url }

// Stop disconnects all clients and stops the server in good order. Stopping a
// server that has ended is no error.
func (p *Postgres) Stop(ctx context.Context) error { return p.process.stop(ctx, p.stopBy) }

// Kill ends the server as a crash would, for tests of faults. It returns when the
// main process is gone; start it again with the same options.
func (p *Postgres) Kill() error { return p.process.kill() }

// Done receives one error if the server ends without Stop, and is then closed.
// After Stop it is closed without an error.
func (p *Postgres) Done() <-chan error { return p.process.failed }

// serve runs the server until it accepts connections. The remains of a killed
// predecessor, or a port taken in the same moment, are waited out.
func (c *cluster) serve(ctx context.Context, unsafe bool) (*child, int, error) {
	giveUp := time.Now().Add(leftoverLimit)
	for {
		port, err := c.choosePort()
		if err != nil {
			return nil, 0, err
		}
		process, words, err := c.launch(ctx, port, unsafe)
		if err == nil {
			return process, port, nil
		}
		if !passing(words) || time.Now().After(giveUp) || ctx.Err() != nil {
			return nil, 0, fmt.Errorf("%w (log: %s)%s", err, c.logFile(), quote(words))
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return nil, 0, err
		}
	}
}

// passing recognises the complaints that go away by themselves.
func passing(words string) bool {
	for _, complaint := range []string{
		"is still in use",              // shared memory of a killed server's last backends
		"already exists",               // its pid file
		"could not bind",               // the port, taken between looking and listening
		"could not create any TCP/IP ", // the same
	} {
		if strings.Contains(words, complaint) {
			return true
		}
	}
	return false
}

// launch starts the server once. On an error it also returns what the server said.
func (c *cluster) launch(ctx context.Context, port int, unsafe bool) (*child, string, error) {
	log, err := openLog(c.logFile())
	if err != nil {
		return nil, "", err
	}
	defer log.Close() // the server has its own copy
	offset, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, "", fmt.Errorf("reading the log: %w", err)
	}
	words := func() string { return readFrom(c.logFile(), offset) }

	cmd := c.command(context.WithoutCancel(ctx), "postgres", serverArguments(c.dataDir(), port, unsafe)...)
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.SysProcAttr, err = attributes(c.identity, immediateStop); err != nil {
		return nil, "", err
	}
	process, err := startChild("Postgres", cmd, words)
	if err != nil {
		return nil, "", c.explain(err)
	}
	if err := c.awaitReady(ctx, process); err != nil {
		return nil, words(), errors.Join(err, process.stop(context.Background(), immediateStop))
	}
	return process, "", nil
}

// awaitReady waits until the server has written "ready" into its pid file, which
// is how pg_ctl knows it as well. The file of a killed server has another pid.
func (c *cluster) awaitReady(ctx context.Context, process *child) error {
	for {
		state := c.pidFile()
		if state.pid == process.cmd.Process.Pid && state.ready {
			return nil
		}
		select {
		case <-process.exited:
			return errors.New("the server did not start")
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", ctx.Err())
		case <-time.After(pollInterval):
		}
	}
}

func serverArguments(dataDir string, port int, unsafe bool) []string {
	settings := []string{
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=", // a socket's path may not exceed 107 bytes
		"max_connections=200",
		"timezone=UTC",
		"log_timezone=UTC",
		"log_line_prefix=%m [%p] %d ",
		"jit=off", // costs more than it saves on small tables
	}
	if unsafe {
		// synchronous_commit stays on: without fsync it costs nothing to speak of,
		// and a commit that was answered survives the kill of the server.
		settings = append(settings,
			"fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_connections=400")
	}
	args := []string{"-D", dataDir, "-p", strconv.Itoa(port)}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return args
}

// command prepares a Postgres program with an environment of its own: a PGPORT or
// PGOPTIONS of the user's must not reach it.
func (c *cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.binaries.dir, program), args...)
	cmd.Dir = "/" // the working folder may be closed to the user it runs as
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	return cmd
}
