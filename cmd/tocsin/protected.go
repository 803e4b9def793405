package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
)

func newProtectedCommand(c *cli) *cobra.Command {
	return family("protected", "Targets that no playbook may touch",
		"  tocsin protected list\n  tocsin protected add host 'dc-*' --reason \"domain controllers\"\n  tocsin protected remove host dc-old --reason \"gone since March\"",
		newProtectedListCommand(c), newProtectedAddCommand(c), newProtectedRemoveCommand(c))
}

func newProtectedListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List this site's protected targets",
		Example: "  tocsin protected list",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			list, _, err := server.Protected(cmd.Context())
			if err != nil {
				return err
			}
			return c.show(cmd, list, func(p *printer) { printProtected(p, list) })
		},
	}
}

func printProtected(p *printer, list *gen.ProtectedList) {
	rows := make([][]any, len(list.Items))
	for i, one := range list.Items {
		rows[i] = []any{one.Class, one.Pattern, cut(one.Reason, 80)}
	}
	p.list([]string{"CLASS", "PATTERN", "REASON"}, rows, nil)
}

func newProtectedAddCommand(c *cli) *cobra.Command {
	return c.protectedEdit(&cobra.Command{
		Use:   "add CLASS PATTERN",
		Short: "Protect a target",
		Long: `Protect a target from the next action on. CLASS is what kind of target it is: host,
user, address. PATTERN is a name with * for any characters, or for addresses a network.`,
		Example: "  tocsin protected add host 'dc-*' --reason \"domain controllers\"\n  tocsin protected add address 10.0.0.0/24 --reason \"backup network\"",
	}, func(list []gen.Protected, class, pattern, reason string) ([]gen.Protected, error) {
		if slices.ContainsFunc(list, func(p gen.Protected) bool { return p.Class == class && p.Pattern == pattern }) {
			return nil, usage("%s %s is in the list already", class, pattern)
		}
		return append(list, gen.Protected{Class: class, Pattern: pattern, Reason: reason}), nil
	})
}

func newProtectedRemoveCommand(c *cli) *cobra.Command {
	return c.protectedEdit(&cobra.Command{
		Use:     "remove CLASS PATTERN",
		Short:   "Take a target off the list",
		Example: "  tocsin protected remove host dc-old --reason \"gone since March\"",
	}, func(list []gen.Protected, class, pattern, _ string) ([]gen.Protected, error) {
		kept := slices.DeleteFunc(slices.Clone(list), func(p gen.Protected) bool { return p.Class == class && p.Pattern == pattern })
		if len(kept) == len(list) {
			return nil, usage("%s %s is not in the list; see tocsin protected list", class, pattern)
		}
		return kept, nil
	})
}

// protectedEdit reads the list, changes it and writes it back, which fails when
// somebody else has changed it meanwhile.
func (c *cli) protectedEdit(command *cobra.Command, change func(list []gen.Protected, class, pattern, reason string) ([]gen.Protected, error)) *cobra.Command {
	var reason string
	command.Args = words(2, 2)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		server, err := c.connect()
		if err != nil {
			return err
		}
		before, tag, err := server.Protected(cmd.Context())
		if err != nil {
			return err
		}
		items, err := change(before.Items, args[0], args[1], reason)
		if err != nil {
			return err
		}
		after, err := server.Protect(cmd.Context(), tag, gen.ProtectedInput{Items: items, Reason: reason})
		if err != nil {
			return err
		}
		return c.show(cmd, after, func(p *printer) { printProtected(p, after) })
	}
	command.Flags().StringVarP(&reason, "reason", "r", "", "why; it goes into the record")
	_ = command.MarkFlagRequired("reason") // the flag is defined above
	return command
}
