package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// Limits bounds a document. Zero means the value of DefaultLimits.
type Limits struct {
	Bytes int // of the source
	Depth int // of lists and mappings inside each other
	Nodes int // values; a key counts with its value
}

// DefaultLimits are those of a playbook: 256 KiB, 32 levels, 2,000 values.
func DefaultLimits() Limits { return Limits{Bytes: 256 << 10, Depth: 32, Nodes: 2000} }

// Load reads the one document of source. The document is nil when there is no tree to
// look at; otherwise the tree holds what could be read, with faulty places marked Bad.
func Load(file string, source []byte, limits Limits) (*Document, diag.List) {
	limits = limits.orDefault()
	l := &loader{Reader: Reader{File: file}, doc: &Document{File: file}, limits: limits}
	if len(source) > limits.Bytes {
		l.Report(diag.Position{File: file}, 0, RuleLimit,
			fmt.Sprintf("the file has %d bytes, more than the %d that are allowed", len(source), limits.Bytes), "")
		return nil, l.List
	}
	if !l.encoding(source) {
		return nil, l.List
	}
	l.doc.Lines = diag.SplitLines(string(source))
	root := l.compose(strings.Join(l.doc.Lines, "\n"))
	if root == nil {
		return nil, l.List
	}
	l.doc.Root = l.convert(root, 0)
	return l.doc, l.List
}

func (l Limits) orDefault() Limits {
	standard := DefaultLimits()
	if l.Bytes == 0 {
		l.Bytes = standard.Bytes
	}
	if l.Depth == 0 {
		l.Depth = standard.Depth
	}
	if l.Nodes == 0 {
		l.Nodes = standard.Nodes
	}
	return l
}

type loader struct {
	Reader
	doc    *Document
	limits Limits
	nodes  int
	full   bool // the limit of nodes was reported
}

// CheckDepth stops the YAML parser itself, which otherwise goes 10,000 levels down.
// Flow and block levels are counted apart and one mapping in a list is two levels, so
// this is a coarse net; convert counts exactly.
func (l *loader) CheckDepth(depth int, _ *yaml.DepthContext) error {
	if depth > 2*l.limits.Depth {
		return errTooDeep
	}
	return nil
}

// CheckAlias permits all: loading into nodes expands no alias, and convert reports each.
func (l *loader) CheckAlias(_, _ int) error { return nil }

var errTooDeep = errors.New("too deep")

// mostHidden bounds how many hidden characters are reported one by one.
const mostHidden = 10

// encoding reports bytes that are not UTF-8 and characters that cannot be seen. It
// answers false when YAML cannot be read past them.
func (l *loader) encoding(source []byte) bool {
	readable, found, line, column := true, 0, 1, 0
	text := strings.TrimPrefix(string(source), "\ufeff")
	for i := 0; i < len(text) && found < mostHidden; {
		r, size := utf8.DecodeRuneInString(text[i:])
		column++
		at := diag.Position{File: l.File, Line: line, Column: column}
		switch {
		case r == utf8.RuneError && size == 1:
			l.Report(at, 1, RuleEncoding, fmt.Sprintf("byte 0x%02x is not UTF-8", text[i]), "save the file as UTF-8")
			return false
		case r == '\n', r == '\r' && !strings.HasPrefix(text[i+size:], "\n"):
			line, column = line+1, 0
		case r == '\t', r == '\r':
		case diag.Hidden(r):
			found++
			readable = readable && r >= ' ' && r != 0x7f && (r > 0x9f && r != '\u2028' && r != '\u2029')
			l.Report(at, 1, RuleEncoding, "a character that cannot be seen: "+diag.Escape(string(r)),
				`remove it, or write it as an escape in a text with double quotes`)
		}
		i += size
	}
	return readable
}

// compose runs the YAML parser and gives the root of the first document.
func (l *loader) compose(text string) *yaml.Node {
	if l.directive() {
		return nil
	}
	reader, err := yaml.NewLoader(bytes.NewReader([]byte(text)), yaml.WithPlugin(l))
	if err != nil {
		l.Report(diag.Position{File: l.File}, 0, RuleSyntax, "the text cannot be read as YAML", "")
		return nil
	}
	var document yaml.Node
	if err := reader.Load(&document); errors.Is(err, io.EOF) {
		l.Report(l.at(1, 1), 1, RuleDocument, "the file is empty", "")
		return nil
	} else if err != nil {
		l.syntax(err)
		return nil
	}
	var second yaml.Node
	if err := reader.Load(&second); err == nil {
		l.Report(l.at(second.Line, second.Column), 3, RuleDocument,
			"a second document starts here", "one file holds one document; remove the --- line or split the file")
	} else if !errors.Is(err, io.EOF) {
		l.syntax(err)
	}
	if len(document.Content) != 1 {
		l.Report(l.at(1, 1), 1, RuleDocument, "the file is empty", "")
		return nil
	}
	return document.Content[0]
}

// directive refuses %YAML and %TAG lines, which change how the rest is read.
func (l *loader) directive() bool {
	for i, line := range l.doc.Lines {
		switch {
		case strings.HasPrefix(line, "%"):
			l.Report(l.at(i+1, 1), utf8.RuneCountInString(line), RuleDocument, "YAML directives are not used here", "remove this line")
			return true
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "#"):
			return false
		}
	}
	return false
}

// at gives a place in the file: a document of nothing is said to stand behind its end.
func (l *loader) at(line, column int) diag.Position {
	if last := len(l.doc.Lines); last > 0 && line > last {
		line, column = last, utf8.RuneCountInString(l.doc.Lines[last-1])+1
	}
	return diag.Position{File: l.File, Line: max(line, 1), Column: max(column, 1)}
}
