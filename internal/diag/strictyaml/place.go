package strictyaml

import (
	"strings"
	"unicode"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// At gives the place in the file of the rune with this index in the node's text. It
// sees through quotes, escapes, the indentation of blocks and folded lines. An index
// beyond the text gives the place after it.
func (n *Node) At(index int) diag.Position {
	if !n.IsScalar() || n.Pos.Line < 1 || n.Pos.Line > len(n.doc.Lines) {
		return n.Pos
	}
	cursor := n.cursor()
	text := []rune(n.Text)
	for i := 0; i < index && i < len(text); i++ {
		cursor.pass(text[i])
	}
	if index < len(text) {
		cursor.settle(text[index])
	}
	return diag.Position{File: n.doc.File, Line: cursor.line + 1, Column: cursor.column + 1}
}

// End gives the place after the last rune of a scalar, quotes included. For a list or
// a mapping it gives the node's own place.
func (n *Node) End() diag.Position {
	if !n.IsScalar() || n.Pos.Line < 1 || n.Pos.Line > len(n.doc.Lines) {
		return n.Pos
	}
	cursor := n.cursor()
	for _, r := range n.Text {
		cursor.pass(r)
	}
	if n.Style == SingleQuoted || n.Style == DoubleQuoted {
		cursor.style = Plain // the closing quote is no part of a doubled or escaped one
		cursor.pass(cursor.quote)
	}
	return diag.Position{File: n.doc.File, Line: cursor.line + 1, Column: cursor.column + 1}
}

// Trailing gives what stands on the line after a scalar, without the space before it:
// a comment, or what follows in a flow collection.
func (n *Node) Trailing() string {
	end := n.End()
	if end.Line < 1 || end.Line > len(n.doc.Lines) {
		return ""
	}
	runes := []rune(n.doc.Lines[end.Line-1])
	return strings.TrimSpace(string(runes[min(end.Column-1, len(runes)):]))
}

// cursor walks the source of a scalar beside its text. Line and column count from 0.
// What is not white space stands in the source in the same order as in the text, so it
// finds each rune of the text by skipping the white space that folding and indentation
// put before it.
type cursor struct {
	lines  []string // of the file up to where the scalar can end
	line   int
	column int
	runes  []rune // of the line
	style  Style
	quote  rune
	width  int // source runes of the current rune
}

func (n *Node) cursor() *cursor {
	end := min(len(n.doc.Lines), n.Pos.Line+len(n.Text)+2)
	c := &cursor{lines: n.doc.Lines[:end], style: n.Style, width: 1}
	c.enter(n.Pos.Line - 1)
	c.column = n.Pos.Column - 1
	switch n.Style {
	case Literal, Folded:
		c.enter(n.Pos.Line)
	case SingleQuoted:
		c.quote, c.column = '\'', c.column+1
	case DoubleQuoted:
		c.quote, c.column = '"', c.column+1
	}
	return c
}

// enter goes to the start of a line; beyond the last one there is nothing to see.
func (c *cursor) enter(line int) {
	c.line, c.column, c.runes = line, 0, nil
	if line < len(c.lines) {
		c.runes = []rune(c.lines[line])
	}
}

// settle moves to where r stands, without going past it.
func (c *cursor) settle(r rune) {
	c.width = 1
	for c.line < len(c.lines) {
		here, ok := c.peek(0)
		switch {
		case ok && c.style == DoubleQuoted && here == '\\':
			if c.width = c.escape(); c.width > 0 {
				return
			}
			c.enter(c.line + 1) // an escaped line end
		case ok && c.style == SingleQuoted && here == '\'' && r == '\'':
			c.width = 2
			return
		case ok && here == r:
			return
		case unicode.IsSpace(r):
			return // folded away: the place is where the white space begins
		case !ok:
			c.enter(c.line + 1)
		default:
			c.column++
		}
	}
	c.line = max(0, len(c.lines)-1)
}

// pass moves beyond r.
func (c *cursor) pass(r rune) {
	if unicode.IsSpace(r) {
		here, ok := c.peek(0)
		switch {
		case ok && here == r, ok && here == '\\' && c.style == DoubleQuoted && c.spaceEscape():
			c.settle(r)
			c.column += c.width
		case !ok && r == '\n' && (c.style == Literal || c.style == Folded):
			c.enter(c.line + 1)
		}
		return
	}
	c.settle(r)
	c.column += c.width
}

func (c *cursor) peek(ahead int) (rune, bool) {
	if c.column+ahead >= len(c.runes) {
		return 0, false
	}
	return c.runes[c.column+ahead], true
}

// escape gives how many source runes the escape at the cursor takes; 0 for an escaped
// line end, which stands for nothing.
func (c *cursor) escape() int {
	letter, ok := c.peek(1)
	switch {
	case !ok:
		return 0
	case letter == 'x':
		return 4
	case letter == 'u':
		return 6
	case letter == 'U':
		return 10
	default:
		return 2
	}
}

// spaceEscape tells whether the escape at the cursor stands for white space.
func (c *cursor) spaceEscape() bool {
	letter, ok := c.peek(1)
	return ok && strings.ContainsRune("ntrvfNLP_ ", letter)
}
