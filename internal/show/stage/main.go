package stage

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
)

// Main is the main function of the program show-name. It ends the process: with 0
// when run ended well, 1 when it did not, 2 when the command line cannot be read,
// which parse has told.
func Main[O any](name string, parse func([]string) (O, error), run func(context.Context, O) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := 0
	if o, err := parse(os.Args[1:]); err != nil {
		code = 2
	} else if err := run(ctx, o); err != nil {
		fmt.Fprintf(os.Stderr, "show-%s: %v\n", name, err)
		code = 1
	}
	stop()
	os.Exit(code)
}

// NeedServers says how to get the servers when there are none.
func NeedServers(name, postgres, temporal string) error {
	if postgres == "" || temporal == "" {
		return fmt.Errorf("no servers: run it as `make show-%s`, or set %s and %s", name, devstacktest.PostgresEnv, devstacktest.TemporalEnv)
	}
	return nil
}
