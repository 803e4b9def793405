package app

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/payloadkey"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

// initEncryption proves before anything else is done with Temporal that the key ring
// reads what was encrypted before, and notes a new active key. A worker with a wrong
// or missing key would hold all incidents up.
func (a *App) initEncryption(ctx context.Context) error {
	ring, kept := a.config.Encryption.ring, payloadkey.New(a.store)
	if err := checkKeys(ctx, kept, ring); err != nil || ring == nil {
		return err
	}
	a.codec = codec.New(codec.Options{Ring: ring, Namespace: a.config.TemporalNamespace, PermitPlaintext: a.config.Encryption.Plaintext})
	if err := kept.Add(ctx, ring.Active(), ring.Canary()); err != nil {
		return err
	}
	return checkKeys(ctx, kept, ring) // another process may have added another key of that name just now
}

// payloadKeys gives what the database knows of keys.
type payloadKeys interface {
	List(ctx context.Context) ([]soar.PayloadKey, error)
}

func checkKeys(ctx context.Context, kept payloadKeys, ring *codec.Ring) error {
	known, err := kept.List(ctx)
	if err != nil {
		return err
	}
	for _, key := range known {
		if err := checkKey(ring, key); err != nil {
			return err
		}
	}
	return nil
}

// checkKey tells whether the ring reads what was encrypted under a key.
func checkKey(ring *codec.Ring, key soar.PayloadKey) error {
	const op = "app.checkKey"
	since := key.FirstUsed.UTC().Format(time.DateOnly)
	if ring == nil {
		if key.RetiredAt != nil {
			return nil
		}
		return soar.Errorf(soar.CodeConflict, op, "payloads in Temporal are encrypted under the key %q since %s, and encryption_keys is not set: "+
			"without it the incidents that run could not go on; nothing was changed", key.ID, since)
	}
	err := ring.OpensCanary(key.ID, key.Canary)
	switch _, unknown := err.(codec.UnknownKeyError); { //nolint:errorlint // returned bare
	case err == nil, unknown && key.RetiredAt != nil:
		return nil
	case unknown:
		return soar.Errorf(soar.CodeConflict, op, "payloads in Temporal are encrypted under the key %q since %s, and encryption_keys lacks it: "+
			"add it again, or, when no incident that still runs needs it, tell so with: tocsin key retire %s", key.ID, since, key.ID)
	default:
		return soar.Wrap(soar.CodeConflict, op, err, "encryption_keys has another key under the name %q than the one that encrypted payloads since %s: "+
			"give the key its right name back, or give the new one a name of its own", key.ID, since)
	}
}
