package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/observe"
)

func newServerCommand() *cobra.Command {
	var worker, migrate bool
	command := &cobra.Command{
		Use:   "server",
		Short: "Serve the API, take alerts in, hand work to Temporal",
		Long: "Serve the API, take alerts in, and hand committed work to Temporal and to people.\n" +
			"Runs any number of times side by side on one database.",
		Example: "  tocsin server --config tocsin.yaml\n  tocsin server --with-worker --migrate   # one process for a small site",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runApp(cmd, app.Roles{API: true, Outbox: true, Worker: worker}, migrate)
		},
	}
	command.Flags().BoolVar(&worker, "with-worker", false, "carry out workflows in this process, too")
	command.Flags().BoolVar(&migrate, "migrate", false, "bring the database up to date first")
	addConfigFlag(command)
	return command
}

func newWorkerCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "worker",
		Short:   "Carry out incident workflows and connector actions",
		Example: "  tocsin worker --config tocsin.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runApp(cmd, app.Roles{Worker: true}, false)
		},
	}
	addConfigFlag(command)
	return command
}

func runApp(cmd *cobra.Command, roles app.Roles, migrate bool) error {
	config, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	level := new(slog.LevelVar)
	level.Set(config.LogLevel)
	log := observe.NewLogger(cmd.ErrOrStderr(), config.LogFormat, level)
	slog.SetDefault(log) // for libraries that know no other
	go turnLevel(ctx, log, level)
	if migrate {
		if err := app.Migrate(ctx, config); err != nil {
			return err
		}
	}
	process, err := app.New(ctx, config, log, roles)
	if err != nil && ctx.Err() != nil {
		log.Info("asked to stop while starting", "error", err)
		return nil //nolint:nilerr // nothing was begun: an orderly stop
	}
	if err != nil {
		return explain(cmd, err)
	}
	return process.Run(ctx)
}

// turnLevel changes what is logged while the process runs: SIGUSR1 makes it
// everything, SIGUSR2 what is configured.
func turnLevel(ctx context.Context, log *slog.Logger, level *slog.LevelVar) {
	configured := level.Level()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(asked)
	for {
		select {
		case <-ctx.Done():
			return
		case which := <-asked:
			level.Set(configured)
			if which == syscall.SIGUSR1 {
				level.Set(slog.LevelDebug)
			}
			log.WarnContext(ctx, "the level of the log was changed", "level", level.Level())
		}
	}
}

func addConfigFlag(command *cobra.Command) {
	command.Flags().StringP("config", "c", os.Getenv("TOCSIN_CONFIG"), "configuration file; the environment wins over it (TOCSIN_CONFIG)")
	command.Flags().StringArray("set", nil, "KEY=VALUE of one setting, stronger than all else; \"tocsin config table\" lists them")
}

// loadConfig reads the configuration and prints all its faults and warnings. What
// could be read is there even when there are faults.
func loadConfig(cmd *cobra.Command) (*app.Config, error) {
	sources, err := configSources(cmd)
	if err != nil {
		return nil, err
	}
	return readConfig(cmd, sources)
}

func configSources(cmd *cobra.Command) (app.Sources, error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return app.Sources{}, err
	}
	set, err := cmd.Flags().GetStringArray("set")
	return app.SourcesOf(path, set), err
}

func readConfig(cmd *cobra.Command, sources app.Sources) (*app.Config, error) {
	config, faults := sources.Load()
	printFaults(cmd, faults)
	if faults.HasErrors() {
		return config, &exit{code: exitFailed, message: "the configuration has faults: " + faults.Summary()}
	}
	return config, nil
}

// explain prints every fault of files that people wrote.
func explain(cmd *cobra.Command, err error) error {
	if faulty, ok := errors.AsType[*app.FaultyFile](err); ok {
		printFaults(cmd, faulty.Faults)
		return fmt.Errorf("the %s has faults", faulty.What)
	}
	return err
}

func printFaults(cmd *cobra.Command, faults diag.List) {
	readable := func(file string) ([]byte, bool) {
		body, err := os.ReadFile(file)
		return body, err == nil
	}
	_ = diag.WriteText(cmd.ErrOrStderr(), faults, readable) // a terminal that is gone cannot be told
}
