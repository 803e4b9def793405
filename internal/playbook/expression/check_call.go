package expression

import (
	"github.com/expr-lang/expr/ast"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/library"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

// refusal says why a function of expr is not in the language, and what to write instead.
var refusal = map[string]string{
	"reduce":     "use sum(), min(), max(), join() or groupBy(), or a repeat step",
	"now":        "now is a value: write now, without ()",
	"date":       "instants are RFC 3339 text: use before(), after() and parse_time()",
	"timezone":   "instants are compared in UTC: use before(), after() and parse_time()",
	"type":       "types are known when the playbook is checked",
	"toBase64":   "encode in a connector action",
	"fromBase64": "decode in a connector action",
	"if":         "write condition ? a : b",
	"print":      "a playbook's outputs are its steps' outputs",
}

// call checks name(...), and policy.preauthorised(name), the one method of the language.
func (c *checker) call(n *ast.CallNode) *Type {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return c.method(n)
	}
	f, ok := library.Find(callee.Value)
	if !ok {
		c.visitAll(n.Arguments)
		c.reportFunction(n, callee.Value)
		return Any()
	}
	return resultType(f.Result, c.arguments(n, f))
}

func (c *checker) reportFunction(n *ast.CallNode, name string) {
	hint, refused := refusal[name]
	if refused {
		c.report(n.Location(), data.Shorten(name)+"() is not part of the language", hint)
		return
	}
	if _, isValue := c.env[name]; isValue {
		c.report(n.Location(), data.Shorten(name)+" is a value, not a function", "write "+data.Shorten(name)+" without ()")
		return
	}
	c.report(n.Location(), "there is no function called "+data.Quote(name), syntax.Suggest(name, library.Names()))
}

func (c *checker) arguments(n *ast.CallNode, f *library.Function) []*Type {
	types := make([]*Type, len(n.Arguments))
	for i, argument := range n.Arguments {
		p, fits := f.At(i)
		if !fits || len(p.Kinds) == 0 {
			types[i] = c.visit(argument)
			continue
		}
		t := c.present(argument, defaultFor(p.Kinds[0]))
		if t.Kind != KindAny && !p.Accepts(t.Kind) {
			c.report(argument.Location(), f.Name+"() needs "+p.Wants()+" for "+p.Name+", but this is "+t.String(),
				hintConvert(t, &Type{Kind: p.Kinds[0]}))
		}
		types[i] = t
	}
	if problem := f.CountMisfit(len(n.Arguments)); problem != "" {
		c.report(n.Location(), problem, f.Signature)
	}
	return types
}

// resultType gives the type of a call with arguments of these types.
func resultType(r library.Result, args []*Type) *Type {
	t := &Type{Kind: r.Kind, Elem: &Type{Kind: r.Elem}, Open: r.Kind == KindObject}
	if r.From != "" {
		t = Any()
	}
	if r.From != "" && len(args) > 0 && args[0].Kind == KindList {
		t = args[0]
		if r.From == "item" {
			t = t.element()
		}
	}
	return withMaybe(t, r.Maybe)
}

// defaultFor writes an empty value of a kind, for hints.
func defaultFor(kind Kind) string {
	switch kind {
	case KindText:
		return `""`
	case KindList:
		return "[]"
	case KindObject:
		return "{}"
	case KindBool:
		return "false"
	default:
		return "0"
	}
}

// method allows policy.preauthorised(name) and refuses every other call on a value.
func (c *checker) method(n *ast.CallNode) *Type {
	if !isPreauthorised(n.Callee) {
		c.visitAll(syntax.Children(n.Callee)[:1])
		c.visitAll(n.Arguments)
		c.report(n.Location(), "values have no methods", "functions are called as name(value)")
		return Any()
	}
	if t := c.visit(n.Callee); !t.is(KindAny, KindList) {
		c.report(n.Location(), "policy.preauthorised must be a list of text, but is "+t.String(), "")
	}
	if len(n.Arguments) != 1 {
		c.report(n.Location(), "policy.preauthorised() needs 1 argument, but has "+data.Decimal(len(n.Arguments)), "")
	}
	for _, argument := range n.Arguments {
		c.need(argument, Text(), `""`)
	}
	return Bool()
}

func isPreauthorised(callee ast.Node) bool {
	member, ok := callee.(*ast.MemberNode)
	if !ok || member.Optional {
		return false
	}
	policy, ok := member.Node.(*ast.IdentifierNode)
	name, constant := member.Property.(*ast.StringNode)
	return ok && constant && policy.Value == "policy" && name.Value == "preauthorised"
}

// predicate checks a function that runs its second argument once for each item.
func (c *checker) predicate(n *ast.BuiltinNode) *Type {
	if !library.IsPredicate(n.Name) {
		c.report(n.Location(), data.Shorten(n.Name)+"() is not part of the language", refusal[n.Name])
		return Any()
	}
	want := ListOf(nil)
	if n.Name == "sum" && len(n.Arguments) == 1 {
		want = ListOf(Number())
	}
	list := c.need(n.Arguments[0], want, "[]")
	if list.Kind == KindObject && !list.Maybe {
		c.problems[len(c.problems)-1].Hint = "write values(...) for the members"
	}
	item := list.element()
	body := c.body(n, item)
	if len(n.Arguments) > 2 {
		c.need(n.Arguments[2], EnumOf("asc", "desc"), `"asc"`)
	}
	switch n.Name {
	case "filter", "sortBy":
		return ListOf(item)
	case "map":
		return ListOf(body)
	case "find", "findLast":
		return Optional(item)
	case "count":
		return Int()
	case "findIndex", "findLastIndex":
		return Optional(Int())
	case "groupBy":
		return OpenObject(ListOf(item))
	case "sum":
		return sumType(body)
	default:
		return Bool()
	}
}

// body checks the predicate itself, with # as item.
func (c *checker) body(n *ast.BuiltinNode, item *Type) *Type {
	if len(n.Arguments) < 2 {
		if n.Name != "sum" {
			c.report(n.Location(), n.Name+"() needs a test", "for the number of items write len(...)")
		}
		return item
	}
	if len(c.items) == maxPredicates {
		c.report(n.Location(), "tests are nested deeper than "+data.Decimal(maxPredicates), syntax.HintSplit)
	}
	inner := n.Arguments[1].(*ast.PredicateNode).Node
	c.items = append(c.items, item)
	defer func() { c.items = c.items[:len(c.items)-1] }()
	switch n.Name {
	case "map", "groupBy":
		return c.visit(inner)
	case "sum":
		return c.need(inner, Number(), "0")
	case "sortBy":
		return c.present(inner, "0")
	default:
		return c.need(inner, Bool(), "false")
	}
}

func sumType(item *Type) *Type {
	if item.Kind == KindInt {
		return Int()
	}
	return Number()
}
