package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/schema"
	"github.com/tocsin-soar/tocsin/internal/tlsfile"
)

// startPatience is how long a starting process waits for PostgreSQL.
const startPatience = 30 * time.Second

// Migrate brings the database up to date. It waits a while for PostgreSQL.
func Migrate(ctx context.Context, config *Config) error {
	return awaitDatabase(ctx, config, slog.Default(), func(ctx context.Context) error {
		return store.Migrate(ctx, config.DatabaseURL.Reveal())
	})
}

// MigrateDown takes the schema back to version, 0 for nothing. What the versions
// above it held is lost.
func MigrateDown(ctx context.Context, config *Config, version int64) error {
	return awaitDatabase(ctx, config, slog.Default(), func(ctx context.Context) error {
		return store.MigrateDown(ctx, config.DatabaseURL.Reveal(), version)
	})
}

// Migrations lists the steps of the schema and when the database took each.
func Migrations(ctx context.Context, config *Config) (list []schema.Migration, err error) {
	err = awaitDatabase(ctx, config, slog.Default(), func(ctx context.Context) error {
		list, err = store.MigrationStatus(ctx, config.DatabaseURL.Reveal())
		return err
	})
	return list, err
}

// awaitDatabase does what needs PostgreSQL, which may be starting beside us: it
// tries again for a while. What waiting does not mend is told at once.
func awaitDatabase(ctx context.Context, config *Config, log *slog.Logger, do func(context.Context) error) error {
	patience := time.NewTimer(startPatience)
	defer patience.Stop()
	for {
		err := do(ctx)
		if soar.CodeOf(err) != soar.CodeUnavailable && soar.CodeOf(err) != soar.CodeInternal {
			return err
		}
		if why := whyDatabaseRefuses(config, err); why != "" {
			return soar.Errorf(soar.CodeDenied, "", "%s", why)
		}
		if soar.CodeOf(err) == soar.CodeInternal {
			return err
		}
		log.WarnContext(ctx, "PostgreSQL does not answer yet", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-patience.C:
			return fmt.Errorf("PostgreSQL did not answer within %s; look whether it runs, and at database_url: %w", startPatience, err)
		case <-time.After(time.Second):
		}
	}
}

// whyDatabaseRefuses says what is to be mended before PostgreSQL lets this process
// in, or "" when waiting may help. A server that runs calls all of this unavailable:
// its senders shall come again.
func whyDatabaseRefuses(config *Config, err error) string {
	peer, user, name := "PostgreSQL", "", ""
	if parsed, problem := pgconn.ParseConfig(config.DatabaseURL.Reveal()); problem == nil {
		peer, user, name = fmt.Sprintf("PostgreSQL at %s:%d", parsed.Host, parsed.Port), parsed.User, parsed.Database
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return whyLoginRefused(refused, peer, user, name)
	}
	if strings.Contains(err.Error(), "server refused TLS connection") { // the driver's error has no type
		return peer + " does not speak TLS: set ssl = on there, or write sslmode=disable in database_url if the way to it is safe"
	}
	return tlsfile.Explain(err, tlsfile.Names{
		Peer: peer, Switch: "sslmode in database_url", CA: "sslrootcert in database_url", Cert: "sslcert in database_url", ServerName: "the host in database_url",
	})
}

func whyLoginRefused(refused *pgconn.PgError, peer, user, name string) string {
	switch {
	case refused.Code == "28P01":
		return fmt.Sprintf("%s refuses the password of user %q, or a client certificate that is for another name (%s); look at database_url", peer, user, refused.Message)
	case strings.Contains(refused.Message, "valid client certificate"):
		return fmt.Sprintf("%s wants a client certificate for user %q, issued by an authority that it trusts; sslcert in database_url must name one, and sslkey its key", peer, user)
	case strings.HasPrefix(refused.Code, "28") && strings.Contains(refused.Message, "no encryption"):
		return fmt.Sprintf("%s lets nobody in without TLS (%s); write sslmode=verify-full in database_url", peer, refused.Message)
	case strings.HasPrefix(refused.Code, "28"):
		return fmt.Sprintf("%s refuses user %q (%s); look at database_url, and at pg_hba.conf there", peer, user, refused.Message)
	case refused.Code == "3D000":
		return fmt.Sprintf("%s has no database %q; make it there (CREATE DATABASE), or look at database_url", peer, name)
	default:
		return ""
	}
}
