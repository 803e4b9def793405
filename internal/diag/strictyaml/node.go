package strictyaml

import (
	"math"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// Kind is what a node is.
type Kind uint8

// Kinds of node. A date is a String: nothing here turns text into times.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String is the word used in messages.
func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a whole number", "a number", "text", "a list", "a mapping"}[min(k, Map)]
}

// Style is how a node is written.
type Style uint8

// Styles. Lists and mappings are Block or Flow, scalars are one of the others.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal // |
	Folded  // >
	Block
	Flow // [a, b] {a: b}
)

// Node is one value of a document.
type Node struct {
	Kind    Kind
	Style   Style
	Pos     diag.Position
	Text    string  // of a scalar, without quotes and escapes
	Entries []Entry // of a Map, in the order of the file, without duplicates
	Items   []*Node // of a List
	Bad     bool    // a fault was reported here: say no more about it
	doc     *Document
}

// Entry is one key of a mapping with its value.
type Entry struct {
	Key   *Node
	Value *Node
}

// Document is one file.
type Document struct {
	File  string
	Root  *Node
	Lines []string // without line ends, as positions count them
}

// Get gives the value of a key of a mapping, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, entry := range n.Entries {
		if entry.Key.Text == key {
			return entry.Value
		}
	}
	return nil
}

// Key gives the node of a key of a mapping, or nil.
func (n *Node) Key(key string) *Node {
	if n == nil {
		return nil
	}
	for _, entry := range n.Entries {
		if entry.Key.Text == key {
			return entry.Key
		}
	}
	return nil
}

// IsScalar tells whether the node is neither a list nor a mapping.
func (n *Node) IsScalar() bool { return n.Kind < List }

// Quoted tells whether the scalar stands in quotes or in a block: its text is meant
// as it is.
func (n *Node) Quoted() bool { return n.IsScalar() && n.Style != Plain }

// Length is how many runes of the node's first line a caret should underline.
func (n *Node) Length() int {
	switch {
	case !n.IsScalar(), n.Style == Literal, n.Style == Folded:
		return 1
	case n.Pos.Line < 1 || n.Pos.Line > len(n.doc.Lines):
		return 1
	}
	last := n.End()
	if last.Line != n.Pos.Line {
		return max(1, len([]rune(n.doc.Lines[n.Pos.Line-1]))-n.Pos.Column+1)
	}
	return max(1, last.Column-n.Pos.Column)
}

// Data gives the node as plain data: nil, bool, int, float64, string, []any,
// map[string]any. Whole numbers beyond int become float64.
func (n *Node) Data() any {
	switch n.Kind {
	case Bool:
		return strings.EqualFold(n.Text, "true")
	case Int:
		return wholeNumber(n.Text)
	case Float:
		return decimalNumber(n.Text)
	case String:
		return n.Text
	case List:
		items := make([]any, len(n.Items))
		for i, item := range n.Items {
			items[i] = item.Data()
		}
		return items
	case Map:
		fields := make(map[string]any, len(n.Entries))
		for _, entry := range n.Entries {
			fields[entry.Key.Text] = entry.Value.Data()
		}
		return fields
	default:
		return nil
	}
}

func wholeNumber(text string) any {
	if i, err := strconv.ParseInt(text, 0, 0); err == nil {
		return int(i)
	}
	return decimalNumber(text)
}

func decimalNumber(text string) any {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return text
	}
	return f
}
