package app_test

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack"
	"github.com/tocsin-soar/tocsin/internal/tlsfile/tlsfiletest"
)

// strictDatabase is a PostgreSQL of its own that lets in only those with TLS and
// both a password and a certificate for the user.
type strictDatabase struct {
	address *url.URL // as the devstack gives it
	folder  string
	owner   *syscall.Stat_t
}

func newStrictDatabase(t *testing.T, authority *tlsfiletest.Authority, server tlsfiletest.Leaf) *strictDatabase {
	t.Helper()
	postgres, err := devstack.StartPostgres(t.Context(), devstack.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	d := &strictDatabase{}
	if d.address, err = url.Parse(postgres.URL()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), postgres.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&d.folder); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(d.folder)
	if err != nil {
		t.Fatal(err)
	}
	d.owner = info.Sys().(*syscall.Stat_t)
	cert, key := authority.Issue(t, server)
	d.give(t, "server.crt", read(t, cert))
	d.give(t, "server.key", read(t, key))
	d.give(t, "ca.crt", read(t, authority.File))
	d.give(t, "pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-full\n")
	for _, command := range []string{"ALTER SYSTEM SET ssl_ca_file = 'ca.crt'", "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"} {
		if _, err := conn.Exec(t.Context(), command); err != nil {
			t.Fatal(err)
		}
	}
	d.awaitReload(t)
	return d
}

// awaitReload waits until the server turns a client without TLS away.
func (d *strictDatabase) awaitReload(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		conn, err := pgx.Connect(t.Context(), d.address.String())
		if err != nil {
			return
		}
		conn.Close(t.Context())
		if time.Now().After(deadline) {
			t.Fatal("the server did not read its configuration again")
		}
	}
}

// give puts a file into the server's folder, as its own.
func (d *strictDatabase) give(t *testing.T, name, body string) {
	t.Helper()
	path := filepath.Join(d.folder, name)
	if err := os.WriteFile(path, []byte(body), fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, int(d.owner.Uid), int(d.owner.Gid)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// config names the database with these parameters instead of the devstack's.
func (d *strictDatabase) config(t *testing.T, parameters map[string]string, change func(*url.URL)) *app.Config {
	t.Helper()
	address, query := *d.address, url.Values{}
	for name, value := range parameters {
		query.Set(name, value)
	}
	address.RawQuery = query.Encode()
	if change != nil {
		change(&address)
	}
	values := map[string]string{app.EnvName("database_url"): address.String(), app.EnvName("data_dir"): t.TempDir()}
	config, faults := app.LoadConfig("", func(name string) (string, bool) { value, ok := values[name]; return value, ok })
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	return config
}

// TestDatabaseWithClientCertificates starts the product on a PostgreSQL that wants
// TLS and a certificate, and is refused there in every way that a person mends:
// with a sentence, and without waiting for what does not come.
func TestDatabaseWithClientCertificates(t *testing.T) {
	t.Parallel()
	authority, stranger := tlsfiletest.NewAuthority(t, "authority"), tlsfiletest.NewAuthority(t, "stranger")
	database := newStrictDatabase(t, authority, tlsfiletest.Leaf{Name: "server", Hosts: []string{"127.0.0.1"}})
	expired := newStrictDatabase(t, authority, tlsfiletest.Leaf{Name: "expired", Hosts: []string{"127.0.0.1"}, Lifetime: -time.Hour})
	misnamed := newStrictDatabase(t, authority, tlsfiletest.Leaf{Name: "misnamed", Hosts: []string{"db.example"}})
	cert, key := authority.Issue(t, tlsfiletest.Leaf{Name: "tocsin"}) // the user's name
	otherCert, otherKey := authority.Issue(t, tlsfiletest.Leaf{Name: "mallory"})
	unknownCert, unknownKey := stranger.Issue(t, tlsfiletest.Leaf{Name: "tocsin"})
	good := map[string]string{"sslmode": "verify-full", "sslrootcert": authority.File, "sslcert": cert, "sslkey": key}
	with := func(pairs ...string) map[string]string {
		changed := maps.Clone(good)
		for i := 0; i < len(pairs); i += 2 {
			if changed[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
				delete(changed, pairs[i])
			}
		}
		return changed
	}

	config := database.config(t, good, nil)
	if err := app.Migrate(t.Context(), config); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	process, err := app.New(t.Context(), config, slog.New(slog.DiscardHandler), app.Roles{})
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := process.Run(stopped); err != nil {
		t.Errorf("stop: %v", err)
	}

	for _, row := range []struct {
		name       string
		database   *strictDatabase
		parameters map[string]string
		change     func(*url.URL)
		want       []string
	}{
		{"wrong CA", database, with("sslrootcert", stranger.File), nil, []string{"issued by an authority that is not trusted", "sslrootcert in database_url"}},
		{"expired", expired, good, nil, []string{"is valid from", "renew it there"}},
		{"name mismatch", misnamed, good, nil, []string{`is for db.example, not for "127.0.0.1"`, "the host in database_url"}},
		{"no client certificate", database, with("sslcert", "", "sslkey", ""), nil, []string{"wants a client certificate", "sslcert in database_url"}},
		{"unknown client certificate", database, with("sslcert", unknownCert, "sslkey", unknownKey), nil, []string{"wants a client certificate", "issued by an authority that it trusts", "sslcert in database_url"}},
		{"another's certificate", database, with("sslcert", otherCert, "sslkey", otherKey), nil, []string{"a client certificate that is for another name", "database_url"}},
		{"no TLS", database, map[string]string{"sslmode": "disable"}, nil, []string{"lets nobody in without TLS", "sslmode=verify-full"}},
		{"wrong password", database, good, func(u *url.URL) { u.User = url.UserPassword("tocsin", "wrong") }, []string{`refuses the password of user "tocsin"`, "database_url"}},
		{"unknown database", database, good, func(u *url.URL) { u.Path = "/nothere" }, []string{`has no database "nothere"`, "CREATE DATABASE"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			config := row.database.config(t, row.parameters, row.change)
			var log strings.Builder
			_, err := app.New(t.Context(), config, slog.New(slog.NewTextHandler(&log, nil)), app.Roles{})
			requireParts(t, "start", err, row.want)
			if log.String() != "" { // every further attempt is a line there
				t.Errorf("it was tried again:\n%s", log.String())
			}
			requireParts(t, "migrate", app.Migrate(t.Context(), config), row.want)
		})
	}
}

func requireParts(t *testing.T, what string, err error, parts []string) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: no error", what)
	}
	for _, part := range append(parts, "PostgreSQL at 127.0.0.1:") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %q lacks %q", what, err, part)
		}
	}
	if strings.Contains(err.Error(), "postgres://") {
		t.Errorf("%s: the URL with its password is shown: %v", what, err)
	}
}
