package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook/format"
)

func newFormatCommand() *cobra.Command {
	var check bool
	command := &cobra.Command{
		Use:   "fmt FILE|FOLDER...",
		Short: "Write playbooks in their one form",
		Long: `Write playbooks in their one form: order of keys, indentation. Comments stay. From
standard input (-) it writes to standard output.

Exit codes: 0 done; 1 a file has faults and was left alone, or with --check a file is
not in its form; 2 a file cannot be read.`,
		Example: "  tocsin playbook fmt playbooks/\n  tocsin playbook fmt --check playbooks/\n  tocsin playbook fmt - < phishing.yaml",
		Args:    words(1, manyWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := readPlaybooks(cmd, args)
			if err != nil {
				return err
			}
			var found diag.List
			changed := 0
			for _, file := range slices.Sorted(maps.Keys(files)) {
				formed, faults := format.Format(file, files[file])
				found = append(found, faults...)
				if formed == nil {
					continue
				}
				wrote, err := settleForm(cmd, file, files[file], formed, check)
				if err != nil {
					return err
				}
				changed += wrote
			}
			if found.HasErrors() {
				return tellFaults(cmd, "the playbook", found, files)
			}
			if check && changed > 0 {
				return &exit{code: exitFailed, message: count(changed, "file") + " not in the one form; run: tocsin playbook fmt"}
			}
			return nil
		},
	}
	command.Flags().BoolVar(&check, "check", false, "write nothing; name the files that would change")
	return command
}

// settleForm writes a file that changes, or names it, and counts it.
func settleForm(cmd *cobra.Command, file string, before, after []byte, check bool) (int, error) {
	same := bytes.Equal(before, after)
	if file == "-" && !check {
		_, err := cmd.OutOrStdout().Write(after)
		return 0, err
	}
	if same {
		return 0, nil
	}
	newPrinter(cmd.OutOrStdout()).line("%s", file)
	if check {
		return 1, nil
	}
	return 1, replace(file, after)
}

// replace writes a file beside the old one first, so that a full disk or a crash
// leaves the old one whole.
func replace(file string, content []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("look at %s: %w", file, err)
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), ".tocsin-fmt-*")
	if err != nil {
		return fmt.Errorf("write beside %s: %w", file, err)
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.Write(content)
	if err == nil {
		err = fresh.Chmod(info.Mode().Perm())
	}
	if closeErr := fresh.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write beside %s: %w", file, err)
	}
	return os.Rename(fresh.Name(), file)
}
