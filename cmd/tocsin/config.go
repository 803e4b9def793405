package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/app"
)

func newConfigCommand(c *cli) *cobra.Command {
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
		Long:    "Show the settings in force, where each came from, and secrets hidden. It shows them even when\nthere are faults, and then ends with 1.",
		Example: "  tocsin config show --config tocsin.yaml\n  tocsin config show --set log_level=debug -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, fault := loadConfig(cmd)
			if config == nil {
				return fault
			}
			values := config.Values()
			rows := make([][]any, len(values))
			for i, value := range values {
				rows[i] = []any{value.Key, orDash(value.Value), value.From}
			}
			if err := c.show(cmd, values, func(p *printer) { p.table([]string{"SETTING", "VALUE", "FROM"}, rows) }); err != nil {
				return err
			}
			return fault
		},
	}
	table := &cobra.Command{
		Use:     "table",
		Short:   "Print the table of all settings as Markdown",
		Example: "  tocsin config table",
		Args:    cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprint(cmd.OutOrStdout(), app.SettingsTable())
		},
	}
	addConfigFlag(check)
	addConfigFlag(show)
	command.AddCommand(check, show, table)
	return command
}
