package mapping

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Bounds of the walk that guesses are made from.
const (
	guessLeaves = 3_000
	guessDepth  = 10
	guessItems  = 8 // objects of one list that are looked into
)

// leaf is one value of a body that is neither a list nor an object, or a list of
// such values. Its path holds normalised names: kibana.alert.severity and
// kibana_alert: {Severity} end alike. What stands in a later object of a list is
// one level deeper than what stands in the first.
type leaf struct {
	path  []string
	depth int
	value any
}

func (l leaf) name() string { return l.path[len(l.path)-1] }

// walk collects leaves.
type walk struct {
	queue []branch
	all   []leaf
}

type branch struct {
	path    []string
	depth   int
	members object
}

// leaves walks a body from the top down and gives its values, those nearer to the
// top first, in an order that depends on the body alone. Names that differ in case
// only are left out: whoever wrote them wants two readers to see two things.
func leaves(body object) tree {
	w := &walk{queue: []branch{{members: body}}}
	for len(w.queue) > 0 && len(w.all) < guessLeaves {
		at := w.queue[0]
		w.queue = w.queue[1:]
		for _, name := range unambiguous(at.members) {
			w.member(append(slices.Clone(at.path), segments(name)...), at.depth, at.members[name])
		}
	}
	return newTree(dated(w.all))
}

// member takes one value at its path.
func (w *walk) member(path []string, depth int, value any) {
	value = unboxed(value)
	if text, ok := value.(string); ok && depth <= 3 {
		if inner, isObject := opened(path, text); isObject {
			value = inner
		}
	}
	switch v := value.(type) {
	case object:
		w.later(path, depth+1, v)
	case []any:
		w.list(path, depth, v)
	default:
		w.leaf(path, depth, value)
	}
}

func (w *walk) leaf(path []string, depth int, value any) {
	if len(path) > 0 && len(w.all) < 2*guessLeaves {
		w.all = append(w.all, leaf{path, depth, value})
	}
}

func (w *walk) later(path []string, depth int, members object) {
	if depth <= guessDepth && len(w.queue) < guessLeaves {
		w.queue = append(w.queue, branch{path, depth, members})
	}
}

// list takes a list: of values as one leaf, of objects one by one. Objects that
// are a name and a value are members by that name.
func (w *walk) list(path []string, depth int, items []any) {
	if _, ok := firstObject(items); !ok {
		w.leaf(path, depth, items)
		return
	}
	objects := 0
	for _, item := range items[:min(len(items), 4*listMost)] {
		members, ok := item.(object)
		if !ok {
			continue
		}
		if name, value, isPair := pairOf(members); isPair {
			if _, nested := value.(object); !nested {
				w.leaf(append(slices.Clone(path), segments(name)...), depth+1, value)
			}
		}
		if objects++; objects <= guessItems {
			w.later(path, depth+min(objects, 2), members)
		}
	}
}

// pairOf reads an object that says a name and a value, as lists of custom fields,
// observables and attributes do.
func pairOf(members object) (name string, value any, ok bool) {
	for _, key := range []string{"name", "key", "Key", "Name", "field", "label", "fieldName", "k", "dataType", "type", "Type"} {
		if text, isText := members[key].(string); isText && text != "" && len(text) <= 64 {
			name = text
			break
		}
	}
	for _, key := range []string{"value", "Value", "val", "fieldValue", "v", "data", "values"} {
		if found, there := members[key]; there && found != nil {
			value = unboxed(found)
			break
		}
	}
	return name, value, name != "" && value != nil
}

// unboxed gives the value in an object that is nothing but a box around it, as
// OTLP, MongoDB and tables of tickets have.
func unboxed(value any) any {
	members, ok := value.(object)
	if !ok || len(members) == 0 || len(members) > 2 {
		return value
	}
	for _, name := range []string{"stringValue", "intValue", "doubleValue", "boolValue", "display_value", "displayValue", "$date", "$oid", "$numberLong", "_content", "#text", "text", "value"} {
		inner, there := members[name]
		if !there || (len(members) == 2 && members["value"] == nil && members["link"] == nil && members["@type"] == nil) {
			continue
		}
		if _, nested := inner.(object); !nested {
			return inner
		}
	}
	return value
}

// opened reads an object that stands as text, plain or in base64.
func opened(path []string, text string) (object, bool) {
	if inner, ok := embedded(text); ok {
		return inner, true
	}
	if len(path) == 0 || !slices.Contains([]string{"data", "payload", "body", "content"}, path[len(path)-1]) {
		return nil, false
	}
	inner, _, ok := encoded(text)
	return inner, ok
}

var (
	dayForm  = regexp.MustCompile(`^\d{4}[-./]\d{2}[-./]\d{2}$`)
	hourForm = regexp.MustCompile(`^\d{2}:\d{2}(:\d{2}(\.\d+)?)?$`)
)

// dayAndTime is the name of the leaf that dated makes.
const dayAndTime = "dayandtime"

// dated puts a day and a time of day that stand side by side together.
func dated(all []leaf) []leaf {
	var made []leaf
	for _, day := range all {
		text, ok := day.value.(string)
		if !ok || !dayForm.MatchString(text) {
			continue
		}
		for _, hour := range all {
			clock, ok := hour.value.(string)
			if !ok || len(hour.path) != len(day.path) || !hourForm.MatchString(clock) || !slices.Equal(hour.path[:len(hour.path)-1], day.path[:len(day.path)-1]) {
				continue
			}
			path := append(slices.Clone(day.path[:len(day.path)-1]), dayAndTime)
			made = append(made, leaf{path, day.depth, strings.NewReplacer(".", "-", "/", "-").Replace(text) + "T" + clock})
			break
		}
		if len(made) >= guessItems {
			break
		}
	}
	return append(all, made...)
}

// tree finds leaves by the last part of their path.
type tree struct {
	all    []leaf
	byLast map[string][]leaf
}

func newTree(all []leaf) tree {
	t := tree{all: all, byLast: map[string][]leaf{}}
	for _, l := range all {
		t.byLast[l.name()] = append(t.byLast[l.name()], l)
	}
	return t
}

// ending gives the leaves whose path ends with the dotted pattern. A pattern that
// starts with ^ stands at the top, or in what is only a shell around the alert;
// one that starts with * is the end of the last name.
func (t tree) ending(pattern string) []leaf {
	if suffix, loose := strings.CutPrefix(pattern, "*"); loose {
		return t.withSuffix(suffix)
	}
	whole, anchored := strings.CutPrefix(pattern, "^")
	want := strings.Split(whole, ".")
	var fits []leaf
	for _, l := range t.byLast[want[len(want)-1]] {
		extra := len(l.path) - len(want)
		if extra >= 0 && slices.Equal(l.path[extra:], want) && !(anchored && !onlyShells(l.path[:extra])) {
			fits = append(fits, l)
		}
	}
	return fits
}

func (t tree) withSuffix(suffix string) []leaf {
	var fits []leaf
	for _, l := range t.all {
		if l.name() != suffix && strings.HasSuffix(l.name(), suffix) {
			fits = append(fits, l)
		}
	}
	return fits
}

// onlyShells tells whether names are those of shells that tools put around an
// alert.
func onlyShells(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		switch name {
		case "alert", "alerts", "alertinfo", "event", "data", "detail", "incident", "finding", "issue", "detection", "payload", "body", "result", "properties", "attributes",
			"essentials", "insight", "offense", "signal", "notification", "case", "objects", "threatinfo", "reply":
			return false
		}
		return true
	})
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
