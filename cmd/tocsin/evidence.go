package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
)

func newEvidenceCommand(c *cli) *cobra.Command {
	return family("evidence", "Collected items and their chain of custody", "  tocsin evidence list INC-2026-0A1B2C\n  tocsin evidence get EVD-0123456789 --file connections.txt",
		newEvidenceListCommand(c), newEvidenceShowCommand(c), newEvidenceGetCommand(c), newCustodyCommand(c))
}

func newEvidenceListCommand(c *cli) *cobra.Command {
	var page client.Page
	command := &cobra.Command{
		Use:     "list [INCIDENT]",
		Short:   "List what was collected, in one incident or in all",
		Example: "  tocsin evidence list INC-2026-0A1B2C\n  tocsin evidence list -n 10",
		Args:    words(0, 1), ValidArgsFunction: c.incidentIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.EvidenceList(cmd.Context(), strings.Join(args, ""), page)
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) {
				if len(found.Items) == 0 {
					p.line("nothing was collected")
				}
				printEvidence(p, found.Items)
				if found.Next != nil {
					p.line("more with: --after %s", *found.Next)
				}
			})
		},
	}
	pageFlags(command, &page)
	return command
}

func newEvidenceShowCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "show ITEM",
		Short:   "Show what is known of an item and who had it",
		Example: "  tocsin evidence show EVD-0123456789",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			detail, err := server.Evidence(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(cmd, detail, func(p *printer) { printItem(p, *detail) })
		},
	}
}

func printItem(p *printer, d gen.EvidenceDetail) {
	e := d.Evidence
	p.fields("item", e.ID, "name", e.Name, "incident", e.IncidentID, "step", e.StepPath, "source", e.Source, "method", e.Method,
		"collected", when(e.CollectedAt)+" by "+actor(e.CollectedBy), "media type", e.MediaType, "bytes", e.Bytes, "volatility", e.Volatility, "TLP", e.TLP,
		"SHA-256", e.SHA256, "SHA-512", e.SHA512)
	p.section("Chain of custody")
	rows := make([][]any, len(d.Custody))
	for i, entry := range d.Custody {
		rows[i] = []any{entry.Seq, when(entry.At), entry.What, actor(entry.By), cut(entry.Why, 60)}
	}
	p.table([]string{"#", "WHEN", "WHAT", "WHO", "WHY"}, rows)
}

func newEvidenceGetCommand(c *cli) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use:   "get ITEM",
		Short: "Download an item and compare its digest",
		Long: `Download an item to a file that does not exist yet. Its digest is compared here, too;
what does not match is deleted and the exit code is 3. The download goes into the
chain of custody. The bytes may hold anything: open them with care.`,
		Example: "  tocsin evidence get EVD-0123456789 --file connections.txt",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			detail, err := server.Evidence(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return saveAs(cmd, file, func(ctx context.Context) (io.ReadCloser, error) {
				body, err := server.EvidenceContent(ctx, args[0])
				if err != nil {
					return nil, err
				}
				return &hashing{ReadCloser: body, sum: sha256.New(), want: detail.Evidence.SHA256}, nil
			})
		},
	}
	command.Flags().StringVarP(&file, "file", "f", "", "file to write; it must not exist yet")
	_ = command.MarkFlagRequired("file") // the flag is defined above
	return command
}

// hashing fails at the end of what it reads when the digest is another.
type hashing struct {
	io.ReadCloser
	sum  hash.Hash
	want string
}

// Read reads on.
func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.sum.Write(p[:n])
	if err == io.EOF {
		if got := hex.EncodeToString(h.sum.Sum(nil)); got != h.want {
			return n, fmt.Errorf("their SHA-256 is %s, recorded is %s", got, h.want)
		}
	}
	return n, err
}
