package expression

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

// Template is a compiled text with ${{ }}. It never changes and may be used by many goroutines.
type Template struct {
	parts []compiledPart
	want  *Type
}

type compiledPart struct {
	text    string
	program *Program // nil for literal text
	column  int
}

// CompileTemplate checks every expression of src and gives a template or at least one problem,
// with columns in src. A template that is one whole ${{ }} keeps its type, which must fit want
// (nil: any); any other is text.
func CompileTemplate(src string, env Environment, want *Type) (*Template, []Problem) {
	return compileTemplate(src, want, func() *checker { return newChecker(env, false) })
}

func compileTemplate(src string, want *Type, newChecker func() *checker) (*Template, []Problem) {
	parts, problems := ParseTemplate(src)
	t := &Template{want: want}
	whole := len(parts) == 1 && parts[0].Expression
	if problem, bad := unfitText(src, parts, want); bad && !whole && len(problems) == 0 {
		problems = append(problems, problem)
	}
	for _, part := range parts {
		compiled := compiledPart{text: part.Text, column: part.Column}
		if part.Expression {
			var faults []Problem
			compiled.program, faults = compile(part.Text, newChecker(), wantOfPart(want, whole))
			problems = append(problems, shift(faults, part.Column-1)...)
		}
		t.parts = append(t.parts, compiled)
	}
	if len(problems) > 0 {
		return nil, syntax.Sort(problems)
	}
	return t, nil
}

// unfitText reports a template that is text where something else is wanted.
func unfitText(src string, parts []Part, want *Type) (Problem, bool) {
	t, hint := Text(), "a value that is one whole ${{ }} keeps its type"
	if len(parts) == 1 {
		t = EnumOf(parts[0].Text)
		hint = hintConvert(t, known(want))
	}
	reason := misfit(t, want)
	return syntax.NewProblem(1, utf8.RuneCountInString(src), reason, hint), reason != ""
}

func wantOfPart(want *Type, whole bool) *Type {
	if whole {
		return want
	}
	return nil // every value has a form inside text
}

// shift moves problems of an expression to their columns in the template.
func shift(problems []Problem, by int) []Problem {
	for i := range problems {
		problems[i].Column += by
	}
	return problems
}

// References gives the member paths that all expressions of the template read, sorted, each once.
func (t *Template) References() [][]string {
	r := references{paths: map[string][]string{}}
	for _, part := range t.parts {
		if part.program != nil {
			r.addAll(part.program.paths)
		}
	}
	return r.sorted()
}

// Eval gives the value of the one expression of the template, or the text that literals and
// expressions make together; see FormatText. The text is at most 64 KiB. It has the promises of
// Program.Eval; each expression has a budget of its own.
func (t *Template) Eval(vars map[string]any) (any, error) {
	if len(t.parts) == 1 && t.parts[0].program != nil {
		result, err := t.parts[0].program.Eval(vars)
		return result, t.parts[0].place(err)
	}
	var out strings.Builder
	for _, part := range t.parts {
		text, err := part.eval(vars)
		if err != nil {
			return nil, part.place(err)
		}
		if out.Len()+len(text) > data.MaxBuiltText {
			return nil, part.place(failure(data.ErrTextTooLong))
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

func (p compiledPart) eval(vars map[string]any) (string, error) {
	if p.program == nil {
		return p.text, nil
	}
	value, err := p.program.Eval(vars)
	if err != nil {
		return "", err
	}
	text, err := data.Text(value)
	if err != nil {
		return "", failure(err)
	}
	return text, nil
}

// place moves the column of a failure into the template.
func (p compiledPart) place(err error) error {
	var failed *RuntimeError
	if !errors.As(err, &failed) {
		return err
	}
	moved := *failed
	moved.Column = max(failed.Column, 1) + p.column - 1
	return &moved
}
