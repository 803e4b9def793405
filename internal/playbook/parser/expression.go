package parser

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
)

// expression reads a bare expression and finds what YAML or braces made of it.
func (p *parser) expression(n *strictyaml.Node, name string) *ast.Expr {
	if n.Bad {
		return nil
	}
	if !n.IsScalar() {
		p.Fault(n, strictyaml.RuleWrongType, fmt.Sprintf("%s must be an expression, this is %s", name, n.Kind),
			"put an expression that starts with [ or { in quotes")
		return nil
	}
	source := strings.TrimSpace(n.Text)
	switch {
	case p.swallowed(n, source):
		return nil
	case strings.Contains(source, "${{"):
		p.Fault(n, RuleTemplate, name+" takes a bare expression, without ${{ }}", bareHint(name, source))
		return nil
	case strings.Contains(source, "{{"):
		p.Fault(n, strictyaml.RuleBraces, name+" takes a bare expression, without {{ }}", bareHint(name, source))
		return nil
	case source == "":
		p.Fault(n, strictyaml.RuleWrongType, name+" is empty", "write an expression, or remove the key")
		return nil
	}
	leading := n.Text[:len(n.Text)-len(strings.TrimLeft(n.Text, " \t\r\n"))]
	return &ast.Expr{Source: source, Node: n, Start: utf8.RuneCountInString(leading)}
}

// bareHint shows the expression without its braces.
func bareHint(name, source string) string {
	bare := strings.Join(strings.Fields(strings.NewReplacer("${{", "", "{{", "", "}}", "").Replace(source)), " ")
	if utf8.RuneCountInString(bare) > 60 || strings.Count(source, "{{") > 1 {
		return "remove the braces"
	}
	return fmt.Sprintf("write %s: %s", name, bare)
}

// swallowed reports an expression that ends in the middle because YAML took the rest
// of the line for a comment.
func (p *parser) swallowed(n *strictyaml.Node, source string) bool {
	if n.Style != strictyaml.Plain || !strings.HasPrefix(n.Trailing(), "#") || !unfinished(source) {
		return false
	}
	p.Fault(n, RuleComment, "a comment swallowed the end of this expression: # after a space starts a comment",
		"write .name for a member of the item, or put the whole expression in quotes")
	return true
}

// unfinished tells whether a text cannot be a whole expression: brackets are open, or
// it ends with a comma or an operator.
func unfinished(source string) bool {
	depth := 0
	quote := rune(0)
	for _, r := range source {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
		case strings.ContainsRune("([{", r):
			depth++
		case strings.ContainsRune(")]}", r):
			depth--
		}
	}
	if depth > 0 || quote != 0 || source == "" {
		return true
	}
	for _, tail := range []string{",", "+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "|", "?", ":", " and", " or", " not", " in", " matches", " contains"} {
		if strings.HasSuffix(source, tail) {
			return true
		}
	}
	return false
}

// value reads any value; ${{ }} inside text becomes expressions.
func (p *parser) value(n *strictyaml.Node) ast.Value {
	value := ast.Value{Node: n, Kind: ast.Literal}
	if n.Bad {
		return value
	}
	switch n.Kind {
	case strictyaml.List:
		value.Kind = ast.List
		for _, item := range n.Items {
			value.Items = append(value.Items, p.value(item))
		}
	case strictyaml.Map:
		value.Kind = ast.Map
		value.Fields = p.values(n)
	case strictyaml.String:
		p.template(n, &value)
	default:
		value.Literal = n.Data()
	}
	return value
}

// values reads the fields of a mapping.
func (p *parser) values(n *strictyaml.Node) []ast.Field {
	var fields []ast.Field
	for _, entry := range n.Entries {
		if strings.Contains(entry.Key.Text, "{{") {
			p.Fault(entry.Key, RuleNoExpr, "a key takes no expression", "write the name itself")
			continue
		}
		fields = append(fields, ast.Field{Name: ast.Text{Value: entry.Key.Text, Node: entry.Key}, Value: p.value(entry.Value)})
	}
	return fields
}

// template splits a text at its ${{ }}.
func (p *parser) template(n *strictyaml.Node, value *ast.Value) {
	if !strings.Contains(n.Text, "{{") {
		value.Literal = n.Text
		if len(n.Text) > grammar.MaxText {
			p.Fault(n, strictyaml.RuleLimit, fmt.Sprintf("the text is longer than %d bytes", grammar.MaxText), "")
		}
		return
	}
	parts, problems := expression.ParseTemplate(n.Text)
	if len(problems) > 0 {
		p.templateProblems(n, problems)
		return
	}
	if len(parts) == 1 && parts[0].Expression && strings.HasPrefix(n.Text, "${{") && strings.HasSuffix(n.Text, "}}") {
		value.Kind, value.Expr = ast.Whole, p.part(n, parts[0])
		return
	}
	value.Kind = ast.Mixed
	for _, part := range parts {
		if part.Expression {
			value.Parts = append(value.Parts, ast.Part{Expr: p.part(n, part)})
		} else {
			value.Parts = append(value.Parts, ast.Part{Text: part.Text})
		}
	}
}

func (p *parser) part(n *strictyaml.Node, part expression.Part) *ast.Expr {
	return &ast.Expr{Source: part.Text, Node: n, Start: part.Column - 1}
}

func (p *parser) templateProblems(n *strictyaml.Node, problems []expression.Problem) {
	if n.Style == strictyaml.Plain && strings.HasPrefix(n.Trailing(), "#") {
		p.Fault(n, RuleComment, "a comment swallowed the end of this expression: # after a space starts a comment",
			"put the whole value in quotes")
		return
	}
	for _, problem := range problems {
		rule := RuleExpression
		if strings.HasPrefix(problem.Message, "{{") {
			rule = strictyaml.RuleBraces
		}
		p.Report(n.At(problem.Column-1), problem.Length, rule, problem.Message, problem.Hint)
	}
	n.Bad = true
}
