package main

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/observe"
)

// cli is what all subcommands that talk to a server share.
type cli struct {
	url, token, tokenFile string
	output                string
}

func newCLI() *cli { return &cli{} }

func (c *cli) globalFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&c.url, "url", "", "address of the server (default "+defaultURL+")")
	flags.StringVar(&c.token, "token", "", "token; others on this machine may see it, prefer --token-file")
	flags.StringVar(&c.tokenFile, "token-file", "", "file that holds the token")
	flags.StringVarP(&c.output, "output", "o", "text", "text or json")
}

// connect gives a client for the configured server.
func (c *cli) connect() (*client.Client, error) {
	target, err := c.target()
	if err != nil {
		return nil, err
	}
	connected, err := client.New(client.Config{URL: target.url, Token: target.token, Version: observe.Version()})
	if err != nil {
		return nil, usage("%v", err)
	}
	return connected, nil
}

// show prints a value as JSON, or as text by its own function.
func (c *cli) show(cmd *cobra.Command, value any, text func(*printer)) error {
	switch c.output {
	case "json":
		return writeJSON(cmd.OutOrStdout(), value)
	case "text":
		p := newPrinter(cmd.OutOrStdout())
		text(p)
		return p.flush()
	default:
		return usage("--output is %q, expected text or json", c.output)
	}
}

// isTerminal tells whether a person sits at the other end.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// readInput reads a file, or standard input for "-", within a bound.
func readInput(cmd *cobra.Command, name string, most int64) ([]byte, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usage("%v", err)
		}
		defer file.Close()
		in = file
	}
	content, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, usage("read %s: %v", name, err)
	}
	if int64(len(content)) > most {
		return nil, usage("%s is larger than %d bytes", name, most)
	}
	return content, nil
}

// completion gives words for the shell, within a time that a person waits.
func (c *cli) completion(words func(ctx context.Context, server *client.Client) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const patience = 2 * time.Second
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		server, err := c.connect()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), patience)
		defer cancel()
		all, err := words(ctx, server)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var fitting []string
		for _, word := range all {
			if strings.HasPrefix(word, typed) {
				fitting = append(fitting, word)
			}
		}
		return fitting, cobra.ShellCompDirectiveNoFileComp
	}
}
