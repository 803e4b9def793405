package store_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// TestGenerated: what sqlc would write from the queries and migrations is what is
// checked in. It needs sqlc of the version that sqlc.yaml names on the PATH.
func TestGenerated(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("sqlc")
	if err != nil {
		t.Skip("sqlc is not on the PATH; see sqlc.yaml for how to build it")
	}
	if out, err := exec.CommandContext(t.Context(), tool, "diff").CombinedOutput(); err != nil {
		t.Errorf("sqlcgen is not up to date, run sqlc generate: %v\n%s", err, out)
	}
}
