package expression

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/library"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

const maxPatterns = 16 // matches in one expression: each is compiled when it is checked

func (c *checker) unary(n *ast.UnaryNode) *Type {
	if n.Operator == "not" || n.Operator == "!" {
		c.need(n.Node, Bool(), "false")
		return Bool()
	}
	t := c.need(n.Node, Number(), "0")
	if t.Kind == KindInt {
		return Int()
	}
	return Number()
}

func (c *checker) binary(n *ast.BinaryNode) *Type {
	switch n.Operator {
	case "and", "&&", "or", "||":
		c.need(n.Left, Bool(), "false")
		c.need(n.Right, Bool(), "false")
		return Bool()
	case "??":
		return c.coalesce(n)
	case "==", "!=":
		return c.equality(n)
	case "in":
		return c.membership(n)
	case "<", ">", "<=", ">=":
		return c.ordering(n)
	case "contains", "startsWith", "endsWith":
		return c.textTest(n)
	case "matches":
		return c.matching(n)
	case "..":
		return c.span(n)
	default:
		return c.arithmetic(n)
	}
}

func (c *checker) coalesce(n *ast.BinaryNode) *Type {
	left, _ := c.spine(n.Left, true)
	return unify(withMaybe(left, false), c.visit(n.Right))
}

func (c *checker) equality(n *ast.BinaryNode) *Type {
	left, right := c.visit(n.Left), c.visit(n.Right)
	switch {
	case left.is(KindAny, KindNull) || right.is(KindAny, KindNull):
	case left.isNumber() && right.isNumber():
	case left.Kind != right.Kind:
		hint := hintConvert(left, right)
		if left.Kind == KindBool || right.Kind == KindBool {
			hint = "not binds tighter than ==: write not (a == b)"
		}
		c.report(n.Location(), left.String()+" never equals "+right.String(), hint)
	case left.Kind == KindText:
		c.sameEnum(n, left, right)
	}
	return Bool()
}

// sameEnum finds comparisons of a text that has fixed values with one that it never takes.
func (c *checker) sameEnum(n *ast.BinaryNode, left, right *Type) {
	literal, other, fixed := n.Right, n.Left, left
	if _, ok := n.Right.(*ast.StringNode); !ok {
		literal, other, fixed = n.Left, n.Right, right
	}
	if text, ok := literal.(*ast.StringNode); ok {
		c.oneOf(text, other, fixed)
	}
}

func (c *checker) oneOf(literal *ast.StringNode, other ast.Node, fixed *Type) {
	if fixed.Enum == nil || enumMisfit([]string{literal.Value}, fixed.Enum) == "" {
		return
	}
	hint := syntax.Suggest(literal.Value, fixed.Enum)
	if hint == "" {
		hint = "it is one of " + listNames(fixed.Enum)
	}
	c.report(literal.Location(), pathText(other)+" is never "+data.Quote(literal.Value), hint)
}

func (c *checker) membership(n *ast.BinaryNode) *Type {
	left, right := c.visit(n.Left), c.present(n.Right, "[]")
	switch {
	case right.Kind == KindText:
		c.report(n.Location(), "in needs a list or an object on its right, but this is text", "write "+pathText(n.Right)+" contains "+pathText(n.Left))
	case !right.is(KindAny, KindList, KindObject):
		c.report(n.Location(), "in needs a list or an object on its right, but this is "+right.String(), "")
	case right.Kind == KindObject && !left.is(KindAny, KindText):
		c.report(n.Location(), "the members of an object have text as names, but this is "+left.String(), "")
	case right.Kind == KindList && neverEqual(left, right.element()):
		c.report(n.Location(), left.String()+" is never in "+right.String(), "")
	}
	if list, ok := n.Right.(*ast.ArrayNode); ok {
		for _, item := range list.Nodes {
			if text, ok := item.(*ast.StringNode); ok && left.Kind == KindText {
				c.oneOf(text, n.Left, left)
			}
		}
	}
	return Bool()
}

func neverEqual(a, b *Type) bool {
	open := a.is(KindAny, KindNull) || b.is(KindAny, KindNull)
	return !open && a.Kind != b.Kind && !(a.isNumber() && b.isNumber())
}

