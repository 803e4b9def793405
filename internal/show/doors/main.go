package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/show/stage"
)

// options are the command line.
type options struct {
	files    string // folder with one folder for each vendor
	labels   string
	floor    int // percent of the labels that must be found
	requests int // generated for each operation; 0: none
	generic  bool
	missing  bool
	postgres string
	temporal string
}

func main() { stage.Main("doors", parse, run) }

func parse(arguments []string) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("doors", flag.ContinueOnError)
	flags.StringVar(&o.files, "files", "../shared/corpora/detections", "`folder` of payloads, one folder for each vendor")
	flags.StringVar(&o.labels, "labels", "", "tab-separated `file` of labels; labels.tsv in the folder of payloads when empty")
	flags.IntVar(&o.floor, "floor", 85, "`percent` of the labels that must be found")
	flags.IntVar(&o.requests, "requests", 60, "generated requests for each operation of the API; 0 sends none")
	flags.BoolVar(&o.generic, "generic", false, "send everything through the generic door, as if no source had a mapping")
	flags.BoolVar(&o.missing, "missing", false, "list the labels that were not found")
	flags.StringVar(&o.postgres, "postgres", os.Getenv(devstacktest.PostgresEnv), "`URL` of a Postgres, as a superuser")
	flags.StringVar(&o.temporal, "temporal", os.Getenv(devstacktest.TemporalEnv), "`address` of a Temporal")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if o.labels == "" {
		o.labels = filepath.Join(o.files, "labels.tsv")
	}
	return o, nil
}

// run is the whole: gather, send, read back, compare, tell.
func run(ctx context.Context, o options) (err error) {
	if err := stage.NeedServers("doors", o.postgres, o.temporal); err != nil {
		return err
	}
	payloads, err := gather(o)
	if err != nil {
		return err
	}
	started, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, started.Close()) }()
	say("%d files from %s", len(payloads.files), payloads.from)
	if err := started.sendAll(ctx, payloads); err != nil {
		return err
	}
	r := judge(payloads, o)
	if o.requests > 0 {
		if r.generated, err = started.generated(ctx, o.requests); err != nil {
			return err
		}
	}
	r.write(os.Stdout)
	if faults := r.faults(); len(faults) > 0 {
		return fmt.Errorf("%d promises are broken, the first: %s", len(faults), faults[0])
	}
	return nil
}

// say tells how far it is; the result alone goes to standard output.
func say(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }
