package devstack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cluster is a Postgres data folder with what belongs to it:
//
//	data/         the cluster
//	password      of databaseUser, readable by us alone
//	port          where it serves, kept so that URLs stay valid
//	postgres.log
type cluster struct {
	dir      string
	binaries postgresBinaries
	identity identity
	say      sayer
	password string
}

func (c *cluster) dataDir() string { return filepath.Join(c.dir, "data") }
func (c *cluster) logFile() string { return filepath.Join(c.dir, "postgres.log") }

// ensure makes the cluster unless it is there. It is made beside its place and
// renamed, so that an interrupted first start leaves nothing half-made.
func (c *cluster) ensure(ctx context.Context) error {
	if err := c.ensurePassword(); err != nil {
		return err
	}
	if _, err := os.Stat(c.dataDir()); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.say("making a new cluster with Postgres %d in %s (once, a few seconds)", c.binaries.major, c.dir)
	fresh := filepath.Join(c.dir, "data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("removing a half-made cluster: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	if err := c.giveAway(fresh); err != nil {
		return err
	}
	if err := c.initialise(ctx, fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, c.dataDir()); err != nil {
		return fmt.Errorf("moving the new cluster into place: %w", err)
	}
	return nil
}

func (c *cluster) initialise(ctx context.Context, dataDir string) error {
	// initdb may run as another user, which could not re-open a pipe of ours as
	// /proc/self/fd/N: the password goes through a file that belongs to that user.
	passwordFile := dataDir + ".password"
	if err := os.WriteFile(passwordFile, []byte(c.password), 0o600); err != nil {
		return fmt.Errorf("writing the password for initdb: %w", err)
	}
	defer os.Remove(passwordFile)
	if err := c.giveAway(passwordFile); err != nil {
		return err
	}
	locale := "C.UTF-8"
	if runtime.GOOS != "linux" {
		locale = "C" // the only one that is everywhere
	}
	err := c.run(ctx, "", "initdb", "-D", dataDir, "-U", databaseUser, "-A", "scram-sha-256",
		"--pwfile="+passwordFile, "-E", "UTF8", "--locale="+locale, "--no-sync")
	if err != nil {
		return err
	}
	// Single-user mode needs neither a port nor a client library.
	return c.run(ctx, "CREATE DATABASE "+database+";\n", "postgres", "--single", "-D", dataDir, "template1")
}

// run runs a Postgres program to its end, under the cluster's identity.
func (c *cluster) run(ctx context.Context, input, program string, args ...string) error {
	cmd := c.command(ctx, program, args...)
	attr, err := attributes(c.identity, syscall.SIGKILL)
	if err != nil {
		return err
	}
	var said tailBuffer
	cmd.SysProcAttr, cmd.Stdin, cmd.Stdout, cmd.Stderr = attr, strings.NewReader(input), &said, &said
	cmd.WaitDelay = time.Second // a grandchild must not hold the pipes open for ever
	process, err := startChild(program, cmd, said.String)
	if err != nil {
		return c.explain(err)
	}
	<-process.exited
	if ctx.Err() != nil {
		return fmt.Errorf("%s was broken off: %w", program, ctx.Err())
	}
	if process.result != nil {
		return fmt.Errorf("%s failed %s: %w%s", program, c.identity, process.result, quote(said.String()))
	}
	return nil
}

// explain adds what to do to the refusal of a user namespace.
func (c *cluster) explain(err error) error {
	if c.identity.mode != modeNamespace {
		return err
	}
	return fmt.Errorf("%w: Postgres refuses to run as root, and this system refuses a user namespace; "+
		"choose a data folder that the user postgres can reach, run as an ordinary user, or name an external Postgres", err)
}

// giveAway hands a file to the user that Postgres runs as.
func (c *cluster) giveAway(path string) error {
	if c.identity.mode != modeDrop {
		return nil
	}
	if err := os.Chown(path, c.identity.uid, c.identity.gid); err != nil {
		return fmt.Errorf("giving the cluster to its user: %w", err)
	}
	return nil
}

func (c *cluster) ensurePassword() error {
	path := filepath.Join(c.dir, "password")
	known, err := os.ReadFile(path)
	switch {
	case err == nil && len(bytes.TrimSpace(known)) > 0:
		c.password = string(bytes.TrimSpace(known))
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("reading the password: %w", err)
	}
	if _, err := os.Stat(c.dataDir()); err == nil {
		return fmt.Errorf("the password file %s is gone: restore it, or delete %s to begin with an empty database", path, c.dir)
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	c.password = hex.EncodeToString(random)
	if err := os.WriteFile(path, []byte(c.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing the password: %w", err)
	}
	return nil
}

// choosePort keeps the port of the last start while it is free.
func (c *cluster) choosePort() (int, error) {
	path := filepath.Join(c.dir, "port")
	known, err := os.ReadFile(path)
	if err == nil {
		if port, err := strconv.Atoi(strings.TrimSpace(string(known))); err == nil && portFree(port) {
			return port, nil
		}
		c.say("port %s is taken, choosing another", strings.TrimSpace(string(known)))
	}
	port, err := randomPort()
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(port)+"\n"), 0o644); err != nil {
		return 0, fmt.Errorf("writing the port: %w", err)
	}
	return port, nil
}

// randomPort finds a free port below those that systems hand out to outgoing
// connections, because one of these would be taken at the next start.
func randomPort() (int, error) {
	const lowest, span = 15000, 15000
	for range 100 {
		if port := lowest + mathrand.IntN(span); portFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("found no free port between %d and %d on 127.0.0.1", lowest, lowest+span-1)
}

// pidState is what a server's pid file says: lines 1, 4 and 8.
type pidState struct {
	pid, port int
	ready     bool
}

func (c *cluster) pidPath() string { return filepath.Join(c.dataDir(), "postmaster.pid") }

func (c *cluster) pidFile() pidState {
	var state pidState
	text, err := os.ReadFile(c.pidPath())
	if err != nil {
		return state
	}
	for number, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		switch number {
		case 0:
			state.pid, _ = strconv.Atoi(line)
		case 3:
			state.port, _ = strconv.Atoi(line)
		case 7:
			state.ready = line == "ready"
		}
	}
	return state
}

// clearLeftover deals with the server of an owner that was killed. We hold the
// lock, so whoever started it is gone. On Linux it is ending already; elsewhere it
// is asked to. A pid that answers on no port is a stranger's: numbers are reused
// after a reboot, and Postgres would refuse to start because of it.
func (c *cluster) clearLeftover(ctx context.Context) error {
	giveUp := time.Now().Add(2 * time.Second)
	for {
		state := c.pidFile()
		if state.pid == 0 || !alive(state.pid) {
			return nil
		}
		if time.Now().After(giveUp) {
			break
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	if portFree(c.pidFile().port) {
		if err := os.Remove(c.pidPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a stale pid file: %w", err)
		}
		return nil
	}
	c.say("stopping a server that outlived its owner")
	return c.run(ctx, "", "pg_ctl", "stop", "-D", c.dataDir(), "-m", "fast", "-w")
}
