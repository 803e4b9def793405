package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
)

// ruleSample is what faults of samples are reported under.
const ruleSample = "mapping_sample"

func newSourceCheckCommand(c *cli) *cobra.Command {
	var strict bool
	command := &cobra.Command{
		Use:   "check FILE|FOLDER...",
		Short: "Tell every fault of mappings, with its place, and run their samples",
		Long: `Tell every fault of mappings, with its place, and run their samples. The samples of a
source are in the folder testdata/SOURCE beside its file: each a.json, or a.ndjson
for lines, with the alerts that it must give in a.alert.json.

Exit codes: 0 clean; 1 at least one error, or with --strict a warning; 2 a file cannot
be read. Output is text, json or sarif.`,
		Example: "  tocsin source check sources/mine.yaml\n  tocsin source check sources/ --strict -o sarif",
		Args:    words(1, manyWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := readMappings(cmd, args)
			if err != nil {
				return err
			}
			var found diag.List
			owners := map[string]string{}
			for _, file := range sortedNames(files) {
				source, faults := mapping.ParseSource(file, files[file])
				found = append(found, faults...)
				if source == nil {
					continue
				}
				if other := owners[source.Name]; other != "" {
					found = append(found, sampleFault(file, diag.Error, "the source "+source.Name+" has a mapping already, in "+other, "one source, one file"))
				}
				owners[source.Name] = file
				found = append(found, checkSamples(source)...)
			}
			return c.report(cmd, found, files, strict)
		},
	}
	command.Flags().BoolVar(&strict, "strict", false, "fail on warnings, too")
	return command
}

// readMappings reads files, and the YAML files that stand in folders, as the server does.
func readMappings(cmd *cobra.Command, args []string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, arg := range args {
		names := []string{arg}
		if info, err := os.Stat(arg); err == nil && info.IsDir() {
			names = nil
			entries, err := os.ReadDir(arg)
			if err != nil {
				return nil, usage("%v", err)
			}
			for _, entry := range entries {
				if !entry.IsDir() && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(entry.Name())) {
					names = append(names, filepath.Join(arg, entry.Name()))
				}
			}
		}
		for _, name := range names {
			body, err := readInput(cmd, name, maxMappingBytes)
			if err != nil {
				return nil, err
			}
			files[name] = body
		}
	}
	if len(files) == 0 {
		return nil, usage("there is no .yaml or .yml file in %s", strings.Join(args, ", "))
	}
	return files, nil
}

func sortedNames(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// checkSamples runs the samples beside a mapping.
func checkSamples(source *mapping.Source) diag.List {
	folder := filepath.Join(filepath.Dir(source.File), "testdata", source.Name)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return diag.List{sampleFault(source.File, diag.Warning, "the source has no samples", "put what the tool sends into "+filepath.ToSlash(folder))}
	}
	var found diag.List
	for _, entry := range entries {
		file := filepath.Join(folder, entry.Name())
		if expected, ok := mapping.ExpectedFile(file); ok && !entry.IsDir() {
			found = append(found, checkSample(source, file, expected)...)
		}
	}
	return found
}

func checkSample(source *mapping.Source, file, expected string) diag.List {
	body, err := os.ReadFile(file)
	if err != nil {
		return diag.List{sampleFault(file, diag.Error, "the sample cannot be read", "")}
	}
	alerts, err := source.Try(file, body)
	if err != nil {
		return diag.List{sampleFault(file, diag.Error, "the sample holds no alert: "+err.Error(), "")}
	}
	body, err = os.ReadFile(expected)
	if err != nil {
		return diag.List{sampleFault(file, diag.Warning, "nothing says which alerts the sample must give",
			"look at them with tocsin source try, and keep them with -o json > "+filepath.ToSlash(expected))}
	}
	want, err := mapping.ParseExpected(expected, body)
	if err != nil {
		return diag.List{sampleFault(expected, diag.Error, err.Error(), "")}
	}
	var found diag.List
	for _, difference := range mapping.Differences(want, alerts) {
		found = append(found, sampleFault(file, diag.Error, difference, "expected by "+filepath.ToSlash(expected)))
	}
	return found
}

func sampleFault(file string, level diag.Level, message, hint string) diag.Diagnostic {
	return diag.Diagnostic{Position: diag.Position{File: filepath.ToSlash(file)}, Level: level, Rule: ruleSample, Message: message, Hint: hint}
}
