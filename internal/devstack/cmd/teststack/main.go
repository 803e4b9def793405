package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/tocsin-soar/tocsin/internal/devstack"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
)

func main() {
	command := os.Args[1:]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) > 0 && strings.HasPrefix(command[0], "-") {
		fmt.Fprintln(os.Stderr, "usage: teststack [-- COMMAND [ARGUMENT...]]")
		os.Exit(2)
	}
	code, err := run(command)
	if err != nil {
		fmt.Fprintln(os.Stderr, "teststack:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run starts the servers, runs the command or waits, and stops the servers. It
// returns the command's exit code.
func run(command []string) (code int, err error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	servers, err := start(signals)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, servers.stop()) }()
	if len(command) == 0 {
		fmt.Printf("export %s='%s'\nexport %s='%s'\n",
			devstacktest.PostgresEnv, servers.postgresURL, devstacktest.TemporalEnv, servers.temporalAddress)
		fmt.Fprintln(os.Stderr, "teststack: serving until interrupted")
		select {
		case <-signals:
			return 0, nil
		case err := <-servers.failed:
			return 1, err
		}
	}
	return servers.execute(command, signals)
}

// servers are both addresses and those servers that were started here.
type servers struct {
	postgresURL, temporalAddress string

	stops  []func(context.Context) error // in the order of starting
	failed chan error
}

// start starts what the environment does not name; a signal breaks it off.
func start(signals <-chan os.Signal) (*servers, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	s := &servers{
		postgresURL:     os.Getenv(devstacktest.PostgresEnv),
		temporalAddress: os.Getenv(devstacktest.TemporalEnv),
		failed:          make(chan error, 2),
	}
	if s.postgresURL == "" {
		postgres, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{Progress: os.Stderr})
		if err != nil {
			return nil, err
		}
		s.postgresURL = postgres.URL()
		s.watch(postgres.Stop, postgres.Done())
	}
	if s.temporalAddress == "" {
		temporal, err := devstack.StartTemporal(ctx, devstack.TemporalOptions{Progress: os.Stderr})
		if err != nil {
			return nil, errors.Join(err, s.stop())
		}
		s.temporalAddress = temporal.Address()
		s.watch(temporal.Stop, temporal.Done())
	}
	return s, nil
}

func (s *servers) watch(stop func(context.Context) error, done <-chan error) {
	s.stops = append(s.stops, stop)
	go func() {
		if err, failed := <-done; failed {
			s.failed <- err
		}
	}()
}

// stop stops Temporal, then Postgres.
func (s *servers) stop() error {
	var errs []error
	for i := len(s.stops) - 1; i >= 0; i-- {
		errs = append(errs, s.stops[i](context.Background()))
	}
	return errors.Join(errs...)
}

// execute runs the command to its end. An interrupt from a terminal reaches the
// command directly, because it is in the same process group; what is sent to this
// process alone is passed on.
func (s *servers) execute(command []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(),
		devstacktest.PostgresEnv+"="+s.postgresURL, devstacktest.TemporalEnv+"="+s.temporalAddress)
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("starting the command: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var serverErr error
	for {
		select {
		case received := <-signals:
			if received != os.Interrupt {
				_ = cmd.Process.Signal(received)
			}
		case serverErr = <-s.failed:
			// The command will fail by itself, and its output tells where.
			fmt.Fprintln(os.Stderr, "teststack:", serverErr)
		case err := <-ended:
			return exitCode(err), serverErr
		}
	}
}

// exitCode is what a shell would say.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 1
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
