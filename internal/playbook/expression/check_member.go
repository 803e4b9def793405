package expression

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

// spine walks a chain of members, a.b?.c[0]. guarded is true on the left of ??, where an absent
// value on the way is as good as an absent one at the end. absent tells that the chain may end
// early at a Maybe value.
func (c *checker) spine(node ast.Node, guarded bool) (t *Type, absent bool) {
	switch n := node.(type) {
	case *ast.ChainNode:
		return c.spine(n.Node, guarded)
	case *ast.MemberNode:
		base, absent := c.spine(n.Node, guarded)
		switch {
		case base.Maybe && (n.Optional || guarded):
			absent = true
		case base.Maybe:
			c.reportMaybe(n)
		}
		return c.member(n, withMaybe(base, false)), absent
	default:
		return c.visit(node), false
	}
}

// reportMaybe says how to read a member of a value that may be absent.
func (c *checker) reportMaybe(n *ast.MemberNode) {
	base, message := pathText(n.Node), " may be absent here"
	if strings.HasPrefix(base, "steps.") && strings.Count(base, ".") == 1 {
		message = " may not have run here"
	}
	instead := "read it as " + base
	if base == unnamed {
		instead = "read it with "
	}
	c.report(n.Location(), base+message, instead+"?."+memberText(n)+", or give a default with ??")
}

// member gives the type of one member of base.
func (c *checker) member(n *ast.MemberNode, base *Type) *Type {
	name, constant := n.Property.(*ast.StringNode)
	switch {
	case base.Kind == KindAny:
		c.visit(n.Property)
		return Any()
	case base.Kind == KindObject && constant:
		return c.field(n, base, name.Value)
	case base.Kind == KindObject:
		return c.computedField(n, base)
	case base.Kind == KindList && constant:
		c.report(n.Location(), pathText(n.Node)+" is a list and has no member "+data.Quote(name.Value), hintListMember(n, name.Value))
		return Any()
	case base.Kind == KindList:
		c.need(n.Property, Int(), "0")
		return base.element()
	case constant:
		c.report(n.Location(), pathText(n.Node)+" is "+base.String()+" and has no member "+data.Quote(name.Value), "")
		return Any()
	default:
		c.report(n.Location(), pathText(n.Node)+" is "+base.String()+" and has no items", "for a part of a text write text[0:1]")
		c.visit(n.Property)
		return Any()
	}
}

func (c *checker) field(n *ast.MemberNode, base *Type, name string) *Type {
	if t, ok := base.Fields[name]; ok {
		return known(t)
	}
	if base.Open {
		return base.element()
	}
	hint := syntax.Suggest(name, base.members())
	if hint == "" && len(base.Fields) > 0 {
		hint = "it has " + listNames(base.members())
	}
	c.report(n.Location(), pathText(n.Node)+" has no member "+data.Quote(name), hint)
	return Any()
}

// computedField allows object[name] only where any name may be asked for.
func (c *checker) computedField(n *ast.MemberNode, base *Type) *Type {
	c.need(n.Property, Text(), `""`)
	if base.Open {
		return withMaybe(base.element(), false)
	}
	c.report(n.Location(), "the members of "+pathText(n.Node)+" are read by a constant name", "write get("+pathText(n.Node)+", name) ?? a default")
	return Any()
}

func hintListMember(n *ast.MemberNode, name string) string {
	list := pathText(n.Node)
	switch strings.ToLower(name) {
	case "length", "len", "size", "count":
		return "write len(" + list + ")"
	default:
		return "write map(" + list + ", ." + data.Shorten(name) + ") for all of them, or " + list + "[0]." + data.Shorten(name) + " for the first"
	}
}

func (c *checker) slice(n *ast.SliceNode) *Type {
	t := c.present(n.Node, "[]")
	for _, bound := range []ast.Node{n.From, n.To} {
		if bound != nil {
			c.need(bound, Int(), "0")
		}
	}
	if !t.is(KindAny, KindText, KindList) {
		c.report(n.Location(), "[from:to] needs text or a list, but this is "+t.String(), "")
		return Any()
	}
	if t.Kind == KindText {
		return Text()
	}
	return t
}

// unnamed stands in messages for a value that is not a chain of names.
const unnamed = "this value"

// pathText writes a chain of names as in the source, such as steps.ask.
func pathText(node ast.Node) string {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return data.Shorten(n.Value)
	case *ast.ChainNode:
		return pathText(n.Node)
	case *ast.PointerNode:
		return "#" + data.Shorten(n.Name)
	case *ast.MemberNode:
		base := pathText(n.Node)
		if base == unnamed {
			return base
		}
		return joinPath(n, base)
	default:
		return unnamed
	}
}

func joinPath(n *ast.MemberNode, base string) string {
	member, mark := memberText(n), "."
	if n.Optional {
		mark = "?."
	}
	if strings.HasPrefix(member, "[") && !n.Optional {
		mark = ""
	}
	if base == "#" {
		base = ""
	}
	return data.Clip(base + mark + member)
}

// memberText writes what stands after the dot, or the brackets.
func memberText(n *ast.MemberNode) string {
	switch property := n.Property.(type) {
	case *ast.StringNode:
		if isName(property.Value) {
			return data.Shorten(property.Value)
		}
		return "[" + data.Quote(property.Value) + "]"
	case *ast.IntegerNode:
		return "[" + data.Decimal(property.Value) + "]"
	default:
		return "[...]"
	}
}

// isName reports whether text can stand after a dot.
func isName(text string) bool {
	for i, r := range text {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != ""
}
