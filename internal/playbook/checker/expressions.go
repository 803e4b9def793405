package checker

import (
	"regexp"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// RuleExpression: an expression does not parse, reads what is not there, or has
// the wrong type.
const RuleExpression = "expression"

// condition checks an expression that must be true or false.
func (p *pass) condition(e *ast.Expr, here *scope) { p.expr(e, here, expression.Bool()) }

// expr checks one expression against the type its place asks for (nil: any).
func (p *pass) expr(e *ast.Expr, here *scope, want *expression.Type) {
	if e == nil {
		return
	}
	p.check(e, p.environment(here), here, want)
}

func (p *pass) check(e *ast.Expr, env expression.Environment, here *scope, want *expression.Type) *expression.Type {
	program, problems := expression.Compile(e.Source, env, want)
	for _, problem := range problems {
		message, hint := problem.Message, problem.Hint
		if better, how := p.explain(e.Source, problem, here); better != "" {
			message, hint = better, how
		}
		p.Report(e.At(problem.Column-1), problem.Length, RuleExpression, message, hint)
	}
	if program == nil || program.Type() == nil {
		return expression.Any()
	}
	return program.Type()
}

// explain gives a better message when the problem is a step that exists but cannot
// be read here.
func (p *pass) explain(source string, problem expression.Problem, here *scope) (message, hint string) {
	if here == nil {
		return "", ""
	}
	runes := []rune(source)
	from := min(max(problem.Column-1, 0), len(runes))
	to := min(from+problem.Length, len(runes))
	for _, candidate := range []string{string(runes[from:to]), quoted(problem.Message)} {
		id := candidate[strings.LastIndexAny(candidate, ".[")+1:]
		if _, visible := here.steps[id]; visible && !here.steps[id].hidden {
			continue
		}
		if message, hint := p.notHere(id, here); message != "" && strings.Contains(source, "steps") {
			return message, hint
		}
	}
	return "", ""
}

// quoted gives the first word in quotes of a message.
func quoted(message string) string {
	found := regexp.MustCompile(`"([a-z][a-z0-9_]*)"`).FindStringSubmatch(message)
	if len(found) < 2 {
		return ""
	}
	return found[1]
}

// text checks a value that becomes text.
func (p *pass) text(v *ast.Value, here *scope) {
	if v == nil {
		return
	}
	env := p.environment(here)
	for _, e := range v.Exprs() {
		p.check(e, env, here, nil)
	}
}

// valueType checks the expressions of a value and gives its type.
func (p *pass) valueType(v *ast.Value, env expression.Environment, here *scope) *expression.Type {
	switch v.Kind {
	case ast.Whole:
		return p.check(v.Expr, env, here, nil)
	case ast.List:
		elem := (*expression.Type)(nil)
		for i := range v.Items {
			elem = p.valueType(&v.Items[i], env, here)
		}
		if len(v.Items) != 1 {
			elem = expression.Any()
		}
		return expression.ListOf(elem)
	case ast.Map:
		fields := map[string]*expression.Type{}
		for i := range v.Fields {
			fields[v.Fields[i].Name.Value] = p.valueType(&v.Fields[i].Value, env, here)
		}
		return expression.ObjectOf(fields)
	case ast.Mixed:
		for _, e := range v.Exprs() {
			p.check(e, env, here, nil)
		}
		return expression.Text()
	default:
		return literalType(v.Literal)
	}
}

func literalType(value any) *expression.Type {
	switch value.(type) {
	case bool:
		return expression.Bool()
	case int:
		return expression.Int()
	case float64:
		return expression.Number()
	case string:
		return expression.Text()
	default:
		return expression.Any()
	}
}
