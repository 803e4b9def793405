package library

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// Doc describes one function for the manual and for editors.
type Doc struct {
	Name      string
	Signature string // name(parameter kind, ...) result; "?" marks what may be left out or absent
	Doc       string // one or two sentences
	Example   string // an expression without variables
	Result    string // what the example gives, in canonical JSON
}

// Function is one entry of the library. Its signature is the single source of what the checker and
// the run-time check accept, so a body may assert the kinds of its arguments.
type Function struct {
	Doc
	Parameters []Parameter
	Result     Result
	body       body
}

// body computes a function. args are plain, of the declared kinds, and paid for at their shallow
// size; what a body builds, sorts or walks beyond that it pays for itself.
type body func(m *Meter, args []any) (any, error)

// Parameter is one parameter of a function.
type Parameter struct {
	Name     string
	Kinds    []data.Kind // empty: any value, null too
	Optional bool
	Repeated bool // stands for one or more arguments; only the last parameter may
}

// Result says what a function gives.
type Result struct {
	Kind  data.Kind
	Elem  data.Kind // of the items, when Kind is a list
	From  string    // "item" or "same": the type is that of the first argument's items, or its own
	Maybe bool      // it may be null
}

// Find gives the function of a name. Functions with a predicate are not here: see Predicates.
func Find(name string) (*Function, bool) {
	f, ok := functions[name]
	return f, ok
}

// Functions lists all that an expression may call, with the functions that take a predicate, in
// alphabetical order.
func Functions() []Doc {
	docs := slices.Clone(predicates)
	for _, f := range functions {
		docs = append(docs, f.Doc)
	}
	slices.SortFunc(docs, func(a, b Doc) int { return strings.Compare(a.Name, b.Name) })
	return docs
}

// Names lists the names of Functions.
func Names() []string {
	var names []string
	for _, doc := range Functions() {
		names = append(names, doc.Name)
	}
	return names
}

// functions holds every function by name. It is built once and only read.
var functions = buildFunctions(textFunctions(), numberFunctions(), listFunctions(), objectFunctions(),
	securityFunctions(), timeFunctions())

// entry is how the function files write their functions.
type entry struct {
	signature string
	doc       string
	example   string
	result    string
	body      body
}

func buildFunctions(groups ...[]entry) map[string]*Function {
	all := map[string]*Function{}
	for _, group := range groups {
		for _, e := range group {
			f := parseSignature(e.signature)
			f.Doc.Doc, f.Example, f.Doc.Result, f.body = e.doc, e.example, e.result, e.body
			all[f.Name] = f
		}
	}
	return all
}

// parseSignature reads `name(parameter kind|kind, optional? kind, many... kind) result`. The
// signatures are constants of this package; a malformed one panics in every test.
func parseSignature(signature string) *Function {
	name, rest, _ := strings.Cut(signature, "(")
	list, result, ok := strings.Cut(rest, ") ")
	if !ok {
		panic("expression: malformed signature " + signature)
	}
	f := &Function{Doc: Doc{Name: name, Signature: signature}, Result: parseResult(result)}
	for part := range strings.SplitSeq(list, ", ") {
		word, kinds, _ := strings.Cut(part, " ")
		p := Parameter{Name: strings.TrimRight(word, "?."), Optional: strings.HasSuffix(word, "?"), Repeated: strings.HasSuffix(word, "...")}
		for kind := range strings.SplitSeq(kinds, "|") {
			if kind != "any" {
				p.Kinds = append(p.Kinds, kindByWord(kind))
			}
		}
		f.Parameters = append(f.Parameters, p)
	}
	return f
}

func parseResult(word string) Result {
	rule := Result{Maybe: strings.HasSuffix(word, "?")}
	word = strings.TrimSuffix(word, "?")
	if word == "item" || word == "same" {
		rule.From = word
		return rule
	}
	word, elem, of := strings.Cut(word, " of ")
	rule.Kind = kindByWord(word)
	if of {
		rule.Elem = kindByWord(elem)
	}
	return rule
}

func kindByWord(word string) data.Kind {
	words := []string{"any", "null", "bool", "int", "number", "text", "list", "object"}
	i := slices.Index(words, word)
	if i < 0 {
		panic("expression: no kind is called " + word)
	}
	return data.Kind(i)
}

// At gives the parameter that the i-th argument (from 0) belongs to.
func (f *Function) At(i int) (Parameter, bool) {
	last := len(f.Parameters) - 1
	if i > last && f.Parameters[last].Repeated {
		i = last
	}
	if i > last {
		return Parameter{}, false
	}
	return f.Parameters[i], true
}

// required is the least number of arguments.
func (f *Function) required() int {
	count := 0
	for _, p := range f.Parameters {
		if !p.Optional {
			count++
		}
	}
	return count
}

// CountMisfit says what is wrong with a number of arguments, or "".
func (f *Function) CountMisfit(count int) string {
	if count < f.required() {
		return fmt.Sprintf("%s() needs %s, but has %d", f.Name, argumentCount(f.required()), count)
	}
	if _, fits := f.At(count - 1); !fits {
		return fmt.Sprintf("%s() takes %s at most, but has %d", f.Name, argumentCount(len(f.Parameters)), count)
	}
	return ""
}

func argumentCount(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return data.Decimal(n) + " arguments"
}

// Accepts reports whether a value of the kind may be given for p. Any is decided when it runs.
func (p Parameter) Accepts(kind data.Kind) bool {
	return len(p.Kinds) == 0 || slices.Contains(p.Kinds, kind) ||
		kind == data.KindInt && slices.Contains(p.Kinds, data.KindNumber)
}

// Wants names the kinds of p for a message.
func (p Parameter) Wants() string {
	words := make([]string, len(p.Kinds))
	for i, kind := range p.Kinds {
		words[i] = kind.String()
	}
	return strings.Join(words, " or ")
}

// call checks and pays for the arguments, then runs the body.
func (f *Function) call(m *Meter, args []any) (any, error) {
	if problem := f.CountMisfit(len(args)); problem != "" {
		return nil, fmt.Errorf("%s", problem)
	}
	for i, arg := range args {
		p, _ := f.At(i)
		if whole, ok := data.Whole(arg); ok && slices.Contains(p.Kinds, data.KindInt) {
			args[i], arg = whole, whole
		}
		if !p.Accepts(data.KindOf(arg)) || data.IsReference(arg) && len(p.Kinds) > 0 {
			return nil, fmt.Errorf("%s() needs %s for %s, but got %s", f.Name, p.Wants(), p.Name, data.Describe(arg))
		}
	}
	if err := m.shallow(args); err != nil {
		return nil, err
	}
	return f.body(m, args)
}

// textArg gives the i-th argument, or otherwise when it was left out.
func textArg(args []any, i int, otherwise string) string {
	if i < len(args) {
		return args[i].(string)
	}
	return otherwise
}

// intArg gives the i-th argument, or otherwise when it was left out.
func intArg(args []any, i int, otherwise int) int {
	if i < len(args) {
		return args[i].(int)
	}
	return otherwise
}

// built pays for a text that was made, and gives it.
func built(m *Meter, text string) (any, error) {
	if err := m.build(len(text)); err != nil {
		return nil, err
	}
	return text, nil
}
