package workflows_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain gives the random plans the same seed in every run, so that a failure
// is a failure of the change and not of the day. Other seeds by hand:
//
//	go test ./workflows -run RandomPlans -rapid.seed=7 -rapid.checks=2000
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed != nil && seed.Value.String() == "0" {
		if err := seed.Value.Set("20261124"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
