package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/record"
)

func newRecordCommand(c *cli) *cobra.Command {
	return family("record", "Prove what happened", "  tocsin record verify INC-2026-0A1B2C\n  tocsin record export INC-2026-0A1B2C --file case.ndjson",
		newRecordVerifyCommand(c), newRecordExportCommand(c))
}

func newRecordVerifyCommand(c *cli) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use:   "verify [INCIDENT]",
		Short: "Check the hash chain of a record on this machine",
		Long: `Check the hash chain of a record on this machine: fetched from the server, or from
an exported file, which needs neither server nor token.

Exit codes: 0 nothing wrong; 2 used wrongly; 3 an entry was changed, added or taken
out; 4 something is missing at the end, or a payload was removed; 5 written in a
version that this build does not know. A chain whose tail was cut off verifies: keep
the head that is printed, and compare.`,
		Example: "  tocsin record verify INC-2026-0A1B2C\n  tocsin record verify --file case.ndjson",
		Args:    words(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (file != "") {
				return usage("give either an incident or --file")
			}
			source, err := c.recordSource(cmd, args, file)
			if err != nil {
				return err
			}
			defer source.Close()
			return c.verify(cmd, source)
		},
	}
	command.Flags().StringVarP(&file, "file", "f", "", "exported record; - is standard input")
	return command
}

func (c *cli) recordSource(cmd *cobra.Command, args []string, file string) (io.ReadCloser, error) {
	switch {
	case file == "-":
		return io.NopCloser(cmd.InOrStdin()), nil
	case file != "":
		opened, err := os.Open(file)
		if err != nil {
			return nil, usage("%v", err)
		}
		return opened, nil
	}
	server, err := c.connect()
	if err != nil {
		return nil, err
	}
	return server.Record(cmd.Context(), args[0])
}

// verify reads the record once and tells what it found.
func (c *cli) verify(cmd *cobra.Command, source io.Reader) (err error) {
	defer func() {
		if caught := recover(); caught != nil { // a file that breaks the verifier does not verify
			err = &exit{code: exitIntegrity, message: fmt.Sprintf("the record broke the verifier: %v", caught)}
		}
	}()
	watched := &bookends{in: source}
	reports, readErr := record.VerifyAll(record.Read(watched))
	outcome := judge(reports, readErr, watched)
	if err := c.show(cmd, outcome, func(p *printer) { printOutcome(p, outcome) }); err != nil {
		return err
	}
	if outcome.code == exitOK {
		return nil
	}
	return &exit{code: outcome.code, message: outcome.Verdict}
}

// outcome is what a verification says in all.
type outcome struct {
	OK      bool            `json:"ok"`
	Verdict string          `json:"verdict"`
	Chains  []record.Report `json:"chains"`
	code    int
}

func judge(reports []record.Report, readErr error, source *bookends) outcome {
	out := outcome{Chains: reports}
	changed, missing := 0, 0
	for _, report := range reports {
		for _, fault := range report.Faults {
			if fault.Kind == record.FaultMissing || fault.Kind == record.FaultTail {
				missing++
			} else {
				changed++
			}
		}
	}
	switch {
	case readErr != nil && source.otherVersion():
		out.code, out.Verdict = exitVersion, readErr.Error()
	case changed > 0:
		out.code, out.Verdict = exitIntegrity, fmt.Sprintf("the record was changed: %d faults", changed)
	case readErr != nil && !source.whole():
		out.code, out.Verdict = exitIncomplete, "the record is incomplete: "+readErr.Error()
	case readErr != nil:
		out.code, out.Verdict = exitIntegrity, readErr.Error()
	case missing > 0:
		out.code, out.Verdict = exitIncomplete, fmt.Sprintf("the record is incomplete: %d entries lack something", missing)
	case len(reports) == 0:
		out.code, out.Verdict = exitIncomplete, "the record has no entries"
	default:
		out.OK, out.Verdict = true, "nothing is wrong"
	}
	return out
}

func printOutcome(p *printer, out outcome) {
	for _, report := range out.Chains {
		p.fields("chain", report.Chain, "entries", report.Entries, "head", report.Head)
		for _, fault := range report.Faults {
			p.line("  entry %d: %s (%s)", fault.Seq, fault.What, string(fault.Kind))
		}
	}
	if out.OK {
		p.line("%s  the record verifies", p.state("ok"))
	}
}

// bookends remembers the first line and the last bytes of what is read, to tell a
// cut file and one of another version from a changed one.
type bookends struct {
	in   io.Reader
	head []byte // up to the first line end
	tail []byte
}

// Read reads on.
func (e *bookends) Read(p []byte) (int, error) {
	const kept = 200
	n, err := e.in.Read(p)
	if !bytes.ContainsRune(e.head, '\n') && len(e.head) < kept {
		e.head = append(e.head, p[:n]...)
	}
	e.tail = append(e.tail, p[:n]...)
	e.tail = e.tail[max(0, len(e.tail)-kept):]
	return n, err
}

func (e *bookends) otherVersion() bool {
	line, _, _ := bytes.Cut(e.head, []byte("\n"))
	var header struct {
		Format  string
		Version int
	}
	return json.Unmarshal(line, &header) == nil && header.Format == "tocsin/record" && header.Version != 1
}

// whole tells whether an end line was seen, right or wrong.
func (e *bookends) whole() bool {
	lines := bytes.Split(bytes.TrimRight(e.tail, "\n"), []byte("\n"))
	return bytes.HasSuffix(e.tail, []byte("\n")) && bytes.HasPrefix(lines[len(lines)-1], []byte(`{"end":true`))
}

func newRecordExportCommand(c *cli) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use:     "export INCIDENT",
		Short:   "Write a record to a file that can be verified without the server",
		Example: "  tocsin record export INC-2026-0A1B2C --file case.ndjson\n  tocsin record export INC-2026-0A1B2C | gzip > case.ndjson.gz",
		Args:    words(1, 1), ValidArgsFunction: c.incidentIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			open := func(ctx context.Context) (io.ReadCloser, error) { return server.Record(ctx, args[0]) }
			if file == "" {
				return copyRaw(cmd, open)
			}
			return saveAs(cmd, file, open)
		},
	}
	command.Flags().StringVarP(&file, "file", "f", "", "file to write; it must not exist yet")
	return command
}

// saveAs writes a download to a file that does not exist yet, and leaves none
// when it did not come whole.
func saveAs(cmd *cobra.Command, file string, open func(context.Context) (io.ReadCloser, error)) (err error) {
	body, err := open(cmd.Context())
	if err != nil {
		return err
	}
	defer body.Close()
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return usage("%v", err)
	}
	defer func() {
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			os.Remove(file)
		}
	}()
	written, err := io.Copy(out, body)
	if err != nil {
		return &exit{code: exitIntegrity, message: fmt.Sprintf("the bytes did not come whole: %v", err)}
	}
	newPrinter(cmd.ErrOrStderr()).line("%s  %d bytes, %s", file, written, when(time.Now()))
	return nil
}
