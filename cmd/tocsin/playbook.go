package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/diag"
)

// maxPlaybookBytes is the language's own bound.
const maxPlaybookBytes = 256 << 10

func newPlaybookCommand(c *cli) *cobra.Command {
	return family("playbook", "Write, check and publish playbooks",
		"  tocsin playbook lint playbooks/\n  tocsin playbook plan phishing.yaml\n  tocsin playbook publish phishing.yaml",
		newLintCommand(c), newPlanCommand(c), newSchemaCommand(), newFormatCommand(),
		newPlaybookListCommand(c), newPlaybookShowCommand(c), newPublishCommand(c), newActivateCommand(c), newDisableCommand(c))
}

// playbookNames completes names of published playbooks.
func (c *cli) playbookNames() cobra.CompletionFunc {
	return c.completion(func(ctx context.Context, server *client.Client) ([]string, error) {
		page, err := server.Playbooks(ctx, client.Page{})
		if err != nil {
			return nil, err
		}
		var names []string
		for _, version := range page.Items {
			if version.Active {
				names = append(names, version.Playbook)
			}
		}
		return names, nil
	})
}

func newPlaybookListCommand(c *cli) *cobra.Command {
	var page client.Page
	command := &cobra.Command{
		Use:     "list",
		Short:   "List published versions",
		Example: "  tocsin playbook list",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.Playbooks(cmd.Context(), page)
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printVersions(p, found.Items, found.Next) })
		},
	}
	pageFlags(command, &page)
	return command
}

func printVersions(p *printer, versions []gen.PlaybookSummary, next *string) {
	rows := make([][]any, len(versions))
	for i, v := range versions {
		active := "no"
		if v.Active {
			active = "yes"
		}
		rows[i] = []any{v.Playbook, v.Version, active, when(v.PublishedAt), actor(v.PublishedBy), cut(v.Digest, 16)}
	}
	p.list([]string{"PLAYBOOK", "VERSION", "ACTIVE", "PUBLISHED", "BY", "DIGEST"}, rows, next)
}

func newPlaybookShowCommand(c *cli) *cobra.Command {
	var version string
	var source bool
	command := &cobra.Command{
		Use:               "show NAME",
		Short:             "Show a published playbook with its versions",
		Example:           "  tocsin playbook show ssh_brute_force\n  tocsin playbook show ssh_brute_force --version 1.0.0 --source > old.yaml",
		Args:              words(1, 1),
		ValidArgsFunction: c.playbookNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.Playbook(cmd.Context(), args[0], version)
			if err != nil {
				return err
			}
			if source {
				return printSource(cmd, found.Source)
			}
			return c.show(cmd, found, func(p *printer) {
				p.fields("playbook", found.Playbook, "version", found.Version, "active", found.Active, "published", when(found.PublishedAt)+" by "+actor(found.PublishedBy), "digest", found.Digest)
				p.section("Versions")
				printVersions(p, found.Versions, nil)
			})
		},
	}
	command.Flags().StringVar(&version, "version", "", "left out: the active version")
	command.Flags().BoolVar(&source, "source", false, "print the text as it was published and nothing else")
	return command
}

// printSource writes a text as it is to a file or a pipe, and line by line and
// escaped to a terminal.
func printSource(cmd *cobra.Command, source string) error {
	p := newPrinter(cmd.OutOrStdout())
	if !isTerminal(cmd.OutOrStdout()) {
		p.write(source)
		return p.flush()
	}
	for _, line := range diag.SplitLines(strings.TrimSuffix(source, "\n")) {
		p.line("%s", line)
	}
	return p.flush()
}

func newPublishCommand(c *cli) *cobra.Command {
	var ifDigest string
	command := &cobra.Command{
		Use:   "publish FILE...",
		Short: "Publish playbooks to the server",
		Long: `Publish playbooks to the server, which checks them against its own connectors. A
version never changes: another text needs another version. The same text again does
nothing. With --if-digest it is published only while that version is still active.`,
		Example: "  tocsin playbook publish phishing.yaml\n  tocsin playbook publish playbooks/*/*.yaml",
		Args:    words(1, manyWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if ifDigest != "" && len(args) > 1 {
				return usage("--if-digest is for one file")
			}
			var published []gen.PublishResult
			for _, file := range args {
				result, err := publish(cmd, server, file, ifDigest)
				if err != nil {
					return err
				}
				published = append(published, *result)
			}
			return c.show(cmd, published, func(p *printer) {
				for _, one := range published {
					p.line("%s %s  published, digest %s", one.Playbook.Playbook, one.Playbook.Version, one.Playbook.Digest)
				}
			})
		},
	}
	command.Flags().StringVar(&ifDigest, "if-digest", "", "digest of the version that this one follows")
	return command
}

func publish(cmd *cobra.Command, server *client.Client, file, digest string) (*gen.PublishResult, error) {
	source, err := readInput(cmd, file, maxPlaybookBytes)
	if err != nil {
		return nil, err
	}
	name, err := nameOf(file, source)
	if err != nil {
		return nil, err
	}
	result, err := server.PlaybookPublish(cmd.Context(), name, digest, source)
	if err != nil {
		if found := diagnosticsOf(err); len(found) > 0 {
			return nil, tellFaults(cmd, "the playbook", renamed(found, file), map[string][]byte{file: source})
		}
		return nil, err
	}
	// Warnings do not hold a playbook back.
	return result, diag.WriteText(cmd.ErrOrStderr(), renamed(result.Diagnostics, file), sources(map[string][]byte{file: source}))
}

// nameOf reads under which name a text is published; all else is the server's to
// check.
func nameOf(file string, source []byte) (string, error) {
	var head struct {
		Playbook string `yaml:"playbook"`
	}
	if err := yaml.Load(source, &head); err != nil || head.Playbook == "" {
		return "", usage("%s: no playbook: key; is it a playbook? try: tocsin playbook lint %s", file, file)
	}
	return head.Playbook, nil
}

// renamed puts the file's own name where the server could not know it.
func renamed(found []gen.Diagnostic, file string) diag.List {
	out := make(diag.List, len(found))
	for i, d := range found {
		d.File = file
		out[i] = d
	}
	return out
}
