package mapping

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/intake/hook"
	"github.com/tocsin-soar/tocsin/internal/intake/sources"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Rules that mapping files are reported under, besides those of strictyaml.
const (
	ruleExpression = "mapping_expression" // an expression does not compile
	ruleField      = "mapping_field"      // a field that alerts do not have
	ruleFile       = "mapping_file"       // a file that cannot be read, or a name twice
	ruleForm       = "mapping_form"       // a name or a list of the wrong form
	ruleOrder      = "mapping_order"      // steps of a scale in the wrong order
)

// Source is how one detection tool's bodies become alerts.
type Source struct {
	Name     string // also in the address of the door: /v1/alerts/<name>
	Title    string
	Version  string
	Tested   string     // what it was tried with, in one honest sentence
	File     string     // where it was read; below sources/ for those that are shipped
	Split    [][]string // where a body may hold a list of alerts
	Guess    Guess      // what is guessed from the names of fields
	accept   *expression.Program
	fields   []mapped
	extra    []mapped            // into Alert.Fields, one by one
	all      *expression.Program // Alert.Fields as a whole; the whole body when there is neither
	severity rating
	identity []*expression.Program // what makes two alerts the same event
	verify   *hook.Scheme
}

// Verify says how the tool signs what it sends; nil when the mapping does not.
func (s *Source) Verify() *hook.Scheme { return s.verify }

// Guess says what is guessed from the names of fields.
type Guess string

// What is guessed: nothing, all of bodies that the mapping does not accept, or that
// and what the mapping leaves open.
const (
	GuessNever      Guess = "never"
	GuessUnaccepted Guess = "unaccepted"
	GuessGaps       Guess = "gaps"
)

// mapped is one field with the expressions that may give it: the first that gives
// a value of the field does.
type mapped struct {
	name    string
	choices choices
}

// choices are expressions that are tried in turn.
type choices []*expression.Program

// rating turns a tool's own rating into a severity: steps for numbers, words for
// text.
type rating struct {
	value choices
	steps Scale
	words map[string]soar.Severity
}

// Sources holds all mappings by name. It never changes.
type Sources struct{ byName map[string]*Source }

// Find gives the source of this name, or nil.
func (s *Sources) Find(name string) *Source { return s.byName[name] }

// Names lists all sources, sorted.
func (s *Sources) Names() []string {
	var names []string
	for name := range s.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// LoadSources reads the shipped mappings and those of dir, which may be empty. A
// file of dir takes the place of the shipped one with the same source. The sources
// are nil when the list has errors.
func LoadSources(dir string) (*Sources, diag.List) {
	all := &Sources{byName: map[string]*Source{}}
	faults := all.load(sources.Files(), "sources")
	if dir != "" {
		site := &Sources{byName: map[string]*Source{}}
		faults = append(faults, site.load(os.DirFS(dir), dir)...)
		for name, source := range site.byName {
			all.byName[name] = source
		}
	}
	faults.Sort()
	if faults.HasErrors() {
		return nil, faults
	}
	return all, faults
}

func (s *Sources) load(files fs.FS, dir string) diag.List {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return fileFault(dir, "the folder of mappings cannot be read")
	}
	var faults diag.List
	for _, entry := range entries {
		if entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(entry.Name())) {
			continue
		}
		shown := filepath.Join(dir, entry.Name())
		body, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			faults = append(faults, fileFault(shown, "the file cannot be read")...)
			continue
		}
		source, list := ParseSource(shown, body)
		faults = append(faults, list...)
		if source == nil {
			continue
		}
		if s.byName[source.Name] != nil {
			faults = append(faults, fileFault(shown, fmt.Sprintf("the source %q has a mapping already", source.Name))...)
		}
		s.byName[source.Name] = source
	}
	return faults
}

func fileFault(file, message string) diag.List {
	return diag.List{{Position: diag.Position{File: file}, Level: diag.Error, Rule: ruleFile, Message: message}}
}

// ParseSource reads one mapping file. The source is nil when the list has errors.
func ParseSource(file string, body []byte) (*Source, diag.List) {
	document, faults := strictyaml.Load(file, body, strictyaml.Limits{})
	p := &parser{strictyaml.Reader{File: file, List: faults}}
	if document == nil {
		return nil, p.List
	}
	source := p.source(document.Root)
	if p.List.HasErrors() {
		return nil, p.List
	}
	source.File = file
	return source, p.List
}

var sourceForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

type parser struct{ strictyaml.Reader }

