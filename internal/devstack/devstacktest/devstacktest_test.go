package devstacktest_test

import (
	"net"
	"net/url"
	"os"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

func TestServersAreSharedAndAnswer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: the Temporal server may have to be built first, which takes minutes")
	}
	postgres, err := url.Parse(devstacktest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	temporal := devstacktest.Temporal(t)
	for _, address := range []string{postgres.Host, temporal} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Errorf("nothing answers: %v", err)
			continue
		}
		conn.Close()
	}
	if again := devstacktest.Temporal(t); again != temporal {
		t.Errorf("a second call started another Temporal at %s", again)
	}
	if again := devstacktest.Postgres(t); again != postgres.String() {
		t.Errorf("a second call started another Postgres")
	}
}

func TestEnvironmentNamesServers(t *testing.T) {
	t.Setenv(devstacktest.PostgresEnv, "postgres://elsewhere/db")
	t.Setenv(devstacktest.TemporalEnv, "elsewhere:7233")
	if got := devstacktest.Postgres(t); got != "postgres://elsewhere/db" {
		t.Errorf("Postgres is %s", got)
	}
	if got := devstacktest.Temporal(t); got != "elsewhere:7233" {
		t.Errorf("Temporal is %s", got)
	}
}
