package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
)

// evidenceIDs completes ids of collected items.
func (c *cli) evidenceIDs() cobra.CompletionFunc {
	return c.completion(func(ctx context.Context, server *client.Client) ([]string, error) {
		page, err := server.EvidenceList(ctx, "", client.Page{})
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, item := range page.Items {
			ids = append(ids, item.ID+"\t"+cut(item.Name, 60))
		}
		return ids, nil
	})
}

func newCustodyCommand(c *cli) *cobra.Command {
	var reason, to string
	command := &cobra.Command{
		Use:   "custody ITEM transfer|seal|unseal|hold|release_hold|verify",
		Short: "Write a step of custody, or check the bytes again",
		Long: `Write a step into an item's chain of custody.

  transfer      it is handed to somebody: say to whom with --to
  seal          only who manages evidence downloads it, until unseal
  hold          it has to be kept, until release_hold
  verify        read the bytes and write down whether they have their digest`,
		Example: "  tocsin evidence custody EVD-0123456789 transfer --to \"forensic laboratory\" --reason \"image for analysis\"\n  tocsin evidence custody EVD-0123456789 verify --reason \"before the hearing\"",
		Args:    words(2, 2), ValidArgsFunction: c.evidenceIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			action := gen.CustodyInputAction(args[1])
			if !action.Valid() {
				return usage("%q is no step of custody; expected transfer, seal, unseal, hold, release_hold or verify", args[1])
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			detail, err := server.Custody(cmd.Context(), args[0], client.NewKey(), gen.CustodyInput{Action: action, To: given(to), Reason: reason})
			if err != nil {
				return err
			}
			return c.show(cmd, detail, func(p *printer) { printItem(p, *detail) })
		},
	}
	command.Flags().StringVar(&to, "to", "", "who holds it from now on")
	command.Flags().StringVarP(&reason, "reason", "r", "", "why; it goes into the record")
	_ = command.MarkFlagRequired("reason") // the flag is defined above
	return command
}
