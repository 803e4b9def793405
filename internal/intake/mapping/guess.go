package mapping

import (
	"cmp"
	"slices"
	"strings"
)

// guess fills the fields that are still empty from the names of a body, and lists
// them in Guessed.
func (d *draft) guess(body object) {
	all := leaves(body)
	known := map[string]field{}
	for _, f := range fields() {
		known[f.name] = f
	}
	for _, hint := range hints() {
		f := known[hint.field]
		if f.has(&d.alert) {
			continue
		}
		for _, candidate := range hint.candidates(all) {
			if f.set(d, candidate.value) {
				d.guessed(hint.field)
				break
			}
		}
	}
	d.guessSeverity(all)
	d.guessState(all, body)
	d.guessIndicators(all)
	d.guessSource()
}

// candidates gives the leaves that fit, the best first. A better name counts as
// much as two levels of depth.
func (h hint) candidates(t tree) []leaf {
	type ranked struct {
		leaf
		rank int
	}
	var fits []ranked
	for i, pattern := range h.names {
		for _, l := range t.ending(pattern) {
			if !h.refuses(l, strings.HasPrefix(pattern, "*")) {
				fits = append(fits, ranked{l, i + 2*l.depth})
			}
		}
	}
	slices.SortStableFunc(fits, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	best := make([]leaf, len(fits))
	for i, fit := range fits {
		best[i] = fit.leaf
	}
	return best
}

// refuses tells whether the leaf stands below a name that speaks of something
// else, or holds what stands in for no value. A name of which only the end fits
// may not begin with such a name either.
func (h hint) refuses(l leaf, loose bool) bool {
	above := l.path[:len(l.path)-1]
	if slices.ContainsFunc(h.notBelow, func(name string) bool {
		return slices.Contains(above, name) || (loose && strings.HasPrefix(l.name(), name))
	}) {
		return true
	}
	text, isText := l.value.(string)
	return (isText && isPlaceholder(text)) || (h.not != nil && h.not(l.value))
}

// isPlaceholder tells a text that stands where there is no value.
func isPlaceholder(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "-", "--", "n/a", "na", "null", "none", "nil", "undefined", "unspecified", "not available", "not applicable", "<nil>", "(null)":
		return true
	default:
		return false
	}
}
