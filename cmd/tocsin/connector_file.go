package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/connectors/declared"
	"github.com/tocsin-soar/tocsin/internal/connectors/declared/trial"
	"github.com/tocsin-soar/tocsin/internal/diag"
)

// maxConnectorBytes bounds a connector file; the reader has a bound of its own.
const maxConnectorBytes = 1 << 20

func newConnectorCheckCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Tell every fault of connector files, with its place",
		Long: `Tell every fault of connector files, with its place. Works without a server and
touches nothing. Output is text, json or sarif. Exit codes: 0 clean; 1 faults; 2 a file
cannot be read.`,
		Example: "  tocsin connector check connectors/acme/acme.yaml\n  tocsin connector check connectors/*/*.yaml -o sarif > connectors.sarif",
		Args:    words(1, manyWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			var found diag.List
			files := map[string][]byte{}
			for _, file := range args {
				source, err := readInput(cmd, file, maxConnectorBytes)
				if err != nil {
					return err
				}
				files[file] = source
				_, faults := declared.Parse(file, source)
				found = append(found, faults...)
			}
			return c.report(cmd, found, files, true)
		},
	}
}

func newConnectorTestCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "test FOLDER",
		Short: "Run the tests that lie beside connector files",
		Long: `Run the tests that lie beside connector files: every .yaml file in folders named
"tests" below FOLDER, against the connector files that lie in FOLDER. Works without a
server and without network: the vendor is a server on loopback that takes the requests
of each test, in their order, and no others. Output is text, json or sarif. Exit codes:
0 all passed; 1 a test failed, or a file has faults; 2 a file cannot be read.`,
		Example: "  tocsin connector test connectors/acme\n  tocsin connector test connectors/",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			tests, found, sources, err := runTests(cmd, filepath.Clean(args[0]))
			if err != nil {
				return err
			}
			if c.output == "text" && !found.HasErrors() {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s passed\n", count(tests, "test"))
			}
			return c.report(cmd, found, sources, true)
		},
	}
}

// runTests runs all tests of a folder. Without a test, or with a test of a
// connector that is not there, nothing has been shown: that is a fault.
func runTests(cmd *cobra.Command, folder string) (tests int, found diag.List, sources map[string][]byte, err error) {
	read, found, err := declared.ReadFolder(os.DirFS(folder), folder)
	if err != nil {
		return 0, nil, nil, usage("%v", err)
	}
	if len(read.Sources) == 0 {
		return 0, nil, nil, usage("there is no .yaml file in %s", folder)
	}
	kinds := map[string]*declared.Kind{}
	for _, kind := range read.Kinds {
		kinds[kind.Manifest().Connector] = kind
	}
	for _, name := range read.Tests {
		file, faults := trial.Load(name, read.Sources[name])
		found = append(found, faults...)
		if file == nil {
			continue
		}
		kind := kinds[file.Connector]
		if kind == nil && len(read.Kinds) > 0 {
			found = append(found, testFault(file.At, fmt.Sprintf("no connector file here declares %q", file.Connector)))
		}
		if kind == nil {
			continue
		}
		tests += len(file.Tests)
		found = append(found, file.Run(cmd.Context(), kind)...)
	}
	if tests == 0 && !found.HasErrors() {
		found = append(found, testFault(diag.Position{File: folder}, "there is no test here; write one into a file in "+filepath.Join(folder, declared.TestsFolder)))
	}
	return tests, found, read.Sources, nil
}

func testFault(at diag.Position, message string) diag.Diagnostic {
	return diag.Diagnostic{Position: at, Level: diag.Error, Rule: trial.RuleTest, Message: message}
}
