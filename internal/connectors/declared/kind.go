package declared

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
)

// Kind is a connector that a file declares. It never changes and may be used by
// many goroutines at once.
type Kind struct {
	manifest *manifest.Manifest
	http     transport
	plans    map[string]*plan
	schemas  *connector.Schemas
	system   System
}

// System is the clock that a connector lives by.
type System struct {
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) error // waits, or gives ctx's error
}

func realSystem() System {
	return System{Now: time.Now, Pause: func(ctx context.Context, d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return nil
		}
	}}
}

// WithSystem gives the same connector living by another clock, for tests.
func (k *Kind) WithSystem(system System) *Kind {
	other := *k
	other.system = system
	return &other
}

// Manifest describes the connector.
func (k *Kind) Manifest() *manifest.Manifest { return k.manifest }

// Open makes an instance.
func (k *Kind) Open(config connector.Config) (connector.Instance, error) {
	client, err := k.client(config)
	if err != nil {
		return nil, err
	}
	i := &instance{kind: k, client: client, settings: plainSettings(k.manifest, config)}
	if k.http.auth.oauth != nil {
		i.tokens, err = k.tokens(config, i.settings)
	}
	return i, err
}

// plainSettings are what expressions read: every setting that is no secret, empty
// when it is not set.
func plainSettings(m *manifest.Manifest, config connector.Config) map[string]any {
	settings := map[string]any{}
	for _, setting := range m.Settings {
		if !setting.Secret {
			settings[setting.Name] = config.Settings[setting.Name]
		}
	}
	return settings
}

type instance struct {
	kind     *Kind
	client   *connector.Client
	settings map[string]any
	tokens   *tokens // nil unless the system wants access tokens
}

// Do carries out one action.
func (i *instance) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	pl := i.kind.plans[call.Action]
	if pl == nil {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("%s has no action %q", i.kind.manifest.Connector, call.Action)}
	}
	r, refused := newRun(i, pl, call)
	if refused != nil {
		return connector.Result{}, refused
	}
	output, failure := r.all(ctx)
	if failure != nil {
		return connector.Result{}, failure
	}
	return connector.Result{Output: output}, nil
}
