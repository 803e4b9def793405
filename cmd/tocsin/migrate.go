package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/app"
)

func newMigrateCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Create the database's tables or bring them up to date",
		Long:  "Create the database's tables or bring them up to date. Safe to run twice, and from two machines at once.",
		Example: `  tocsin migrate --config tocsin.yaml
  tocsin migrate status --config tocsin.yaml
  tocsin migrate down --to 20 --yes --config tocsin.yaml`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := app.Migrate(cmd.Context(), config); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the database is up to date")
			return nil
		},
	}
	addConfigFlag(command)
	command.AddCommand(newMigrateStatusCommand(), newMigrateDownCommand())
	return command
}

func newMigrateStatusCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "status",
		Short:   "Tell which migrations the database has",
		Example: "  tocsin migrate status --config tocsin.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			list, err := app.Migrations(cmd.Context(), config)
			if err != nil {
				return err
			}
			waiting := 0
			for _, m := range list {
				when := "not yet"
				if m.AppliedAt.IsZero() {
					waiting++
				} else {
					when = m.AppliedAt.UTC().Format("2006-01-02 15:04:05 UTC")
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%5d  %-23s  %s\n", m.Version, when, m.File)
			}
			if waiting > 0 {
				return fmt.Errorf("%d migrations are not applied: run tocsin migrate", waiting)
			}
			return nil
		},
	}
	addConfigFlag(command)
	return command
}

func newMigrateDownCommand() *cobra.Command {
	var to int64
	var yes bool
	command := &cobra.Command{
		Use:   "down",
		Short: "Take the database's tables back to an earlier version; data is lost",
		Long: `Take the database's tables back to an earlier version. What the later versions
keep is lost: make a backup first, and stop every server and worker.`,
		Example: "  tocsin migrate down --to 20 --yes --config tocsin.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("to") || to < 0 {
				return usage("--to is needed: the version to go back to, 0 for an empty database; tocsin migrate status lists them")
			}
			if !yes {
				return usage("this loses data: say --yes when servers and workers are stopped and there is a backup")
			}
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			began := time.Now()
			if err := app.MigrateDown(cmd.Context(), config, to); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "the database is at version %d (%s)\n", to, time.Since(began).Round(time.Millisecond))
			return nil
		},
	}
	addConfigFlag(command)
	command.Flags().Int64Var(&to, "to", 0, "version to go back to; 0 for an empty database")
	command.Flags().BoolVar(&yes, "yes", false, "there is a backup, and data may be lost")
	return command
}
