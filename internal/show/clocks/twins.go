package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/show/clocks/twin"
)

// happen lets n incidents happen twice.
func happen(seed uint64, n int, library *duty.Library) ([]twin.Result, error) {
	scenarios, err := twin.Scenarios(seed, n, library)
	if err != nil {
		return nil, err
	}
	results := make([]twin.Result, n)
	for i, scenario := range scenarios {
		if results[i], err = twin.Run(scenario, library); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// reportTwins prints what only one of the two gave, what was compared and the sum. It
// is not passed when nothing was there to compare.
func reportTwins(out io.Writer, results []twin.Result, all bool) int {
	equal, quiet, instants, duties, traits := 0, 0, 0, 0, map[string]int{}
	for _, r := range results {
		instants, duties = instants+len(r.Simulated), duties+r.Duties
		if len(r.Simulated) == 0 {
			quiet++
		}
		for _, trait := range r.Scenario.Traits {
			traits[trait]++
		}
		right := r.Equal() && len(r.Faults) == 0
		if right {
			equal++
		}
		if all || !right {
			detailTwin(out, r, all)
		}
	}
	var counts []string
	for _, trait := range slices.Sorted(maps.Keys(traits)) {
		counts = append(counts, fmt.Sprintf("%s %d", trait, traits[trait]))
	}
	fmt.Fprintf(out, "Incidents by what is in them: %s; in which nothing rang: %d.\n", strings.Join(counts, ", "), quiet)
	fmt.Fprintf(out, "Compared: %d instants to the second, %d of objectives and %d of duties to notify.\n", instants, instants-duties, duties)
	fmt.Fprintf(out, "Simulated instants equal to the workflow's: in %d of %d incidents.\n", equal, len(results))
	if equal < len(results) || duties == 0 || instants == duties {
		return 1
	}
	return 0
}

func detailTwin(out io.Writer, r twin.Result, all bool) {
	word := "equal"
	if !r.Equal() {
		word = "DIFFERS"
	}
	fmt.Fprintf(out, "%s %s: %s (%d instants)\n", word, r.Scenario.Name, strings.Join(r.Scenario.Traits, ", "), len(r.Simulated))
	for _, fault := range r.Faults {
		fmt.Fprintf(out, "  cannot be read: %s\n", diag.Escape(fault))
	}
	for _, line := range twin.OnlyIn(r.Simulated, r.Rang) {
		fmt.Fprintf(out, "  only simulated: %s\n", diag.Escape(line))
	}
	for _, line := range twin.OnlyIn(r.Rang, r.Simulated) {
		fmt.Fprintf(out, "  only the workflow: %s\n", diag.Escape(line))
	}
	if all && r.Equal() {
		for _, line := range r.Rang {
			fmt.Fprintf(out, "  %s\n", diag.Escape(line))
		}
	}
}
