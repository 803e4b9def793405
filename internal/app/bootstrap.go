package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os/user"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// FirstToken makes a token straight in the database, for whoever can reach that:
// the first administrator of an installation, or one who lost every token. The
// record says which account of this machine did it.
func FirstToken(ctx context.Context, config *Config, request access.TokenRequest) (access.Issued, error) {
	kept, err := store.Open(ctx, config.DatabaseURL.Reveal(), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return access.Issued{}, err
	}
	defer kept.Close()
	by := soar.System("command line")
	if account, err := user.Current(); err == nil {
		by.Name = account.Username
	}
	return access.NewTokens(kept, rand.Reader, time.Now).Issue(ctx, by, request)
}
