package vector

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// Check is one expected value beside what was computed.
type Check struct {
	Name     string
	Want     string
	Got      string
	Equal    bool
	Compared string // what was compared: instant, day, yes or no
}

// Result is how one vector went.
type Result struct {
	Vector        Vector
	Regime        string // id that was found; empty: none
	Checks        []Check
	NotUnderstood []string // names nobody knows, or values that cannot be read
	Remarks       []string // names that were read as others, or not needed
}

// Passed tells whether everything was understood and equal. A vector that expects
// nothing has not passed.
func (r Result) Passed() bool {
	return len(r.NotUnderstood) == 0 && len(r.Checks) > 0 && !slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.Equal })
}

// Run computes one vector.
func Run(library *duty.Library, v Vector) Result {
	result := Result{Vector: v}
	for _, name := range v.LeftOut {
		result.Remarks = append(result.Remarks, "unknown field "+name+" is left out")
	}
	if v.Fault != "" {
		result.NotUnderstood = append(result.NotUnderstood, v.Fault)
		return result
	}
	regime, err := findRegime(library, v.Regime)
	if err != nil {
		result.NotUnderstood = append(result.NotUnderstood, err.Error())
		return result
	}
	result.Regime = regime.ID
	in := input{library: library, regime: regime, facts: duty.Facts{}, setting: duty.Setting{Days: library.Days(regime), Told: true}}
	in.read(v.Input)
	result.NotUnderstood = in.unknown
	result.Remarks = append(result.Remarks, in.remarks...)
	c := comparison{outcome: duty.Compute(regime, in.facts, in.setting), stage: cmp.Or(v.Stage, in.stage)}
	positive := false
	for _, key := range slices.Sorted(maps.Keys(v.Expected)) {
		if field(key) == "why" {
			result.Remarks = append(result.Remarks, "expected "+key+" is not compared")
			continue
		}
		check, ok := c.compare(key, v.Expected[key])
		if !ok {
			result.NotUnderstood = append(result.NotUnderstood, "expected "+key)
			continue
		}
		positive = positive || v.Expected[key] != nil && v.Expected[key] != false
		result.Checks = append(result.Checks, check)
	}
	// Where nothing is expected to happen, a name that nobody knows could be why
	// nothing did.
	if !positive {
		result.NotUnderstood = append(result.NotUnderstood, in.unused...)
		return result
	}
	for _, name := range in.unused {
		result.Remarks = append(result.Remarks, name+" is not used")
	}
	return result
}
