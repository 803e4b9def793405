package mapping

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Bounds of the walk that guesses are made from.
const (
	guessLeaves = 3_000
	guessDepth  = 10
)

// leaf is one value of a body that is neither a list nor an object, or a list of
// such values. Its path holds normalised names: kibana.alert.severity and
// kibana_alert: {Severity} end alike.
type leaf struct {
	path  []string
	depth int
	value any
}

// leaves walks a body from the top down and gives its values, those nearer to the
// top first, in an order that depends on the body alone. Of a list of objects it
// sees the first. Names that differ in case only are left out: whoever wrote them
// wants two readers to see two things.
func leaves(body object) tree {
	type pending struct {
		path    []string
		depth   int
		members object
	}
	var all []leaf
	queue := []pending{{members: body}}
	for len(queue) > 0 && len(all) < guessLeaves {
		at := queue[0]
		queue = queue[1:]
		for _, name := range unambiguous(at.members) {
			path := append(slices.Clone(at.path), segments(name)...)
			value := at.members[name]
			if text, ok := value.(string); ok && at.depth <= 2 {
				if inner, isObject := embedded(text); isObject {
					value = inner
				}
			}
			if inner, ok := firstObject(value); ok {
				if at.depth < guessDepth && len(queue) < guessLeaves {
					queue = append(queue, pending{path, at.depth + 1, inner})
				}
				continue
			}
			all = append(all, leaf{path, at.depth, value})
		}
	}
	return newTree(all)
}

// tree finds leaves by the last part of their path.
type tree struct {
	all    []leaf
	byLast map[string][]leaf
}

func newTree(all []leaf) tree {
	t := tree{all: all, byLast: map[string][]leaf{}}
	for _, l := range all {
		if len(l.path) > 0 {
			last := l.path[len(l.path)-1]
			t.byLast[last] = append(t.byLast[last], l)
		}
	}
	return t
}

// ending gives the leaves whose path ends with the dotted pattern; a pattern that
// starts with ^ must be the whole path.
func (t tree) ending(pattern string) []leaf {
	whole, anchored := strings.CutPrefix(pattern, "^")
	want := strings.Split(whole, ".")
	var fits []leaf
	for _, l := range t.byLast[want[len(want)-1]] {
		extra := len(l.path) - len(want)
		if extra >= 0 && !(anchored && extra > 0) && slices.Equal(l.path[extra:], want) {
			fits = append(fits, l)
		}
	}
	return fits
}

// unambiguous gives the names of an object, sorted, without those that differ in
// case only.
func unambiguous(members object) []string {
	count := map[string]int{}
	for name := range members {
		count[strings.ToLower(name)]++
	}
	names := slices.Sorted(maps.Keys(members))
	return slices.DeleteFunc(names, func(name string) bool { return count[strings.ToLower(name)] > 1 })
}

// firstObject gives the object that value is or holds first.
func firstObject(value any) (object, bool) {
	if list, ok := value.([]any); ok {
		if len(list) == 0 {
			return nil, false
		}
		value = list[0]
	}
	members, ok := value.(object)
	return members, ok
}

// segments splits a dotted name and normalises each part: lower case, letters and
// digits only.
func segments(name string) []string {
	if len(name) > nameMost {
		name = name[:nameMost]
	}
	var parts []string
	for part := range strings.SplitSeq(strings.ToLower(name), ".") {
		part = strings.Map(func(r rune) rune {
			if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
				return r
			}
			return -1
		}, part)
		if part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

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
			if !h.refuses(l) {
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

// refuses tells whether the leaf stands below a name that speaks of something else.
func (h hint) refuses(l leaf) bool {
	return slices.ContainsFunc(h.notBelow, func(name string) bool { return slices.Contains(l.path[:len(l.path)-1], name) })
}
