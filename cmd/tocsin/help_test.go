package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

type commandText struct {
	short, long, example string
	generated            bool // by cobra
}

// walk visits every command that people see.
func walk(root *cobra.Command, visit func(path string, command commandText)) {
	for _, child := range root.Commands() {
		if !child.IsAvailableCommand() || child.Name() == "help" {
			continue
		}
		if child.GroupID == groupRun {
			continue // their defaults come from the environment; tested where they are written
		}
		generated := strings.Contains(child.CommandPath(), " completion")
		visit(child.CommandPath(), commandText{child.Short, child.Long, child.Example, generated})
		walk(child, visit)
	}
}

func isHidden(r rune) bool { return diag.Hidden(r) || unicode.Is(unicode.Cf, r) }

// TestHelp keeps the help of all commands as goldens, so that a change of it is
// seen when it is read over.
func TestHelp(t *testing.T) {
	t.Parallel()
	paths := []string{""}
	walk(newRootCommand(), func(path string, command commandText) {
		if !command.generated {
			paths = append(paths, strings.TrimPrefix(path, "tocsin "))
		}
	})
	seen := map[string]bool{}
	for _, path := range paths {
		name := strings.ReplaceAll(path, " ", "_")
		if name == "" {
			name = "tocsin"
		}
		seen[name+".txt"] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, out := newRootCommand(), &bytes.Buffer{}
			root.SetOut(out)
			root.SetArgs(append(strings.Fields(path), "--help"))
			if err := root.Execute(); err != nil {
				t.Fatal(err)
			}
			goldenHelp(t, filepath.Join("testdata", "help", name+".txt"), out.String())
		})
	}
	files, err := filepath.Glob(filepath.Join("testdata", "help", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !seen[filepath.Base(file)] && !*update {
			t.Errorf("%s is of no command", file)
		}
	}
}

func goldenHelp(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
