// Command tocsin is the whole product in one binary: the server and its workers,
// and the command line for the people who respond. One file per subcommand.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run())
}

// run is main with deferred calls; tests call it, too.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal stops in order. From then on they do what they do by
	// default: the second ends the process at once.
	context.AfterFunc(ctx, stop)
	root := newRootCommand()
	return finish(root, root.ExecuteContext(ctx))
}
