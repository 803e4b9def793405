package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/site"
	"github.com/tocsin-soar/tocsin/internal/policy"
)

func newLintCommand(c *cli) *cobra.Command {
	var config, policies string
	var strict, online bool
	command := &cobra.Command{
		Use:   "lint FILE|FOLDER...",
		Short: "Tell every fault of playbooks, with its place",
		Long: `Tell every fault of playbooks, with its place. Works without a server: playbooks may
call one another when they are checked together. With --server the server checks
them, against its own connectors and playbooks. Names of escalation policies and rosters
are checked when it is told where the policy files are.

Exit codes: 0 clean; 1 at least one error, or with --strict a warning; 2 a file cannot
be read. Output is text, json or sarif.`,
		Example: "  tocsin playbook lint phishing.yaml\n  tocsin playbook lint playbooks/ -o sarif > lint.sarif\n  tocsin playbook lint playbooks/ --config tocsin.yaml --strict\n  tocsin playbook lint playbooks/ --policies /etc/tocsin/policies",
		Args:    words(1, manyWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := readPlaybooks(cmd, args)
			if err != nil {
				return err
			}
			var found diag.List
			if online {
				found, err = c.lintOnline(cmd, files)
			} else {
				found, err = lintOffline(config, policies, files)
			}
			if err != nil {
				return err
			}
			return c.report(cmd, found, files, strict)
		},
	}
	catalogFlag(command, &config)
	command.Flags().BoolVar(&strict, "strict", false, "fail on warnings, too")
	command.Flags().BoolVar(&online, "server", false, "let the server check")
	command.Flags().StringVar(&policies, "policies", "", "folder of the site's policy files: also names of escalation policies and rosters are checked (default: policy_dir of --config)")
	command.MarkFlagsMutuallyExclusive("config", "server")
	command.MarkFlagsMutuallyExclusive("policies", "server")
	return command
}

// readPlaybooks reads files, and all YAML files of folders.
func readPlaybooks(cmd *cobra.Command, args []string) (map[string][]byte, error) {
	files := map[string][]byte{}
	read := func(name string) (err error) {
		files[name], err = readInput(cmd, name, maxPlaybookBytes)
		return err
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if arg == "-" || (err == nil && !info.IsDir()) {
			if err := read(arg); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, usage("%v", err)
		}
		walked := filepath.WalkDir(arg, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name)) {
				return err
			}
			return read(name)
		})
		if walked != nil {
			return nil, usage("%v", walked)
		}
	}
	if len(files) == 0 {
		return nil, usage("there is no .yaml or .yml file in %s", strings.Join(args, ", "))
	}
	return files, nil
}

func lintOffline(config, policies string, files map[string][]byte) (diag.List, error) {
	shelf, err := newShelf(config, files)
	if err != nil {
		return nil, err
	}
	names, err := siteNames(config, policies)
	if err != nil {
		return nil, err
	}
	var found diag.List
	for file := range files {
		_, faults := shelf.compile(file)
		found = append(found, faults...)
		if names != nil {
			found = append(found, site.Check(file, files[file], *names)...)
		}
	}
	return found, nil
}

// siteNames reads the names of a site's policy files; nil when nothing says where they
// are.
func siteNames(config, folder string) (*site.Names, error) {
	if folder == "" && config != "" {
		read, err := configured(config)
		if err != nil {
			return nil, err
		}
		folder = read.policies
	}
	if folder == "" {
		return nil, nil
	}
	rules, faults := policy.Load(folder)
	if rules == nil {
		return nil, usage("the policy files in %s cannot be used: %s; \"tocsin config check\" tells all", folder, faults.Summary())
	}
	return &site.Names{Escalations: rules.EscalationNames(), Rosters: rules.RosterNames()}, nil
}

func (c *cli) lintOnline(cmd *cobra.Command, files map[string][]byte) (diag.List, error) {
	server, err := c.connect()
	if err != nil {
		return nil, err
	}
	var found diag.List
	for file, source := range files {
		result, err := server.PlaybookLint(cmd.Context(), source)
		if err != nil {
			return nil, err
		}
		found = append(found, renamed(result.Diagnostics, file)...)
	}
	return found, nil
}

// report writes what was found in the wanted form and gives the exit code.
func (c *cli) report(cmd *cobra.Command, found diag.List, files map[string][]byte, strict bool) error {
	found.Sort()
	out := cmd.OutOrStdout()
	var err error
	switch c.output {
	case "text":
		if err = diag.WriteText(out, found, sources(files)); err == nil {
			_, err = fmt.Fprintf(out, "%s: %s\n", count(len(files), "file"), found.Summary())
		}
	case "json":
		err = diag.WriteJSON(out, found)
	case "sarif":
		err = diag.WriteSARIF(out, found, diag.Tool{Name: "tocsin", Version: observe.Version()})
	default:
		return usage("--output is %q, expected text, json or sarif", c.output)
	}
	if err == nil && (found.HasErrors() || (strict && len(found) > 0)) {
		return &exit{code: exitFailed}
	}
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func sources(files map[string][]byte) diag.Sources {
	return func(file string) ([]byte, bool) {
		source, ok := files[file]
		return source, ok
	}
}

// tellFaults writes faults to standard error and gives the exit code of findings.
func tellFaults(cmd *cobra.Command, what string, found diag.List, files map[string][]byte) error {
	if err := diag.WriteText(cmd.ErrOrStderr(), found, sources(files)); err != nil {
		return err
	}
	return &exit{code: exitFailed, message: what + " has " + found.Summary()}
}

func diagnosticsOf(err error) []diag.Diagnostic {
	if fault, ok := errors.AsType[*client.Error](err); ok {
		return fault.Diagnostics
	}
	return nil
}

// shelf compiles files that may call one another, each once.
type shelf struct {
	files  map[string][]byte
	names  map[string]string // file by the playbook's name
	build  func(file string, source []byte, playbooks playbook.Resolver) (*plan.Plan, diag.List)
	plans  map[string]*plan.Plan
	faults map[string]diag.List
	open   map[string]bool // being compiled: a call back to them finds nothing
}

func newShelf(config string, files map[string][]byte) (*shelf, error) {
	catalog, err := offlineCatalog(config)
	if err != nil {
		return nil, err
	}
	s := &shelf{files: files, names: map[string]string{}, plans: map[string]*plan.Plan{}, faults: map[string]diag.List{}, open: map[string]bool{}}
	s.build = func(file string, source []byte, playbooks playbook.Resolver) (*plan.Plan, diag.List) {
		return playbook.Compile(file, source, catalog, playbooks)
	}
	for file, source := range files {
		if name, err := nameOf(file, source); err == nil {
			s.names[name] = file
		}
	}
	return s, nil
}

func (s *shelf) compile(file string) (*plan.Plan, diag.List) {
	if _, done := s.faults[file]; !done && !s.open[file] {
		s.open[file] = true
		s.plans[file], s.faults[file] = s.build(file, s.files[file], s.resolve)
		s.open[file] = false
	}
	return s.plans[file], s.faults[file]
}

// resolve finds a playbook that another one calls.
func (s *shelf) resolve(name string) *plan.Plan {
	file, ok := s.names[name]
	if !ok || s.open[file] {
		return nil
	}
	compiled, _ := s.compile(file)
	return compiled
}
