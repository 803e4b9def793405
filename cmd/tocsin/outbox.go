package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

func newOutboxCommand(c *cli) *cobra.Command {
	return family("outbox", "Committed work that waits, or was laid aside", "  tocsin outbox list\n  tocsin outbox retry 17",
		newOutboxListCommand(c), newOutboxRetryCommand(c))
}

func newOutboxListCommand(c *cli) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:     "list",
		Short:   "Tell how much waits, and list what was laid aside",
		Example: "  tocsin outbox list\n  tocsin outbox list -o json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			outbox, err := server.Outbox(cmd.Context(), limit)
			if err != nil {
				return err
			}
			return c.show(cmd, outbox, func(p *printer) {
				oldest := time.Duration(float64(outbox.OldestSeconds) * float64(time.Second)).Round(time.Second)
				p.line("%d waiting, the oldest for %s; %d laid aside", outbox.Waiting, oldest.String(), outbox.Parked)
				if len(outbox.Items) == 0 {
					return
				}
				rows := make([][]any, len(outbox.Items))
				for i, item := range outbox.Items {
					rows[i] = []any{item.ID, item.Kind, item.Key, item.Attempts, when(item.CreatedAt), cut(item.Problem, 80)}
				}
				p.list([]string{"ITEM", "KIND", "ABOUT", "TRIED", "SINCE", "PROBLEM"}, rows, nil)
			})
		},
	}
	command.Flags().IntVarP(&limit, "limit", "n", 50, "rows at most")
	return command
}

func newOutboxRetryCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "retry ITEM",
		Short:   "Put an item that was laid aside back in line",
		Example: "  tocsin outbox retry 17",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || id < 1 {
				return usage("%q is not the number of an item; see tocsin outbox list", args[0])
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			if err := server.OutboxRetry(cmd.Context(), id); err != nil {
				return err
			}
			return c.show(cmd, map[string]any{"item": id, "retried": true}, func(p *printer) { p.line("%d  back in line", id) })
		},
	}
}
