package store_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func objects(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(t.Context())
	must(t, conn.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version')
		     + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public')`).Scan(&n))
	return n
}

func TestMigrateUpDownUp(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyURL(t)
	must(t, store.Migrate(t.Context(), url))
	up := objects(t, url)
	if up < 20 {
		t.Errorf("after up there are %d tables and functions", up)
	}
	must(t, store.MigrateDown(t.Context(), url, 0))
	if down := objects(t, url); down != 0 {
		t.Errorf("after down %d tables and functions are left", down)
	}
	must(t, store.Migrate(t.Context(), url))
	if again := objects(t, url); again != up {
		t.Errorf("after up again there are %d, before %d", again, up)
	}
	must(t, store.Migrate(t.Context(), url))
	open(t, storetest.Open(t, url, store.Options{}), incidentID)
}

func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyURL(t)
	for _, err := range together(4, func(int) error { return store.Migrate(t.Context(), url) }) {
		must(t, err)
	}
	open(t, storetest.Open(t, url, store.Options{}), incidentID)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	old := storetest.EmptyURL(t)
	must(t, store.Migrate(t.Context(), old))
	must(t, store.MigrateDown(t.Context(), old, 3))
	rows := []struct {
		name, url string
		code      soar.Code
		part      string
	}{
		{"no schema", storetest.EmptyURL(t), soar.CodeConflict, "schema version 0"},
		{"older schema", old, soar.CodeConflict, "schema version 3"},
		{"no server", "postgres://postgres@127.0.0.1:1/x", soar.CodeUnavailable, "cannot be used"},
		{"not a URL", "postgres://%zz", soar.CodeInvalid, "URL"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), row.url, store.Options{})
			wantCode(t, err, row.code, row.part)
		})
	}
	wantCode(t, store.Migrate(t.Context(), "postgres://postgres@127.0.0.1:1/x"), soar.CodeUnavailable, "")
	wantCode(t, store.Migrate(t.Context(), "postgres://%zz"), soar.CodeInvalid, "URL")
}

func TestHealthCheck(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	must(t, s.HealthCheck(t.Context()))
	if open, inUse, most := s.PoolStats(); open < 1 || inUse != 0 || most < open {
		t.Errorf("pool: %d open, %d in use", open, inUse)
	}
}

// TestRoles: what the group role may do, in every table.
func TestRoles(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	open(t, storetest.Open(t, url, store.Options{}), incidentID)
	as := func(query string) error {
		return raw(t, url, "SET ROLE tocsin_app;"+query)
	}
	allowed := []string{
		"SELECT * FROM record_entries", "UPDATE incidents SET title = 'x'", "DELETE FROM outbox",
		"INSERT INTO record_heads VALUES ('x', 0, '')", "UPDATE record_heads SET seq = seq + 1",
	}
	for _, query := range allowed {
		must(t, as(query))
	}
	denied := []string{
		"UPDATE record_entries SET kind = 'x'", "DELETE FROM record_entries", "TRUNCATE record_entries",
		"ALTER TABLE record_entries DISABLE TRIGGER ALL", "DROP TABLE record_entries", "SET session_replication_role = replica",
		"UPDATE decisions SET by_id = 'x'", "DELETE FROM custody_entries", "DELETE FROM record_heads", "DELETE FROM incidents",
		"UPDATE evidence SET sha256 = 'x'", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)",
	}
	for _, query := range denied {
		if err := as(query); err == nil {
			t.Errorf("the service's role may %s", query)
		}
	}
}
