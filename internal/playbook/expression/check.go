package expression

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/library"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

// Environment gives the types of the names that an expression may read.
type Environment map[string]*Type

const maxPredicates = 2 // one inside another: 256 items each give 65,536 turns

// checker finds all type faults of a tree in one walk. It reports and goes on with Any, so that
// one fault gives one problem.
type checker struct {
	env      Environment
	untyped  bool // every name is known and of any type: the expression was checked before
	problems []Problem
	names    []declared                           // by let, innermost last
	items    []*Type                              // item types of the predicates around, innermost last
	patterns map[*ast.BinaryNode]*library.Pattern // of matches
	used     map[*ast.IdentifierNode]bool         // reads of the environment, not of let
}

type declared struct {
	name  string
	value *Type
}

func newChecker(env Environment, untyped bool) *checker {
	return &checker{env: env, untyped: untyped, patterns: map[*ast.BinaryNode]*library.Pattern{}, used: map[*ast.IdentifierNode]bool{}}
}

func (c *checker) report(place file.Location, message, hint string) {
	c.problems = append(c.problems, syntax.ProblemAt(place, message, hint))
}

// visit gives the type of a node, never nil.
func (c *checker) visit(node ast.Node) *Type {
	switch n := node.(type) {
	case *ast.NilNode:
		return Null()
	case *ast.BoolNode:
		return Bool()
	case *ast.IntegerNode:
		return Int()
	case *ast.FloatNode:
		return Number()
	case *ast.StringNode:
		return EnumOf(n.Value)
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ChainNode, *ast.MemberNode:
		t, absent := c.spine(n, false)
		return withMaybe(t, t.Maybe || absent)
	case *ast.SliceNode:
		return c.slice(n)
	case *ast.CallNode:
		return c.call(n)
	case *ast.BuiltinNode:
		return c.predicate(n)
	default:
		return c.structure(node)
	}
}

func (c *checker) visitAll(nodes []ast.Node) {
	for _, node := range nodes {
		c.visit(node)
	}
}

// structure gives the types of the nodes that put others together.
func (c *checker) structure(node ast.Node) *Type {
	switch n := node.(type) {
	case *ast.ConditionalNode:
		c.need(n.Cond, Bool(), "false")
		return unify(c.visit(n.Exp1), c.visit(n.Exp2))
	case *ast.VariableDeclaratorNode:
		return c.declaration(n)
	case *ast.ArrayNode:
		return c.list(n)
	case *ast.MapNode:
		return c.object(n)
	case *ast.SequenceNode:
		c.report(n.Location(), "an expression is one value; ; stands only after let name = value", "")
		return Any()
	default:
		c.report(node.Location(), "this form is not part of the language", "")
		return Any()
	}
}

// need visits a node whose value must fit want; otherwise is a default to suggest.
func (c *checker) need(node ast.Node, want *Type, otherwise string) *Type {
	t := c.visit(node)
	if t.Maybe || t.Kind == KindNull {
		c.reportAbsent(node, t, otherwise)
	} else if reason := misfit(t, want); reason != "" {
		c.report(node.Location(), reason, hintConvert(t, want))
	}
	return t
}

// present visits a node whose value is used, and must therefore be there.
func (c *checker) present(node ast.Node, otherwise string) *Type {
	t := c.visit(node)
	if t.Maybe {
		c.reportAbsent(node, t, otherwise)
		return withMaybe(t, false)
	}
	return t
}

// reportAbsent suggests a default of the type that the value would have, or otherwise.
func (c *checker) reportAbsent(node ast.Node, t *Type, otherwise string) {
	if !t.is(KindAny, KindNull) {
		otherwise = defaultFor(t.Kind)
	}
	path, value := pathText(node), pathText(node)
	if path == unnamed {
		value = "..."
	}
	c.report(node.Location(), path+" may be absent here", "give a default: ("+value+" ?? "+otherwise+")")
}

func hintConvert(t, want *Type) string {
	switch {
	case want.Enum != nil && t.Enum != nil:
		return suggestEnum(t.Enum, want.Enum)
	case want.Kind == KindInt && t.Kind == KindNumber:
		return "use round(), floor() or int()"
	case want.isNumber() && t.Kind == KindText:
		return "use int() or float()"
	case want.Kind == KindText && t.isNumber():
		return "use string()"
	case want.Kind == KindBool && t.Kind == KindList:
		return "to ask whether there are items, write len(...) > 0"
	default:
		return ""
	}
}

