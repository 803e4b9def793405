package strictyaml

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// convert makes our own tree of the parser's, reporting what is refused. It never
// follows an alias, so it ends whatever the anchors say.
func (l *loader) convert(from *yaml.Node, depth int) *Node {
	node := &Node{Pos: l.at(from.Line, from.Column), doc: l.doc}
	if l.nodes++; l.nodes > l.limits.Nodes {
		if !l.full {
			l.full = true
			l.Report(node.Pos, 1, RuleLimit, fmt.Sprintf("the file has more than %d values", l.limits.Nodes), "split it into several files")
		}
		node.Bad = true
		return node
	}
	if depth > l.limits.Depth {
		l.Report(node.Pos, 1, RuleLimit, fmt.Sprintf("lists and mappings stand more than %d deep inside each other", l.limits.Depth), "")
		node.Bad = true
		return node
	}
	l.refuse(from, node)
	switch from.Kind {
	case yaml.MappingNode:
		node.Kind, node.Style = Map, collectionStyle(from)
		l.mapping(from, node, depth)
	case yaml.SequenceNode:
		node.Kind, node.Style = List, collectionStyle(from)
		for _, item := range from.Content {
			node.Items = append(node.Items, l.convert(item, depth+1))
		}
	case yaml.ScalarNode:
		l.scalar(from, node)
	default:
		node.Bad = true
	}
	return node
}

// refuse reports anchors, aliases and tags.
func (l *loader) refuse(from *yaml.Node, node *Node) {
	switch {
	case from.Kind == yaml.AliasNode:
		node.Bad = true
		l.alias(node.Pos, from.Value)
	case from.Anchor != "":
		node.Bad = true
		l.Report(node.Pos, 1, RuleAnchor, "the anchor &"+from.Anchor+" is not allowed", "write the value out, or put text that starts with & in quotes")
	case from.Style&yaml.TaggedStyle != 0:
		node.Bad = true
		tag := from.Tag
		l.Report(node.Pos, len([]rune(tag)), RuleTag, "YAML reads "+tag+" as a tag, not as text", tagHint(tag))
	}
}

func (l *loader) alias(at diag.Position, name string) {
	l.Report(at, len([]rune(name))+1, RuleAnchor, "the alias *"+name+" is not allowed", "write the value out, or put text that starts with * in quotes")
}

func tagHint(tag string) string {
	word := strings.TrimLeft(tag, "!")
	if strings.HasPrefix(tag, "!!") || word == "" {
		return "remove the tag"
	}
	return fmt.Sprintf("write %q for a negation in an expression, or put the text in quotes", "not "+word)
}

func collectionStyle(from *yaml.Node) Style {
	if from.Style&yaml.FlowStyle != 0 {
		return Flow
	}
	return Block
}

// mapping converts the entries and reports keys that are no text or stand twice. The
// first of two wins.
func (l *loader) mapping(from *yaml.Node, node *Node, depth int) {
	if l.templateBraces(from, node) {
		return
	}
	first := map[string]diag.Position{}
	for i := 0; i+1 < len(from.Content); i += 2 {
		key := l.convert(from.Content[i], depth+1)
		l.nodes-- // a key counts with its value
		value := l.convert(from.Content[i+1], depth+1)
		switch {
		case from.Content[i].Tag == "!!merge":
			l.Report(key.Pos, 2, RuleMerge, "the merge key << is not allowed", "write the keys out")
			continue
		case key.Bad:
			continue
		case !key.IsScalar() || key.Kind == Null:
			l.Report(key.Pos, 1, RuleWrongType, "a key must be text, this is "+key.Kind.String(), "")
			continue
		}
		if before, twice := first[key.Text]; twice {
			l.Report(key.Pos, key.Length(), RuleDuplicate,
				fmt.Sprintf("%q stands here twice; the first is on line %d", key.Text, before.Line), "remove one of them")
			continue
		}
		first[key.Text] = key.Pos
		node.Entries = append(node.Entries, Entry{Key: key, Value: value})
	}
}

// templateBraces finds {{ x }} without quotes, which YAML reads as a mapping whose key
// is a mapping.
func (l *loader) templateBraces(from *yaml.Node, node *Node) bool {
	if len(from.Content) == 0 || from.Style&yaml.FlowStyle == 0 {
		return false
	}
	inner := from.Content[0]
	if inner.Kind != yaml.MappingNode || inner.Style&yaml.FlowStyle == 0 || inner.Line != from.Line || inner.Column != from.Column+1 {
		return false
	}
	node.Bad = true
	l.Report(node.Pos, 2, RuleBraces, "YAML reads {{ }} as a mapping, and this language does not use it",
		`write "${{ … }}" in a value, and no braces where a key takes an expression`)
	return true
}

func (l *loader) scalar(from *yaml.Node, node *Node) {
	node.Text, node.Style = from.Value, scalarStyle(from.Style)
	node.Kind = String
	if node.Style != Plain || node.Bad {
		return
	}
	switch from.Tag {
	case "!!null":
		node.Kind = Null
	case "!!bool":
		node.Kind = Bool
	case "!!int":
		node.Kind = Int
	case "!!float":
		node.Kind = Float
	}
	if node.Kind == Int && !integerForm.MatchString(node.Text) || node.Kind == Float && !numberForm.MatchString(node.Text) {
		node.Bad = true
		l.Report(node.Pos, node.Length(), RuleAmbiguous, fmt.Sprintf("programs do not agree on what %s is", node.Text),
			fmt.Sprintf("write it in decimal, or as %q if it is text", node.Text))
	}
}

func scalarStyle(style yaml.Style) Style {
	switch {
	case style&yaml.DoubleQuotedStyle != 0:
		return DoubleQuoted
	case style&yaml.SingleQuotedStyle != 0:
		return SingleQuoted
	case style&yaml.LiteralStyle != 0:
		return Literal
	case style&yaml.FoldedStyle != 0:
		return Folded
	default:
		return Plain
	}
}

// Numbers that every reader takes for the same: decimal, no leading zero, no underscore.
var (
	integerForm = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	numberForm  = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)
)
