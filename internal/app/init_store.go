package app

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/temporalclient"
)

// startPatience is how long a starting process waits for PostgreSQL.
const startPatience = 30 * time.Second

// Migrate brings the database up to date.
func Migrate(ctx context.Context, config *Config) error {
	return store.Migrate(ctx, config.DatabaseURL.Reveal())
}

func (a *App) initPolicy(context.Context) error {
	loaded, faults := policy.Load(a.config.PolicyDir)
	if faults.HasErrors() {
		return &FaultyFile{What: "policy", Faults: faults}
	}
	a.policy = loaded
	return nil
}

// initStore waits a while for PostgreSQL, which may be starting beside us.
func (a *App) initStore(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		opened, err := store.Open(ctx, a.config.DatabaseURL.Reveal(), store.Options{
			BlobDir: filepath.Join(a.config.DataDir, "evidence"), Logger: a.log,
		})
		if err == nil {
			a.store = opened
			return nil
		}
		if soar.CodeOf(err) != soar.CodeUnavailable {
			return err
		}
		a.log.WarnContext(ctx, "PostgreSQL does not answer yet", "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not answer within %s: %w", startPatience, err)
		case <-time.After(time.Second):
		}
	}
}

func (a *App) initTemporal(context.Context) error {
	opened, err := temporalclient.Open(temporalclient.Options{
		Address: a.config.TemporalAddress, Namespace: a.config.TemporalNamespace, TaskQueue: a.config.TemporalTaskQueue,
		Identity: "tocsin", Logger: a.log,
	})
	a.temporal = opened
	return err
}
