package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	shipped "github.com/tocsin-soar/tocsin/internal/intake/sources"
)

// maxMappingBytes bounds a mapping file that is read.
const maxMappingBytes = 1 << 20

func newSourceCommand(c *cli) *cobra.Command {
	var dir string
	command := family("source", "Detection tools that may send, and how their alerts are read",
		"  tocsin source list\n  tocsin source try wazuh sample.json\n  tocsin source check --dir sources sources/mine.yaml",
		newSourceListCommand(c, &dir), newSourceShowCommand(c, &dir), newSourceTryCommand(c, &dir), newSourceCheckCommand(c))
	command.Long = `A source is a detection tool with a mapping: a YAML file that says how its bodies
become alerts. Shipped ones can be replaced, and others added, by files in the folder
of the setting sources_dir. All of this works without a server.`
	command.PersistentFlags().StringVar(&dir, "dir", os.Getenv(app.EnvName("sources_dir")), "folder with mappings of your own, as in the setting sources_dir")
	return command
}

func newSourceListCommand(c *cli, dir *string) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the sources",
		Example: "  tocsin source list\n  tocsin source list --dir sources -o json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := loadSources(cmd, *dir)
			if err != nil {
				return err
			}
			list := make([]sourceSummary, 0, len(all.Names()))
			for _, name := range all.Names() {
				list = append(list, summaryOf(all.Find(name), *dir))
			}
			return c.show(cmd, list, func(p *printer) {
				var rows [][]any
				for _, s := range list {
					rows = append(rows, []any{s.Source, s.Version, s.From, s.Title, cut(s.Tested, 70)})
				}
				p.table([]string{"SOURCE", "VERSION", "FROM", "TITLE", "TESTED WITH"}, rows)
			})
		},
	}
}

// sourceSummary is one source as it is listed.
type sourceSummary struct {
	Source  string `json:"source"`
	Version string `json:"version"`
	Title   string `json:"title"`
	Tested  string `json:"tested"`
	From    string `json:"from"` // shipped, or the file
	Guess   string `json:"guess"`
	Mapping string `json:"mapping,omitempty"` // the file's text
}

func summaryOf(s *mapping.Source, dir string) sourceSummary {
	from := "shipped"
	if dir != "" && filepath.Dir(s.File) == filepath.Clean(dir) {
		from = s.File
	}
	return sourceSummary{Source: s.Name, Version: s.Version, Title: s.Title, Tested: s.Tested, From: from, Guess: string(s.Guess)}
}

func newSourceShowCommand(c *cli, dir *string) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print the mapping of a source: a good start for one of your own",
		Example: "  tocsin source show wazuh\n  tocsin source show wazuh > sources/wazuh.yaml",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := findSource(cmd, *dir, args[0])
			if err != nil {
				return err
			}
			summary := summaryOf(source, *dir)
			text, err := mappingText(source, summary.From)
			if err != nil {
				return usage("%v", err)
			}
			summary.Mapping = string(text)
			return c.show(cmd, summary, func(p *printer) {
				for line := range strings.Lines(summary.Mapping) {
					p.line("%s", strings.TrimSuffix(line, "\n"))
				}
			})
		},
	}
}

func mappingText(source *mapping.Source, from string) ([]byte, error) {
	if from == "shipped" {
		return fs.ReadFile(shipped.Files(), path.Base(filepath.ToSlash(source.File)))
	}
	return os.ReadFile(source.File)
}

// loadSources reads the shipped mappings and those of the folder, and tells their faults.
func loadSources(cmd *cobra.Command, dir string) (*mapping.Sources, error) {
	all, faults := mapping.LoadSources(dir)
	if faults.HasErrors() {
		printFaults(cmd, faults)
		return nil, &exit{code: exitFailed, message: "the mappings have " + faults.Summary()}
	}
	return all, nil
}

// findSource gives a source by its name, or the one that a file describes.
func findSource(cmd *cobra.Command, dir, name string) (*mapping.Source, error) {
	if strings.ContainsAny(name, `./\`) {
		body, err := readInput(cmd, name, maxMappingBytes)
		if err != nil {
			return nil, err
		}
		source, faults := mapping.ParseSource(name, body)
		if source == nil {
			printFaults(cmd, faults)
			return nil, &exit{code: exitFailed, message: "the mapping has " + faults.Summary()}
		}
		return source, nil
	}
	all, err := loadSources(cmd, dir)
	if err != nil {
		return nil, err
	}
	source := all.Find(name)
	if source == nil {
		return nil, &exit{code: exitNotFound, message: "there is no source " + name, hint: "known: " + strings.Join(all.Names(), ", ") + `; a file is named with its ending: ./` + name + ".yaml"}
	}
	return source, nil
}
