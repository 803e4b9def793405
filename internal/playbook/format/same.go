package format

import (
	"maps"
	"reflect"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
)

// same tells whether the new text means what the old one did, and lost nothing. It
// knows nothing of how the text was written: it reads both again, and counts letters.
func same(file string, document *strictyaml.Document, source, text []byte) bool {
	again, faults := strictyaml.Load(file, text, limits())
	if again == nil || faults.HasErrors() {
		return false
	}
	book := rule{shape: grammar.Playbook()}
	return reflect.DeepEqual(meaning(document.Root, book), meaning(again.Root, book)) && maps.Equal(letters(source), letters(text))
}

// pair is one entry of a mapping whose order matters.
type pair struct{ key, value any }

// scalar is a value without parts.
type scalar struct {
	kind strictyaml.Kind
	text string
}

// meaning gives a node without its layout. The order of keys counts where formatting
// does not set it.
func meaning(n *strictyaml.Node, r rule) any {
	switch n.Kind {
	case strictyaml.Map:
		named, listed := map[string]any{}, []pair{}
		for _, entry := range n.Entries {
			value := meaning(entry.Value, r.below(entry.Key.Text))
			named[entry.Key.Text] = value
			listed = append(listed, pair{entry.Key.Text, value})
		}
		if r.ordered() {
			return named
		}
		return listed
	case strictyaml.List:
		items := []any{}
		for _, item := range n.Items {
			items = append(items, meaning(item, r.item()))
		}
		return items
	default:
		return scalar{n.Kind, n.Text}
	}
}

// letters counts every character that formatting only moves: all but white space, and
// the signs that may go (---, ..., the last comma of a list, the ? of a long key).
func letters(text []byte) map[rune]int {
	counts := map[rune]int{}
	for _, r := range string(text) {
		if !strings.ContainsRune(" \t\r\n-.,?:\ufeff", r) {
			counts[r]++
		}
	}
	return counts
}
