package stage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// endWithin bounds how long it takes to stop what was started.
const endWithin = 30 * time.Second

// Options say what to start. Postgres and Temporal must be running.
type Options struct {
	Name       string                         // of the show; small letters
	Postgres   string                         // URL, as a superuser
	Temporal   string                         // host:port
	Settings   map[string]string              // by file key, over what every show has
	Connectors map[string]app.ConnectorConfig // nil: none
	Roles      app.Roles
	Log        io.Writer // what the product says of failures; nil: standard error
}

// Stage is the product, running.
type Stage struct {
	URL      string // of the API
	Database string // URL
	Dir      string // a folder that goes when it is closed
	App      *app.App
	HTTP     *http.Client

	name string
	ends []func() error
}

// Start brings the product up. On an error nothing is left running.
func Start(ctx context.Context, o Options) (s *Stage, err error) {
	s = &Stage{name: o.Name, HTTP: &http.Client{Timeout: time.Minute}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.makeDatabase(ctx, o.Postgres); err != nil {
		return s, err
	}
	return s, s.serve(ctx, o)
}

// Close ends all that was started, the last first.
func (s *Stage) Close() error {
	var problems []error
	for i := len(s.ends) - 1; i >= 0; i-- {
		problems = append(problems, s.ends[i]())
	}
	s.ends = nil
	return errors.Join(problems...)
}

// Person gives a client with a new token.
func (s *Stage) Person(ctx context.Context, request access.TokenRequest) (*client.Client, error) {
	token, err := s.Token(ctx, request)
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{URL: s.URL, Token: token})
}

// Token gives a new token.
func (s *Stage) Token(ctx context.Context, request access.TokenRequest) (string, error) {
	issued, err := s.App.Tokens().Issue(ctx, soar.System("show-"+s.name), request)
	if err != nil {
		return "", fmt.Errorf("token for %s: %w", request.Name, err)
	}
	return issued.Text.Reveal(), nil
}

func (s *Stage) makeDatabase(ctx context.Context, server string) error {
	name := "tocsin_" + s.name + "_" + strings.ToLower(rand.Text()[:12])
	if err := execute(ctx, server, "CREATE DATABASE "+name); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	s.ends = append(s.ends, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer cancel()
		return execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	address, err := url.Parse(server)
	if err != nil {
		return errors.New("the address of Postgres is no URL")
	}
	address.Path = "/" + name
	s.Database = address.String()
	return nil
}

// Execute runs one statement on the show's own database.
func (s *Stage) Execute(ctx context.Context, query string) error {
	return execute(ctx, s.Database, query)
}

func execute(ctx context.Context, server, query string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, query)
	return err
}

func (s *Stage) serve(ctx context.Context, o Options) (err error) {
	if s.Dir, err = os.MkdirTemp("", "tocsin-"+s.name+"-"); err != nil {
		return err
	}
	s.ends = append(s.ends, func() error { return os.RemoveAll(s.Dir) })
	config, err := s.configure(o)
	if err != nil {
		return err
	}
	to := io.Writer(os.Stderr)
	if o.Log != nil {
		to = o.Log
	}
	log := slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelError}))
	slog.SetDefault(log) // migrations know no other
	if err := app.Migrate(ctx, config); err != nil {
		return err
	}
	if s.App, err = app.New(ctx, config, log, o.Roles); err != nil {
		return err
	}
	s.URL = s.App.URL()
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- s.App.Run(running) }()
	s.ends = append(s.ends, func() error { cancel(); return <-ended })
	return s.App.WaitReady(ctx)
}

func (s *Stage) configure(o Options) (*app.Config, error) {
	settings := map[string]string{
		"database_url": s.Database, "temporal_address": o.Temporal, "temporal_task_queue": s.name + "-" + rand.Text(),
		"listen": "127.0.0.1:0", "data_dir": filepath.Join(s.Dir, "data"), "load_shipped_playbooks": "false",
	}
	maps.Copy(settings, o.Settings)
	config, faults := app.LoadConfig("", func(name string) (string, bool) {
		value, ok := settings[strings.ToLower(strings.TrimPrefix(name, app.EnvName("")))]
		return value, ok
	})
	if faults.HasErrors() {
		return nil, fmt.Errorf("configuration: %s", faults[0].Message)
	}
	maps.Copy(config.Connectors, o.Connectors)
	return config, nil
}
