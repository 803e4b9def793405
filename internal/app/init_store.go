package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/temporalclient"
	"github.com/tocsin-soar/tocsin/internal/tlsfile"
)

func (a *App) initPolicy(context.Context) error {
	loaded, faults := policy.Load(a.config.PolicyDir)
	if faults.HasErrors() {
		return &FaultyFile{What: "policy", Faults: faults}
	}
	a.policy = loaded
	if a.duties, faults = packs.Load(a.config.PolicyDir); faults.HasErrors() {
		return &FaultyFile{What: "policy", Faults: faults}
	}
	if a.letters, faults = letter.Load(a.config.PolicyDir); faults.HasErrors() {
		return &FaultyFile{What: "template of a message", Faults: faults}
	}
	return nil
}

func (a *App) initStore(ctx context.Context) error {
	return awaitDatabase(ctx, a.config, a.log, func(ctx context.Context) (err error) {
		a.store, err = store.Open(ctx, a.config.DatabaseURL.Reveal(), store.Options{
			BlobDir: a.evidenceDir(), Tracer: a.tracing.Postgres(), Logger: a.log,
		})
		return err
	})
}

// OpenTemporal opens the client that the configuration describes, for the doctor.
func OpenTemporal(config *Config, log *slog.Logger) (*temporalclient.Client, error) {
	a := &App{config: config, log: log}
	err := a.initTemporal(context.Background())
	return a.temporal, err
}

func (a *App) initTemporal(context.Context) error {
	security, err := a.config.TemporalTLS.config(a.log)
	if err != nil {
		return err
	}
	interceptors, err := a.tracing.Temporal()
	if err != nil {
		return err
	}
	opened, err := temporalclient.Open(temporalclient.Options{
		Address: a.config.TemporalAddress, Namespace: a.config.TemporalNamespace, TaskQueue: a.config.TemporalTaskQueue,
		Identity: identity(), TLS: security, APIKey: a.config.TemporalAPIKey, Codec: a.codec, Metrics: a.metrics.Temporal(), Interceptors: interceptors, Logger: a.log,
	})
	a.temporal = opened
	return err
}

// config gives the client side of TLS, nil when it is off. A client certificate is
// read again when its files change; the roots are read once.
func (t TemporalTLS) config(log *slog.Logger) (*tls.Config, error) {
	if !t.On {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		roots, err := tlsfile.Roots(t.CA)
		if err != nil {
			return nil, fmt.Errorf("temporal_tls_ca: %w", err)
		}
		config.RootCAs = roots
	}
	if t.Cert != "" {
		pair, err := tlsfile.LoadPair(t.Cert, t.Key, time.Now(), log)
		if err != nil {
			return nil, fmt.Errorf("temporal_tls_cert: %w", err)
		}
		config.GetClientCertificate = pair.ForClient
	}
	return config, nil
}

// identity names this process in the Temporal UI, and tells it from every other
// one: readiness asks Temporal whether this very process polls.
func identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("tocsin@%s:%d:%s", host, os.Getpid(), rand.Text()[:6])
}
