package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/show/stage"
)

// options are the command line.
type options struct {
	out      string // folder for all that people saw
	forged   int    // cases for each door
	shuffles int
	seed     uint64
	night    bool
	still    int    // rounds of people in Slack while servers stand still
	tocsin   string // the command line tool
	postgres string
	temporal string
}

func main() { stage.Main("people", parse, run) }

func parse(arguments []string) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("people", flag.ContinueOnError)
	flags.StringVar(&o.out, "out", ".show/people", "`folder` for every message that people saw")
	flags.IntVar(&o.forged, "forged", 650, "generated forged and own approvals for each door; 0: none")
	flags.IntVar(&o.shuffles, "shuffles", 10_000, "approvals with shuffled answers; 0: none")
	flags.Uint64Var(&o.seed, "seed", 4, "of the generated cases")
	flags.IntVar(&o.still, "still", 2, "rounds of ten people in Slack for each server that stands still; 0: none")
	flags.BoolVar(&o.night, "night", true, "walk through the analyst's night")
	flags.StringVar(&o.tocsin, "tocsin", "bin/tocsin", "the command line `tool`")
	flags.StringVar(&o.postgres, "postgres", os.Getenv(devstacktest.PostgresEnv), "`URL` of a Postgres, as a superuser")
	flags.StringVar(&o.temporal, "temporal", os.Getenv(devstacktest.TemporalEnv), "`address` of a Temporal")
	return o, flags.Parse(arguments)
}

// run is the whole: the night, the servers that stand still, the forged approvals, the
// shuffled answers.
func run(ctx context.Context, o options) error {
	if err := stage.NeedServers("people", o.postgres, o.temporal); err != nil {
		return err
	}
	t := &tally{out: os.Stdout, began: time.Now()}
	if o.night {
		if err := walkNight(ctx, o, t); err != nil {
			return err
		}
	}
	if o.still > 0 {
		if err := playStill(ctx, o, t); err != nil {
			return err
		}
	}
	if o.forged > 0 {
		if err := playForged(ctx, o, t); err != nil {
			return err
		}
	}
	if o.shuffles > 0 {
		if err := playShuffles(ctx, o, t); err != nil {
			return err
		}
	}
	t.title("%d promises kept, %d broken, %s", t.kept, len(t.broken), time.Since(t.began).Round(time.Second))
	if len(t.broken) > 0 {
		return fmt.Errorf("%d promises are broken, the first: %s", len(t.broken), t.broken[0])
	}
	return nil
}
