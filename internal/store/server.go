package store

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/store/schema"
)

// Server is what the doctor and readiness ask of the database.
type Server struct {
	Version int           // server_version_num: 150004
	Schema  int64         // version of the schema
	Skew    time.Duration // its clock less ours, half the round trip taken off
	TLS     bool          // of the connection that asked
	Standby bool
	User    string
	Super   bool // the user is a superuser, whom no rule of the database holds back
	Service bool // the user is a member of tocsin_app
}

// ServerGet asks the database about itself.
func (s *Store) ServerGet(ctx context.Context) (Server, error) {
	var out Server
	err := s.read(ctx, "store.ServerGet", func(ctx context.Context) error {
		asked := time.Now()
		var at time.Time
		err := s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, clock_timestamp(), pg_is_in_recovery(), current_user,
			(SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
			EXISTS (SELECT FROM pg_roles WHERE rolname = 'tocsin_app') AND pg_has_role(current_user, (SELECT oid FROM pg_roles WHERE rolname = 'tocsin_app'), 'MEMBER'),
			coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
			(SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied)`,
		).Scan(&out.Version, &at, &out.Standby, &out.User, &out.Super, &out.Service, &out.TLS, &out.Schema)
		answered := time.Now()
		out.Skew = at.Sub(asked.Add(answered.Sub(asked) / 2))
		return err
	})
	return out, err
}

// SchemaVersion is the version of the schema that this build needs.
func SchemaVersion() (int64, error) { return schema.Latest() }
