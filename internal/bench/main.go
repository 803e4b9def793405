package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
)

// options are the command line.
type options struct {
	rounds    int           // of each side, the warm-up not counted
	span      time.Duration // of one round of the intake
	incidents int           // at once in a round of steps
	steps     int           // of each incident
	alerts    int           // one after the other in a round of first actions
	senders   int           // connections of the intake
	only      string        // comma-separated scenarios; empty: all
	output    string        // table | json
	file      string        // results as JSON go here too; empty: nowhere
	postgres  string        // URL of a server, as a superuser; empty: one is started
	temporal  string        // host:port; empty: one is started
	profile   string        // folder for CPU profiles, one a scenario; empty: none
}

func parse(arguments []string) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 5, "measured `rounds` of each side")
	flags.DurationVar(&o.span, "time", 2*time.Second, "length of one round of the intake")
	flags.IntVar(&o.incidents, "incidents", 16, "incidents at once in a round of steps")
	flags.IntVar(&o.steps, "steps", 10, "action steps of one incident (at most 20)")
	flags.IntVar(&o.alerts, "alerts", 40, "alerts in a round of first actions, one after the other")
	flags.IntVar(&o.senders, "senders", 8, "senders at once in a round of the intake, and connections of the bare inserts")
	flags.StringVar(&o.only, "only", "", "comma-separated `scenarios`: steps, first, intake; all when empty")
	flags.StringVar(&o.output, "output", "table", "table or json")
	flags.StringVar(&o.file, "file", "", "also write the results as JSON into this `file`")
	flags.StringVar(&o.postgres, "postgres", os.Getenv(devstacktest.PostgresEnv), "`URL` of a Postgres, as a superuser; one is started when empty")
	flags.StringVar(&o.temporal, "temporal", os.Getenv(devstacktest.TemporalEnv), "`address` of a Temporal; one is started when empty")
	flags.StringVar(&o.profile, "profile", "", "write a CPU profile of each scenario into this `folder`")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	return o, o.check()
}

func (o options) check() error {
	if flagged := min(o.rounds, o.incidents, o.steps, o.alerts, o.senders); flagged < 1 || o.span <= 0 {
		return fmt.Errorf("every number must be at least 1")
	}
	if o.steps > maxSteps {
		return fmt.Errorf("-steps %d: the target's limit allows at most %d", o.steps, maxSteps)
	}
	if o.output != "table" && o.output != "json" {
		return fmt.Errorf("-output %q: expected table or json", o.output)
	}
	for _, name := range o.chosen() {
		if !slices.ContainsFunc(scenarios(), func(s scenario) bool { return s.name == name }) {
			return fmt.Errorf("-only %q: expected some of steps, first, intake", name)
		}
	}
	return nil
}

func (o options) chosen() []string {
	if o.only == "" {
		return nil
	}
	return strings.Split(o.only, ",")
}

// scenario is one question with its sides.
type scenario struct {
	name string
	run  func(context.Context, *bench) (section, error)
}

func scenarios() []scenario {
	return []scenario{{"steps", measureSteps}, {"first", measureFirst}, {"intake", measureIntake}}
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, o options, out, progress io.Writer) (err error) {
	b, err := open(ctx, o, progress)
	if err != nil {
		return err
	}
	defer func() { err = closeWith(err, b.close) }()
	report := report{Machine: b.machine(ctx)}
	for _, s := range scenarios() {
		if chosen := o.chosen(); chosen != nil && !slices.Contains(chosen, s.name) {
			continue
		}
		measured, err := profiled(ctx, s, b)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		report.Sections = append(report.Sections, measured)
	}
	if err := save(o.file, report); err != nil {
		return err
	}
	if o.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	report.print(out)
	return nil
}

func closeWith(err error, end func() error) error {
	if problem := end(); err == nil {
		return problem
	}
	return err
}

// profiled runs a scenario under the CPU profiler when that is wanted.
func profiled(ctx context.Context, s scenario, b *bench) (section, error) {
	if b.options.profile == "" {
		return s.run(ctx, b)
	}
	if err := os.MkdirAll(b.options.profile, 0o755); err != nil {
		return section{}, err
	}
	file, err := os.Create(filepath.Join(b.options.profile, s.name+".cpu.out"))
	if err != nil {
		return section{}, err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return section{}, err
	}
	defer pprof.StopCPUProfile()
	return s.run(ctx, b)
}

func save(file string, r report) error {
	if file == "" {
		return nil
	}
	body, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(body, '\n'), 0o644)
}
