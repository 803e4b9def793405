package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/playbook/schema"
)

func newSchemaCommand() *cobra.Command {
	var config string
	command := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema for editors",
		Long: `Print the JSON Schema of playbooks, with the actions of your connectors, for an editor
that completes and checks YAML by it. Works without a server.`,
		Example: "  tocsin playbook schema > playbook.v1.json\n  # first line of a playbook: # yaml-language-server: $schema=playbook.v1.json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			catalog, err := offlineCatalog(config)
			if err != nil {
				return err
			}
			body, err := schema.Generate(catalog)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(body)
			return err
		},
	}
	catalogFlag(command, &config)
	return command
}
