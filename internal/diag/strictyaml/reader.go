package strictyaml

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// Reader collects faults while a tree is read. Its methods answer with a zero value
// after a fault and say nothing about nodes that are Bad.
type Reader struct {
	File string
	List diag.List
}

// Report adds an error. length is how many runes the caret underlines.
func (r *Reader) Report(at diag.Position, length int, rule, message, hint string) {
	r.List = append(r.List, diag.Diagnostic{
		Position: at, Length: length, Level: diag.Error, Rule: rule, Message: clip(message), Hint: clip(hint),
	})
}

// longestText bounds messages and hints, which quote the file: a key may be as long as
// the file.
const longestText = 400 // runes

func clip(text string) string {
	if len(text) <= longestText {
		return text
	}
	runes := []rune(text)
	if len(runes) <= longestText {
		return text
	}
	return string(runes[:longestText-1]) + "…"
}

// Fault adds an error at a node and marks the node Bad.
func (r *Reader) Fault(n *Node, rule, message, hint string) {
	if n.Bad {
		return
	}
	n.Bad = true
	r.Report(n.Pos, n.Length(), rule, message, hint)
}

// Is reports a node that is not of the kind that is asked for, and tells whether it is.
func (r *Reader) Is(n *Node, kind Kind, what string) bool {
	if n == nil || n.Bad {
		return false
	}
	if n.Kind != kind {
		r.Fault(n, RuleWrongType, fmt.Sprintf("%s must be %s, this is %s", what, kind, n.Kind), "")
		return false
	}
	return true
}

// Keys reports keys of a mapping that are not known and required ones that are not
// there, and tells whether the node is a mapping.
func (r *Reader) Keys(n *Node, what string, known, required []string) bool {
	if !r.Is(n, Map, what) {
		return false
	}
	for _, entry := range n.Entries {
		if !slices.Contains(known, entry.Key.Text) {
			hint := diag.DidYouMean(entry.Key.Text, known)
			if hint == "" {
				hint = "known keys: " + diag.OneOf(known)
			}
			r.Fault(entry.Key, RuleUnknownKey, fmt.Sprintf("%s has no key %q", what, entry.Key.Text), hint)
		}
	}
	for _, key := range required {
		if n.Get(key) == nil {
			r.Report(n.Pos, n.Length(), RuleMissingKey, fmt.Sprintf("%s needs the key %q", what, key), "")
		}
	}
	return true
}

// Text reads text: any scalar that is not null, true or a number, or one of those in
// quotes.
func (r *Reader) Text(n *Node, what string) string {
	if !r.Is(n, String, what) {
		return ""
	}
	return n.Text
}

// Bool reads true or false.
func (r *Reader) Bool(n *Node, what string) bool {
	if n == nil || n.Bad {
		return false
	}
	if n.Kind != Bool {
		r.Fault(n, RuleWrongType, fmt.Sprintf("%s must be true or false, this is %s", what, n.Kind), "write true or false")
		return false
	}
	return n.Data() == true
}

// Int reads a whole number from least to most.
func (r *Reader) Int(n *Node, what string, least, most int) int {
	if !r.Is(n, Int, what) {
		return 0
	}
	value, err := strconv.Atoi(n.Text)
	if err != nil || value < least || value > most {
		r.Fault(n, RuleRange, fmt.Sprintf("%s must be from %d to %d", what, least, most), "")
		return 0
	}
	return value
}

// Choice reads one of a few words.
func (r *Reader) Choice(n *Node, what string, allowed []string) string {
	text := r.Text(n, what)
	if text == "" && (n == nil || n.Bad) {
		return ""
	}
	if !slices.Contains(allowed, text) {
		hint := diag.DidYouMean(text, allowed)
		r.Fault(n, RuleChoice, fmt.Sprintf("%s must be %s, not %q", what, diag.OneOf(allowed), text), hint)
		return ""
	}
	return text
}

// Strings reads a list of text.
func (r *Reader) Strings(n *Node, what string) []string {
	if !r.Is(n, List, what) {
		return nil
	}
	var texts []string
	for _, item := range n.Items {
		if text := r.Text(item, "an item of "+what); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}
