package expression

import (
	"errors"
	"fmt"
	"runtime"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/library"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

// machineItems bounds the items of lists made by the machine itself; the meter ends an evaluation
// long before, so this is a second wall.
const machineItems = 1 << 20

// Program is a compiled expression. It never changes and may be used by many goroutines at once.
type Program struct {
	code  *vm.Program
	want  *Type
	gives *Type
	work  int      // units, apart from loops and data
	names []string // read from the environment
	paths [][]string
}

// RuntimeError is the failure of an evaluation, with the place of the operation that failed.
type RuntimeError struct {
	Column  int    // 1-based, counted in runes; 0 when the failure has no place
	Length  int    // in runes
	Message string // one plain sentence, at most 300 bytes, without the data
	Err     error  // the cause, such as ErrTooMuchWork; may be nil
}

// Error gives the message after its column.
func (e *RuntimeError) Error() string {
	if e.Column == 0 {
		return e.Message
	}
	return fmt.Sprintf("column %d: %s", e.Column, e.Message)
}

// Unwrap gives the cause, for errors.Is.
func (e *RuntimeError) Unwrap() error { return e.Err }

// Compile checks src against the names and types of env, and against want, the type that its
// place asks for (nil: any). It gives a program or at least one problem, in the order of columns.
func Compile(src string, env Environment, want *Type) (*Program, []Problem) {
	return compile(src, newChecker(env, false), want)
}

func compile(src string, c *checker, want *Type) (program *Program, problems []Problem) {
	defer func() {
		if recover() != nil {
			program, problems = nil, []Problem{syntax.NewProblem(1, 1, "the expression cannot be compiled", "")}
		}
	}()
	tree, problems := syntax.Parse(src)
	if len(problems) > 0 {
		return nil, problems
	}
	t := c.visit(tree.Node)
	if len(c.problems) == 0 {
		c.fits(tree, t, want)
	}
	if len(c.problems) > 0 {
		return nil, syntax.Sort(c.problems)
	}
	program, problems = c.assemble(tree, want)
	if program != nil {
		program.gives = t
	}
	return program, problems
}

// fits checks the type of the whole expression.
func (c *checker) fits(tree *parser.Tree, t, want *Type) {
	reason := misfit(t, want)
	if reason == "" {
		return
	}
	hint := hintConvert(t, known(want))
	if t.Maybe {
		hint = "give a default: " + pathText(tree.Node) + " ?? " + defaultFor(want.Kind)
	}
	length := utf8.RuneCountInString(tree.Source.String())
	c.problems = append(c.problems, syntax.NewProblem(1, length, reason, hint))
}

// assemble turns a checked tree into a program.
func (c *checker) assemble(tree *parser.Tree, want *Type) (*Program, []Problem) {
	p := &Program{want: want, paths: pathsOf(tree.Node, c.used)}
	for _, path := range p.paths {
		if len(p.names) == 0 || p.names[len(p.names)-1] != path[0] {
			p.names = append(p.names, path[0])
		}
	}
	root := (&rewriter{patterns: c.patterns}).node(tree.Node)
	p.work = cost(root)
	code, err := emit(root, tree.Source)
	if err != nil {
		return nil, []Problem{syntax.NewProblem(1, 1, "the expression cannot be compiled", "")}
	}
	p.code = code
	return p, nil
}

// emit compiles with expr: without its optimizer, which computes constants before any meter runs,
// and without its checker, which ours replaces.
func emit(root ast.Node, source file.Source) (*vm.Program, error) {
	config := &conf.Config{ShortCircuit: true, Functions: library.Operations}
	config.WithEnv(map[string]any{})
	return compiler.Compile(&parser.Tree{Node: root, Source: source}, config)
}

// Type gives the type of the value that the program computes.
func (p *Program) Type() *Type { return p.gives }

// References gives the member paths that the program reads, such as
// ["steps", "lookup", "output", "score"], sorted and each once.
func (p *Program) References() [][]string {
	r := references{paths: map[string][]string{}}
	r.addAll(p.paths)
	return r.sorted()
}

// Eval runs the program. vars must hold plain data within the bounds, as Normalise gives it; it is
// only read. The result is plain data of at most 64 KiB that shares nothing with vars: nil, bool,
// int, float64, string, []any, map[string]any. Every failure is a *RuntimeError.
// Eval never panics, and ends within the budget of the package.
func (p *Program) Eval(vars map[string]any) (result any, err error) {
	result, _, err = p.eval(vars)
	return result, err
}

// Bool is Eval for a condition: a result that is not true or false is an error.
func (p *Program) Bool(vars map[string]any) (bool, error) {
	result, err := p.Eval(vars)
	if err != nil {
		return false, err
	}
	holds, ok := result.(bool)
	if !ok {
		return false, &RuntimeError{Message: "the expression must give true or false, but gave " + data.Describe(result)}
	}
	return holds, nil
}

// eval also gives the meter, for tests of the budget.
func (p *Program) eval(vars map[string]any) (result any, m *library.Meter, err error) {
	m = library.NewMeter()
	defer func() {
		if recovered := recover(); recovered != nil {
			result, err = nil, failure(fmt.Errorf("%v", recovered))
		}
	}()
	env := make(map[string]any, len(p.names)+1)
	for _, name := range p.names {
		value, ok := vars[name]
		if !ok {
			return nil, m, failure(fmt.Errorf("there is no value called %s", data.Quote(name)))
		}
		if env[name], err = data.Plain(value); err != nil {
			return nil, m, failure(err)
		}
	}
	env[library.MeterName] = m
	if err := m.Spend(p.work); err != nil {
		return nil, m, failure(err)
	}
	machine := vm.VM{MemoryBudget: machineItems}
	raw, err := machine.Run(p.code, env)
	if err != nil {
		return nil, m, failure(err)
	}
	result, err = data.Export(raw)
	if err == nil {
		err = p.conforms(result)
	}
	if err != nil {
		return nil, m, failure(err)
	}
	return result, m, nil
}

// conforms checks the kind of a result that the compiler could not know.
func (p *Program) conforms(result any) error {
	want := known(p.want)
	kind := data.KindOf(result)
	fits := want.Kind == KindAny || want.Kind == kind || kind == KindInt && want.Kind == KindNumber || kind == KindNull && want.Maybe
	if fits {
		return nil
	}
	return fmt.Errorf("the expression must give %s, but gave %s", want.Kind, data.Describe(result))
}

// failure words an error of the machine plainly. Errors of our own operations come wrapped in
// expr's, which adds the place, and a copy of the source that is left out here.
func failure(err error) *RuntimeError {
	var located *file.Error
	if !errors.As(err, &located) {
		return &RuntimeError{Message: data.Clip(err.Error()), Err: err}
	}
	out := &RuntimeError{Column: located.From + 1, Length: max(located.To-located.From, 1), Err: located.Prev}
	var internal runtime.Error
	if located.Prev == nil || errors.As(located.Prev, &internal) {
		out.Message = data.Clip("a value has a form that the expression cannot use: " + located.Message)
		return out
	}
	out.Message = data.Clip(located.Prev.Error())
	return out
}
