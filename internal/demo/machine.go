package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack"
	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// Options say where a machine keeps its data and what it uses that is there
// already.
type Options struct {
	Dir             string    // data, kept between starts: .tocsin
	Listen          string    // of the API; 127.0.0.1:8080 when empty
	LabListen       string    // of the lab; 127.0.0.1:8085 when empty
	PostgresURL     string    // external; empty: a private server is started
	TemporalAddress string    // external; empty: a private server is started
	Out             io.Writer // for people
}

// Machine is the product with all it needs, running.
type Machine struct {
	URL        string // of the API
	LabURL     string
	TemporalUI string
	People     People

	options Options
	stack   *devstack.Stack
	lab     *labServer
	app     *app.App
	stopApp context.CancelFunc
	ended   chan struct{} // closed when the product has stopped; then endErr says why
	endErr  error
}

const stopWithin = 20 * time.Second

// Start brings everything up, in order, and says what it does. On an error
// nothing is left running.
func Start(ctx context.Context, options Options) (*Machine, error) {
	options = options.withDefaults()
	m := &Machine{options: options, ended: make(chan struct{})}
	if err := m.start(ctx); err != nil {
		return nil, errors.Join(err, m.Stop())
	}
	return m, nil
}

func (o Options) withDefaults() Options {
	if o.Dir == "" {
		o.Dir = ".tocsin"
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:8080"
	}
	if o.LabListen == "" {
		o.LabListen = "127.0.0.1:8085"
	}
	return o
}

func (m *Machine) start(ctx context.Context) error {
	if err := os.MkdirAll(m.options.Dir, 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	var err error
	m.stack, err = devstack.Start(ctx, devstack.Options{
		Dir: m.options.Dir, PostgresURL: m.options.PostgresURL, TemporalAddress: m.options.TemporalAddress,
		SearchAttributes: protocol.SearchAttributes(), Progress: m.options.Out, CodecEndpoint: m.codecEndpoint(),
	})
	if err != nil {
		return err
	}
	m.TemporalUI = m.stack.TemporalUI
	if m.lab, err = startLab(ctx, m.options.LabListen, filepath.Join(m.options.Dir, "lab")); err != nil {
		return err
	}
	m.LabURL = m.lab.url
	if err := m.startApp(ctx); err != nil {
		return err
	}
	m.People, err = introduce(ctx, m.app, m.options.Dir, m.URL)
	return err
}

func (m *Machine) startApp(ctx context.Context) error {
	logFile, err := os.OpenFile(filepath.Join(m.options.Dir, "tocsin.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	config, faults := app.LoadConfig("", m.lookup)
	if faults.HasErrors() {
		return fmt.Errorf("configuration: %s", faults[0].Message)
	}
	config.Connectors = m.lab.connectors()
	log := observe.NewLogger(logFile, "text", slog.LevelInfo)
	slog.SetDefault(log) // for migrations, which know no other
	if err := app.Migrate(ctx, config); err != nil {
		return err
	}
	m.app, err = app.New(ctx, config, log, app.Everything())
	if err != nil {
		return err
	}
	m.URL = config.PublicURL
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	m.stopApp = stop
	go func() {
		defer close(m.ended)
		m.endErr = m.app.Run(running)
	}()
	return m.app.WaitReady(ctx)
}

// codecEndpoint is where the Temporal UI has payloads decrypted, when they are
// encrypted.
func (m *Machine) codecEndpoint() string {
	if keys, _ := os.LookupEnv(app.EnvName("encryption_keys")); keys == "" {
		return ""
	}
	return "http://" + m.options.Listen + "/codec"
}

// lookup is the environment with what this machine decides itself laid over it.
func (m *Machine) lookup(name string) (string, bool) {
	own := map[string]string{
		app.EnvName("database_url"):     m.stack.PostgresURL,
		app.EnvName("temporal_address"): m.stack.TemporalAddress,
		app.EnvName("temporal_ui"):      m.stack.TemporalUI,
		app.EnvName("listen"):           m.options.Listen,
		app.EnvName("data_dir"):         filepath.Join(m.options.Dir, "data"),
	}
	if value, decided := own[name]; decided {
		return value, true
	}
	return os.LookupEnv(name)
}

// Failed gives the error when a part dies by itself.
func (m *Machine) Failed() <-chan error {
	joined := make(chan error, 1)
	go func() {
		select {
		case <-m.ended:
			joined <- fmt.Errorf("the product stopped: %w", m.endErr)
		case err := <-m.stack.Done():
			joined <- err
		}
	}()
	return joined
}

// Stop ends all parts in order: product, lab, servers.
func (m *Machine) Stop() error {
	var faults []error
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if m.stopApp != nil {
		m.stopApp()
		select {
		case <-m.ended:
			faults = append(faults, m.endErr)
		case <-ctx.Done():
			faults = append(faults, errors.New("the product did not stop in time"))
		}
	}
	if m.lab != nil {
		faults = append(faults, m.lab.stop(ctx))
	}
	if m.stack != nil {
		faults = append(faults, m.stack.Stop(ctx))
	}
	return errors.Join(faults...)
}

func hidden(value string) map[string]secret.String {
	return map[string]secret.String{"token": secret.New(value)}
}