func (c *checker) ordering(n *ast.BinaryNode) *Type {
	left, right := c.present(n.Left, "0"), c.present(n.Right, "0")
	for i, t := range []*Type{left, right} {
		if !t.is(KindAny, KindInt, KindNumber, KindText) {
			c.report([]ast.Node{n.Left, n.Right}[i].Location(), n.Operator+" needs numbers or texts, but this is "+t.String(), "")
			return Bool()
		}
	}
	if neverEqual(left, right) {
		c.report(n.Location(), left.String()+" and "+right.String()+" cannot be put in order", hintConvert(left, right))
	}
	return Bool()
}

func (c *checker) textTest(n *ast.BinaryNode) *Type {
	left := c.present(n.Left, `""`)
	if left.Kind == KindList && n.Operator == "contains" {
		c.report(n.Location(), "contains looks into text, but this is a list", "write "+pathText(n.Right)+" in "+pathText(n.Left))
	} else if reason := misfit(left, Text()); reason != "" {
		c.report(n.Left.Location(), reason, hintConvert(left, Text()))
	}
	c.need(n.Right, Text(), `""`)
	return Bool()
}

// matching compiles the pattern here, once for check and run.
func (c *checker) matching(n *ast.BinaryNode) *Type {
	c.need(n.Left, Text(), `""`)
	source, ok := n.Right.(*ast.StringNode)
	if !ok {
		c.visit(n.Right)
		c.report(n.Right.Location(), "the pattern of matches must be constant text", "for a computed part use contains, startsWith, endsWith or glob()")
		return Bool()
	}
	if len(c.patterns) == maxPatterns {
		c.report(n.Location(), "more than "+data.Decimal(maxPatterns)+" patterns in one expression", syntax.HintSplit)
		return Bool()
	}
	compiled, err := library.CompilePattern(source.Value)
	if err != nil {
		c.report(source.Location(), err.Error(), "")
		return Bool()
	}
	c.patterns[n] = compiled
	return Bool()
}

// span checks a..b, whose ends are constants so that its size is known.
func (c *checker) span(n *ast.BinaryNode) *Type {
	from, okFrom := constantInt(n.Left)
	to, okTo := constantInt(n.Right)
	switch {
	case !okFrom || !okTo:
		c.report(n.Location(), "the ends of a range must be constant whole numbers", "write 1..10, and filter it")
	case float64(to)-float64(from) >= MaxListItems:
		c.report(n.Location(), "a range has at most "+data.Decimal(data.MaxListItems)+" numbers", "")
	}
	return ListOf(Int())
}

// constantInt reads a number with or without a minus.
func constantInt(node ast.Node) (int, bool) {
	switch n := node.(type) {
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.UnaryNode:
		if number, ok := n.Node.(*ast.IntegerNode); ok && n.Operator == "-" {
			return -number.Value, true
		}
	}
	return 0, false
}

// arithmetic checks + - * / % **; + also joins texts.
func (c *checker) arithmetic(n *ast.BinaryNode) *Type {
	left, right := c.present(n.Left, "0"), c.present(n.Right, "0")
	if n.Operator == "+" && (left.Kind == KindText || right.Kind == KindText) {
		return c.joining(n, left, right)
	}
	for i, t := range []*Type{left, right} {
		if !t.is(KindAny, KindInt, KindNumber) {
			c.report([]ast.Node{n.Left, n.Right}[i].Location(), n.Operator+" needs numbers, but this is "+t.String(), hintArithmetic(n.Operator, t))
			return Any()
		}
	}
	switch {
	case n.Operator == "+" && (left.Kind == KindAny || right.Kind == KindAny):
		return Any()
	case n.Operator == "%":
		return Int()
	case left.Kind == KindInt && right.Kind == KindInt && n.Operator != "/":
		return Int()
	default:
		return Number()
	}
}

func (c *checker) joining(n *ast.BinaryNode, left, right *Type) *Type {
	for i, t := range []*Type{left, right} {
		if !t.is(KindAny, KindText) {
			c.report([]ast.Node{n.Left, n.Right}[i].Location(), "+ joins text with text, but this is "+t.String(), "write string(...) around it")
		}
	}
	return Text()
}

func hintArithmetic(operator string, t *Type) string {
	switch {
	case t.Kind == KindList && operator == "+":
		return "write concat(a, b)"
	case t.Kind == KindText && strings.Contains("-*/", operator):
		return "use int() or float()"
	default:
		return ""
	}
}
