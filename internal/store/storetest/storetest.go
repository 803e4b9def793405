package storetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// templateLock is the advisory lock under which the template is made.
const templateLock = 7405001

const setupWithin = 60 * time.Second

// New gives a store on an empty, migrated database of its own, with a folder for
// evidence. Both go when the test ends.
func New(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, URL(t), store.Options{BlobDir: t.TempDir()})
}

// Open opens a store that is closed when the test ends. Its pool is small: tests
// run in parallel on one server. A deadline that is not set is 30 seconds, since
// a busy test machine is not a broken database.
func Open(t testing.TB, url string, options store.Options) *store.Store {
	t.Helper()
	if options.MaxConns == 0 {
		options.MaxConns = 6
	}
	if options.Deadline == 0 {
		options.Deadline = 30 * time.Second
	}
	s, err := store.Open(t.Context(), url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// URL gives an empty, migrated database of its own that goes when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	server := devstacktest.Postgres(t)
	template, err := ensureTemplate(t.Context(), server)
	if err != nil {
		t.Fatalf("template database: %v", err)
	}
	return create(t, server, template)
}

// EmptyURL gives a database of its own without any schema.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return create(t, devstacktest.Postgres(t), "template0")
}

func create(t testing.TB, server, template string) string {
	t.Helper()
	name := "tocsin_test_" + strings.ToLower(rand.Text()[:16])
	if err := exec(t.Context(), server, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)); err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		// Not the test's context: that has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), setupWithin)
		defer cancel()
		if err := exec(ctx, server, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)); err != nil {
			t.Errorf("test database: %v", err)
		}
	})
	return onDatabase(t, server, name)
}

// ensureTemplate makes the migrated database that tests clone. Its name comes
// from what the migrations say: another schema has another template. It gets the
// name only when it is ready, so that a test that was killed leaves no half one.
func ensureTemplate(ctx context.Context, server string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, setupWithin)
	defer cancel()
	digest, err := schemaDigest()
	if err != nil {
		return "", err
	}
	name := "tocsin_template_" + digest
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return "", err
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	building := name + "_building"
	for _, query := range []string{"DROP DATABASE IF EXISTS " + building + " WITH (FORCE)", "CREATE DATABASE " + building + " TEMPLATE template0"} {
		if _, err := conn.Exec(ctx, query); err != nil {
			return "", err
		}
	}
	target, err := withDatabase(server, building)
	if err != nil {
		return "", err
	}
	if err := store.Migrate(ctx, target); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", building, name))
	return name, err
}

func schemaDigest() (string, error) {
	sum := sha256.New()
	files := store.SchemaFiles()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(body), body)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))[:16], err
}

func exec(ctx context.Context, server, query string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, query)
	return err
}

func onDatabase(t testing.TB, server, name string) string {
	t.Helper()
	out, err := withDatabase(server, name)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func withDatabase(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		return "", fmt.Errorf("server address must be a postgres:// URL")
	}
	u.Path = "/" + name
	return u.String(), nil
}
