package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/deadline/vector"
	"github.com/tocsin-soar/tocsin/internal/diag"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run gives the exit code: 0 all passed, 1 some did not, 2 it could not be tried.
func run(arguments []string, out, faults io.Writer) int {
	flags := flag.NewFlagSet("clocks", flag.ContinueOnError)
	flags.SetOutput(faults)
	file := flags.String("vectors", "internal/deadline/vector/testdata/vectors.json", "`file` of vectors")
	all := flags.Bool("all", false, "list what passed too")
	policies := flags.String("policy-dir", "", "`folder` of policy files whose duties add to the shipped ones")
	scenarios := flags.Int("scenarios", 72, "how many made up incidents happen both in the simulator and in the workflow")
	seed := flags.Uint64("seed", 1, "what they are made up from")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	if *scenarios < 1 || *scenarios > 10_000 {
		fmt.Fprintf(faults, "show-clocks: -scenarios is %d, expected 1 to 10000\n", *scenarios)
		return 2
	}
	library, list := packs.Load(*policies)
	if library == nil {
		if err := diag.WriteText(faults, list, nil); err != nil {
			return 2
		}
		return 2
	}
	vectors, err := vector.Load(*file)
	if err != nil {
		fmt.Fprintln(faults, "show-clocks:", err)
		return 2
	}
	results := make([]vector.Result, len(vectors))
	for i, v := range vectors {
		results[i] = vector.Run(library, v)
	}
	fmt.Fprintf(out, "Vectors of %s, %d regimes in the packs.\n\n", *file, len(library.Regimes))
	code := report(out, results, *all)
	happened, err := happen(*seed, *scenarios, library)
	if err != nil {
		fmt.Fprintln(faults, "show-clocks:", err)
		return 2
	}
	fmt.Fprintf(out, "\nIncidents made up from seed %d, each in the simulator and in its workflow.\n\n", *seed)
	return max(code, reportTwins(out, happened, *all))
}

// report prints what did not pass, what was compared and the sum.
func report(out io.Writer, results []vector.Result, all bool) int {
	passed, remarked, regimes, compared := 0, 0, map[string]bool{}, map[string]int{}
	for _, result := range results {
		if result.Regime != "" {
			regimes[result.Regime] = true
		}
		for _, check := range result.Checks {
			compared[check.Compared]++
		}
		if result.Passed() {
			passed++
		}
		remarked += len(result.Remarks)
		if all || !result.Passed() {
			detail(out, result)
		}
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(compared)) {
		kinds = append(kinds, fmt.Sprintf("%d by %s", compared[kind], kind))
	}
	fmt.Fprintf(out, "Compared: %s.\n", strings.Join(kinds, ", "))
	if remarked > 0 {
		fmt.Fprintf(out, "Names that were read as others, or left out: %d (-all shows them).\n", remarked)
	}
	fmt.Fprintf(out, "Vectors passed: %d of %d, of %d regimes.\n", passed, len(results), len(regimes))
	if passed < len(results) {
		return 1
	}
	return 0
}

func detail(out io.Writer, result vector.Result) {
	word := "passed"
	if !result.Passed() {
		word = "NOT PASSED"
	}
	fmt.Fprintf(out, "%s %s (%s)\n", word, diag.Escape(result.Vector.ID), diag.Escape(result.Vector.Regime))
	for _, name := range result.NotUnderstood {
		fmt.Fprintf(out, "  not understood: %s\n", diag.Escape(name))
	}
	for _, remark := range result.Remarks {
		fmt.Fprintf(out, "  note: %s\n", diag.Escape(remark))
	}
	for _, check := range result.Checks {
		sign := "equal"
		if !check.Equal {
			sign = "DIFFERS"
		}
		fmt.Fprintf(out, "  %-28s want %s, got %s (%s, %s)\n", diag.Escape(check.Name), diag.Escape(check.Want), diag.Escape(check.Got), check.Compared, sign)
	}
	if !result.Passed() && result.Vector.Why != "" {
		fmt.Fprintf(out, "  why: %s\n", diag.Escape(result.Vector.Why))
	}
}
