package app

import (
	"context"
	"crypto/rand"
	"log/slog"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/payloadkey"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

// NewPayloadKey makes a key for encryption_keys.
func NewPayloadKey() (secret.String, error) { return codec.NewKey(rand.Reader) }

// RetirePayloadKey notes in the database that nothing that matters is encrypted under
// a key any more, so that processes start without it. The key that encrypts stays.
func RetirePayloadKey(ctx context.Context, config *Config, id string) error {
	if ring := config.Encryption.ring; ring != nil && ring.Active() == id {
		return soar.Errorf(soar.CodeConflict, "app.RetirePayloadKey", "%s is the key that encrypts: make another one active first", id)
	}
	kept, err := store.Open(ctx, config.DatabaseURL.Reveal(), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer kept.Close()
	return payloadkey.New(kept).Retire(ctx, id)
}
