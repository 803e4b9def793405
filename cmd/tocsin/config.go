package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/app"
)

func newConfigCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Check and show the configuration",
	}
	check := &cobra.Command{
		Use:     "check",
		Short:   "Tell every fault of configuration, policy and connectors",
		Long:    "Tell every fault of the configuration, the policy files and the connectors, without starting anything.",
		Example: "  tocsin config check --config tocsin.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := app.CheckConfig(config); err != nil {
				return explain(cmd, err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the configuration is good")
			return nil
		},
	}
	show := &cobra.Command{
		Use:     "show",
		Short:   "Show the settings in force, secrets hidden",
		Example: "  tocsin config show --config tocsin.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			for _, row := range config.Values() {
				fmt.Fprintf(cmd.OutOrStdout(), "%-24s %s\n", row[0], row[1])
			}
			return nil
		},
	}
	table := &cobra.Command{
		Use:   "table",
		Short: "Print the table of all settings as Markdown",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprint(cmd.OutOrStdout(), app.SettingsTable())
		},
	}
	addConfigFlag(check)
	addConfigFlag(show)
	command.AddCommand(check, show, table)
	return command
}
