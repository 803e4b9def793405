package devstack

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
)

// Default ports of the Temporal server and of its web UI.
const (
	DefaultTemporalPort = 7233
	DefaultUIPort       = 8233
)

// Options describe a stack.
type Options struct {
	// Dir keeps the data of both servers between starts. It is made if need be.
	Dir string
	// PostgresURL names a Postgres that runs already; then none is started.
	PostgresURL string
	// TemporalAddress, as host:port, names a Temporal that runs already; then
	// none is started.
	TemporalAddress string
	// TemporalPort is the first port to try; 0 means DefaultTemporalPort.
	TemporalPort int
	// UIPort is the first port to try; 0 means DefaultUIPort, -1 means no UI.
	UIPort int
	// CodecEndpoint is a URL where the web UI has payloads decrypted; empty: it shows
	// them as they are.
	CodecEndpoint string
	// SearchAttributes are registered in Temporal's default namespace: name to
	// type, where the type is one of Text, Keyword, Int, Double, Bool, Datetime,
	// KeywordList. An external Temporal is left alone.
	SearchAttributes map[string]string
	// Progress receives lines for a person to read; nil means silence.
	Progress io.Writer
	// SourceDir is the repository's root, which deploy/devtemporal is built from.
	// Empty means: the repository that the working directory lies in, if any.
	SourceDir string
}

// Stack is a running pair of servers.
type Stack struct {
	// PostgresURL is a postgres:// URL with user, password and database.
	PostgresURL string
	// TemporalAddress is host:port of Temporal's gRPC frontend.
	TemporalAddress string
	// TemporalUI is the web UI's URL; empty when there is none, or when Temporal
	// is external.
	TemporalUI string

	postgres *Postgres
	temporal *Temporal
	done     chan error
}

// Start starts what Options does not name as external, both at the same time.
// The context bounds the start only; the servers run until Stop. On an error
// nothing is left running.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts.Progress = oneAtATime(opts.Progress)
	stack := &Stack{
		PostgresURL:     opts.PostgresURL,
		TemporalAddress: opts.TemporalAddress,
		done:            make(chan error, 2),
	}

	var wait sync.WaitGroup
	var postgresErr, temporalErr error
	if opts.PostgresURL == "" {
		wait.Go(func() {
			stack.postgres, postgresErr = StartPostgres(ctx, PostgresOptions{
				Dir:      filepath.Join(opts.Dir, "postgres"),
				Progress: opts.Progress,
			})
			if postgresErr != nil {
				cancel() // do not let a person wait minutes for a stack that cannot be
			}
		})
	}
	if opts.TemporalAddress == "" {
		wait.Go(func() {
			stack.temporal, temporalErr = StartTemporal(ctx, opts.temporalOptions())
			if temporalErr != nil {
				cancel()
			}
		})
	}
	wait.Wait()
	if err := firstCause(postgresErr, temporalErr); err != nil {
		return nil, errors.Join(err, stack.Stop(context.WithoutCancel(ctx)))
	}
	stack.publish()
	return stack, nil
}

// Stop stops Temporal and then Postgres, so that nothing loses its database
// while it still works. External servers are left alone. A server that has not
// stopped when the context ends is killed, and that is an error.
func (s *Stack) Stop(ctx context.Context) error {
	var temporalErr, postgresErr error
	if s.temporal != nil {
		temporalErr = s.temporal.Stop(ctx)
	}
	if s.postgres != nil {
		postgresErr = s.postgres.Stop(ctx)
	}
	return errors.Join(temporalErr, postgresErr)
}

// Done receives an error whenever one of the servers ends without having been
// asked to. It is never closed.
func (s *Stack) Done() <-chan error { return s.done }

// publish fills in what the callers read and watches both servers.
func (s *Stack) publish() {
	if s.postgres != nil {
		s.PostgresURL = s.postgres.URL()
		go s.forward(s.postgres.Done())
	}
	if s.temporal != nil {
		s.TemporalAddress = s.temporal.Address()
		s.TemporalUI = s.temporal.UI()
		go s.forward(s.temporal.Done())
	}
}

func (s *Stack) forward(from <-chan error) {
	if err, failed := <-from; failed {
		s.done <- err
	}
}

func (o Options) temporalOptions() TemporalOptions {
	port, uiPort := o.TemporalPort, o.UIPort
	if port == 0 {
		port = DefaultTemporalPort
	}
	switch {
	case uiPort == 0:
		uiPort = DefaultUIPort
	case uiPort < 0:
		uiPort = 0
	}
	return TemporalOptions{
		Dir:              filepath.Join(o.Dir, "temporal"),
		Port:             port,
		UIPort:           uiPort,
		CodecEndpoint:    o.CodecEndpoint,
		SearchAttributes: o.SearchAttributes,
		Progress:         o.Progress,
		SourceDir:        o.SourceDir,
	}
}

// firstCause drops the cancellation that one server's failure brought on the
// other: only the failure tells a person something.
func firstCause(errs ...error) error {
	var causes []error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			causes = append(causes, err)
		}
	}
	if len(causes) == 0 {
		return errors.Join(errs...)
	}
	return errors.Join(causes...)
}