// suggestEnum suggests for the first text that is not wanted.
func suggestEnum(have, want []string) string {
	for _, value := range have {
		if !slices.Contains(want, value) {
			return syntax.Suggest(value, want)
		}
	}
	return ""
}

// identifier resolves a name: let first, then the environment.
func (c *checker) identifier(n *ast.IdentifierNode) *Type {
	for i := len(c.names) - 1; i >= 0; i-- {
		if c.names[i].name == n.Value {
			return c.names[i].value
		}
	}
	c.used[n] = true
	if strings.HasPrefix(n.Value, "$") {
		c.report(n.Location(), "names do not start with $", "write the name of a value, such as alert or input")
		return Any()
	}
	if c.untyped {
		return Any()
	}
	t, ok := c.env[n.Value]
	if !ok {
		c.report(n.Location(), "there is no value called "+data.Quote(n.Value), c.hintName(n.Value))
	}
	return known(t)
}

// hintName guesses what an unknown name was meant to be.
func (c *checker) hintName(name string) string {
	switch strings.ToLower(name) {
	case "null", "none", "undefined":
		return "write nil"
	case "true", "false", "and", "or", "not", "in":
		return "write " + strings.ToLower(name) + " in lower case"
	}
	if len(c.items) > 0 {
		if _, ok := c.items[len(c.items)-1].Fields[name]; ok {
			return "for a member of the item write ." + name
		}
	}
	if _, ok := library.Find(name); ok {
		return name + " is a function: write " + name + "(...)"
	}
	names := (&Type{Fields: c.env}).members()
	for _, declared := range c.names {
		names = append(names, declared.name)
	}
	if hint := syntax.Suggest(name, names); hint != "" {
		return hint
	}
	return "known here: " + listNames(names)
}

// pointer gives the type of # and of #index inside a predicate.
func (c *checker) pointer(n *ast.PointerNode) *Type {
	switch {
	case len(c.items) == 0:
		c.report(n.Location(), "# and .name stand for the item, inside any(), filter(), map() and their like", "")
	case n.Name == "index":
		return Int()
	case n.Name != "":
		c.report(n.Location(), "#"+data.Shorten(n.Name)+" is not part of the language", "# is the item, #index its place from 0")
	default:
		return c.items[len(c.items)-1]
	}
	return Any()
}

// declaration checks let name = value; rest.
func (c *checker) declaration(n *ast.VariableDeclaratorNode) *Type {
	_, isFunction := library.Find(n.Name)
	_, isValue := c.env[n.Name]
	isName := slices.ContainsFunc(c.names, func(d declared) bool { return d.name == n.Name })
	if isName || isFunction || isValue || library.IsPredicate(n.Name) || strings.HasPrefix(n.Name, "$") {
		c.report(n.Location(), data.Quote(n.Name)+" already has a meaning", "choose another name")
	}
	value := c.visit(n.Value)
	c.names = append(c.names, declared{n.Name, value})
	t := c.visit(n.Expr)
	c.names = c.names[:len(c.names)-1]
	return t
}

func (c *checker) list(n *ast.ArrayNode) *Type {
	if len(n.Nodes) == 0 {
		return ListOf(nil)
	}
	elem := c.visit(n.Nodes[0])
	for _, node := range n.Nodes[1:] {
		elem = unify(elem, c.visit(node))
	}
	return ListOf(elem)
}

func (c *checker) object(n *ast.MapNode) *Type {
	fields := map[string]*Type{}
	for _, node := range n.Pairs {
		pair := node.(*ast.PairNode)
		name, ok := pair.Key.(*ast.StringNode)
		if !ok {
			c.report(pair.Key.Location(), "the name of a member must be constant", "build it with fromPairs([[name, value]])")
			c.visit(pair.Key)
			continue
		}
		if _, twice := fields[name.Value]; twice {
			c.report(name.Location(), "the member "+data.Quote(name.Value)+" is given twice", "")
		}
		fields[name.Value] = c.visit(pair.Value)
	}
	return ObjectOf(fields)
}