func (p *parser) source(root *strictyaml.Node) *Source {
	known := []string{"source", "title", "version", "tested", "split", "guess", "accept", "fields", "severity", "fingerprint", "verify"}
	if !p.Keys(root, "a mapping", known, []string{"source", "title", "version", "tested", "fields"}) {
		return nil
	}
	source := &Source{
		Name: p.Text(root.Get("source"), "source"), Title: p.Text(root.Get("title"), "title"),
		Version: p.Text(root.Get("version"), "version"), Tested: p.Text(root.Get("tested"), "tested"), Guess: GuessNever,
	}
	if n := root.Get("guess"); n != nil {
		source.Guess = Guess(p.Choice(n, "guess", []string{string(GuessNever), string(GuessUnaccepted), string(GuessGaps)}))
	}
	if n := root.Get("source"); n != nil && !n.Bad && !sourceForm.MatchString(source.Name) {
		p.Fault(n, ruleForm, "a source's name must be in snake_case", "at most 40 lower-case letters, digits and _")
	}
	source.Split = p.split(root.Get("split"))
	if n := root.Get("accept"); n != nil {
		source.accept = p.expression(n, expression.Bool())
	}
	p.fields(root.Get("fields"), source)
	p.rating(root.Get("severity"), source)
	for _, n := range p.items(root.Get("fingerprint"), "fingerprint") {
		source.identity = append(source.identity, p.expression(n, nil))
	}
	if n := root.Get("verify"); n != nil {
		source.verify = hook.ParseScheme(&p.Reader, n)
	}
	return source
}

// split reads dotted paths of names.
func (p *parser) split(n *strictyaml.Node) [][]string {
	var paths [][]string
	for _, item := range p.items(n, "split") {
		if text := p.Text(item, "a path"); text != "" {
			paths = append(paths, strings.Split(text, "."))
		}
	}
	return paths
}

func (p *parser) fields(n *strictyaml.Node, source *Source) {
	if n == nil || !p.Is(n, strictyaml.Map, "fields") {
		return
	}
	var names []string
	for _, f := range fields() {
		if f.name != "severity" {
			names = append(names, f.name)
		}
	}
	for _, entry := range n.Entries {
		name := entry.Key.Text
		if name == "fields" {
			source.all = p.expression(entry.Value, nil)
			continue
		}
		if short, ok := strings.CutPrefix(name, "fields."); ok && sourceForm.MatchString(short) {
			source.extra = append(source.extra, mapped{short, p.choices(entry.Value)})
			continue
		}
		if !slices.Contains(names, name) {
			hint := diag.DidYouMean(name, names)
			if hint == "" {
				hint = "known fields: " + strings.Join(names, ", ") + ", and fields or fields.<name> for anything else"
			}
			p.Fault(entry.Key, ruleField, fmt.Sprintf("alerts have no field %q", name), hint)
			continue
		}
		source.fields = append(source.fields, mapped{name, p.choices(entry.Value)})
	}
}

func (p *parser) rating(n *strictyaml.Node, source *Source) {
	if n == nil || !p.Keys(n, "severity", []string{"value", "steps", "words"}, []string{"value"}) {
		return
	}
	source.severity.value = p.choices(n.Get("value"))
	for _, item := range p.items(n.Get("steps"), "steps") {
		if !p.Keys(item, "a step", []string{"from", "is"}, []string{"from", "is"}) || item.Get("from") == nil {
			continue
		}
		from, isNumber := number(item.Get("from").Data())
		if !isNumber {
			p.Fault(item.Get("from"), strictyaml.RuleWrongType, "from must be a number", "")
		}
		steps := source.severity.steps
		if len(steps) > 0 && from >= steps[len(steps)-1].From {
			p.Fault(item.Get("from"), ruleOrder, "steps stand from the worst down", "each from is smaller than the one before")
		}
		source.severity.steps = append(source.severity.steps, Step{from, p.severity(item.Get("is"))})
	}
	words := n.Get("words")
	if words == nil || !p.Is(words, strictyaml.Map, "words") {
		return
	}
	source.severity.words = map[string]soar.Severity{}
	for _, entry := range words.Entries {
		source.severity.words[strings.ToLower(entry.Key.Text)] = p.severity(entry.Value)
	}
}

func (p *parser) severity(n *strictyaml.Node) soar.Severity {
	var allowed []string
	for _, severity := range soar.Severities() {
		allowed = append(allowed, string(severity))
	}
	return soar.Severity(p.Choice(n, "a severity", allowed))
}

// items gives the items of a list that may be absent.
func (p *parser) items(n *strictyaml.Node, what string) []*strictyaml.Node {
	if n == nil || !p.Is(n, strictyaml.List, what) {
		return nil
	}
	return n.Items
}

// choices reads one expression, or a list of them that are tried in turn.
func (p *parser) choices(n *strictyaml.Node) choices {
	if n == nil || n.Kind != strictyaml.List {
		return choices{p.expression(n, nil)}
	}
	all := make(choices, 0, len(n.Items))
	for _, item := range n.Items {
		all = append(all, p.expression(item, nil))
	}
	if len(all) == 0 {
		p.Fault(n, ruleForm, "the list of expressions is empty", "give one expression, or several that are tried in turn")
	}
	return all
}

// expression compiles an expression over body and around.
func (p *parser) expression(n *strictyaml.Node, want *expression.Type) *expression.Program {
	if !p.Is(n, strictyaml.String, "an expression") {
		return nil
	}
	program, problems := expression.Compile(n.Text, expression.Environment{"body": expression.Any(), "around": expression.Any()}, want)
	for _, problem := range problems {
		p.Report(n.At(problem.Column-1), problem.Length, ruleExpression, problem.Message, problem.Hint)
	}
	n.Bad = n.Bad || len(problems) > 0
	return program
}
