package expression

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/library"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

// rewriter replaces every node whose cost or order depends on data by a metered call. What stays
// for expr's machine are constants, names, jumps (and, or, ??, ?:, ?.), loops, and the making of
// lists and objects written out in the source: work in proportion to the nodes of the program,
// which is paid for at the start, and in each turn of a loop.
//
// It only looks at the form of the tree, never at types, so that a program compiled against a
// typed environment and one compiled for run time are the same.
type rewriter struct {
	patterns map[*ast.BinaryNode]*library.Pattern
}

// operation builds a call. The meter comes last: a chain that ends at ?. jumps out of the first
// argument, when nothing else is on the machine's stack yet.
func operation(place file.Location, name string, args ...ast.Node) ast.Node {
	call := &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: append(args, &ast.IdentifierNode{Value: library.MeterName})}
	call.SetLocation(place)
	return call
}

func (r *rewriter) node(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.UnaryNode:
		return r.unary(n)
	case *ast.BinaryNode:
		return r.binary(n)
	case *ast.ChainNode, *ast.MemberNode:
		return r.chain(n, false)
	case *ast.SliceNode:
		return operation(n.Location(), library.OpSlice, r.node(n.Node), r.orNil(n.From), r.orNil(n.To))
	case *ast.CallNode:
		return r.call(n)
	case *ast.BuiltinNode:
		return r.predicate(n)
	case *ast.ConditionalNode:
		return at(n, &ast.ConditionalNode{Cond: r.condition(n.Cond), Exp1: r.node(n.Exp1), Exp2: r.node(n.Exp2)})
	case *ast.VariableDeclaratorNode:
		return at(n, &ast.VariableDeclaratorNode{Name: n.Name, Value: r.node(n.Value), Expr: r.node(n.Expr)})
	case *ast.ArrayNode:
		return at(n, &ast.ArrayNode{Nodes: r.nodes(n.Nodes)})
	case *ast.MapNode:
		return at(n, &ast.MapNode{Pairs: r.nodes(n.Pairs)})
	case *ast.PairNode:
		return at(n, &ast.PairNode{Key: n.Key, Value: r.node(n.Value)})
	default:
		return node // constants, names and #
	}
}

func (r *rewriter) nodes(nodes []ast.Node) []ast.Node {
	out := make([]ast.Node, len(nodes))
	for i, node := range nodes {
		out[i] = r.node(node)
	}
	return out
}

func (r *rewriter) orNil(node ast.Node) ast.Node {
	if node == nil {
		return &ast.NilNode{}
	}
	return r.node(node)
}

// at gives the new node the place of the old one.
func at(old, replacement ast.Node) ast.Node {
	replacement.SetLocation(old.Location())
	return replacement
}

// condition makes sure that the machine only jumps on true and false.
func (r *rewriter) condition(node ast.Node) ast.Node {
	if givesBool(node) {
		return r.node(node)
	}
	return operation(node.Location(), library.OpBool, r.node(node))
}

// givesBool recognises nodes that can give nothing else.
func givesBool(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.BoolNode:
		return true
	case *ast.UnaryNode:
		return n.Operator == "not" || n.Operator == "!"
	case *ast.BinaryNode:
		return slices.Contains([]string{"and", "&&", "or", "||", "==", "!=", "<", "<=", ">", ">=", "in",
			"matches", "contains", "startsWith", "endsWith"}, n.Operator)
	case *ast.BuiltinNode:
		return slices.Contains([]string{"all", "any", "none", "one"}, n.Name)
	default:
		return false
	}
}

func (r *rewriter) unary(n *ast.UnaryNode) ast.Node {
	switch n.Operator {
	case "-":
		return operation(n.Location(), library.OpNegate, r.node(n.Node))
	case "+":
		return operation(n.Location(), library.OpSame, r.node(n.Node))
	default:
		return at(n, &ast.UnaryNode{Operator: "not", Node: r.condition(n.Node)})
	}
}

func (r *rewriter) binary(n *ast.BinaryNode) ast.Node {
	switch n.Operator {
	case "and", "&&", "or", "||":
		return at(n, &ast.BinaryNode{Operator: n.Operator, Left: r.condition(n.Left), Right: r.condition(n.Right)})
	case "??":
		return at(n, &ast.BinaryNode{Operator: "??", Left: r.lenient(n.Left), Right: r.node(n.Right)})
	case "!=":
		equal := operation(n.Location(), library.Operator("=="), r.node(n.Left), r.node(n.Right))
		return at(n, &ast.UnaryNode{Operator: "not", Node: equal})
	case "matches":
		return operation(n.Location(), library.Operator("matches"), r.node(n.Left), &ast.ConstantNode{Value: r.patterns[n]})
	case "..":
		from, _ := constantInt(n.Left)
		to, _ := constantInt(n.Right)
		return operation(n.Location(), library.Operator(".."), &ast.IntegerNode{Value: from}, &ast.IntegerNode{Value: to})
	default:
		return operation(n.Location(), library.Operator(n.Operator), r.node(n.Left), r.node(n.Right))
	}
}

// lenient rewrites the left of ??: every member on the way may be absent.
func (r *rewriter) lenient(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.ChainNode, *ast.MemberNode:
		return r.chain(n, true)
	default:
		return r.node(node)
	}
}

// chain rewrites a chain of members and makes the end of all of it the place that ?. jumps to.
// expr's parser ends a chain before an index, so that a?.b[0] would fail where a is null.
func (r *rewriter) chain(node ast.Node, lenient bool) ast.Node {
	return at(node, &ast.ChainNode{Node: r.spine(node, lenient)})
}

// spine rewrites the members of a chain.
func (r *rewriter) spine(node ast.Node, lenient bool) ast.Node {
	switch n := node.(type) {
	case *ast.ChainNode:
		return r.spine(n.Node, lenient)
	case *ast.MemberNode:
		base, key := r.spine(n.Node, lenient), r.node(n.Property)
		if !n.Optional && !lenient {
			return operation(n.Location(), library.OpMember, base, key)
		}
		open := operation(n.Location(), library.OpOpen, base, key)
		return at(n, &ast.MemberNode{Node: open, Property: &ast.IntegerNode{Value: 0}, Optional: true})
	default:
		return r.node(node)
	}
}

func (r *rewriter) call(n *ast.CallNode) ast.Node {
	args := r.nodes(n.Arguments)
	if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
		return operation(n.Location(), callee.Value, args...)
	}
	names := r.lenient(n.Callee) // policy.preauthorised; a policy without it authorises nothing
	return operation(n.Location(), library.OpApproved, append([]ast.Node{names}, args...)...)
}

// predicate keeps the loop of the machine and puts a payment into each turn.
func (r *rewriter) predicate(n *ast.BuiltinNode) ast.Node {
	place := n.Location()
	if len(n.Arguments) == 1 {
		return operation(place, library.OpSum, operation(place, library.OpList, r.node(n.Arguments[0])))
	}
	list := operation(n.Arguments[0].Location(), library.OpList, r.node(n.Arguments[0]))
	inner := n.Arguments[1].(*ast.PredicateNode).Node
	switch n.Name {
	case "map":
		return loop(n, "map", list, paid(library.OpTurn, r.node(inner)))
	case "sum":
		return operation(place, library.OpSum, loop(n, "map", list, paid(library.OpTurn, r.node(inner))))
	case "groupBy":
		return operation(place, library.OpGroup, pairs(n, list, r.node(inner)))
	case "sortBy":
		return operation(place, library.OpSort, pairs(n, list, r.node(inner)), r.order(n))
	case "findLast":
		return operation(place, library.OpLast, pairs(n, list, r.condition(inner)))
	case "findLastIndex":
		return operation(place, library.OpLastIndex, pairs(n, list, r.condition(inner)))
	default:
		return loop(n, n.Name, list, paid(library.OpTest, r.node(inner)))
	}
}

// pairs makes a list of [value of the predicate, item], for what expr's machine cannot be trusted
// with: its sortBy and groupBy have no bound, and its findLast and findLastIndex (1.17.8) leave a
// value on the stack in every turn, which then turns up in lists around them.
func pairs(n *ast.BuiltinNode, list, value ast.Node) ast.Node {
	pair := &ast.ArrayNode{Nodes: []ast.Node{value, &ast.PointerNode{}}}
	return loop(n, "map", list, paid(library.OpTurn, at(value, pair)))
}

func (r *rewriter) order(n *ast.BuiltinNode) ast.Node {
	if len(n.Arguments) > 2 {
		return r.node(n.Arguments[2])
	}
	return &ast.StringNode{Value: "asc"}
}

func loop(old ast.Node, name string, list, turn ast.Node) ast.Node {
	predicate := &ast.PredicateNode{Node: turn}
	return at(old, &ast.BuiltinNode{Name: name, Arguments: []ast.Node{list, at(turn, predicate)}})
}

// paid wraps the body of a loop into the operation that pays for one turn of it.
func paid(name string, inner ast.Node) ast.Node {
	return operation(inner.Location(), name, inner, &ast.IntegerNode{Value: cost(inner) + library.WorkPerCall})
}

// cost is the work of a rewritten tree apart from what depends on data: loops pay for their turns
// as they go, and operations for the size of what they are given.
func cost(node ast.Node) int {
	total := library.WorkPerNode
	switch n := node.(type) {
	case *ast.PredicateNode:
		return 0
	case *ast.CallNode:
		total = library.WorkPerCall - 2 // the name and the meter are counted as nodes
	case *ast.MapNode:
		total = library.WorkPerMap + library.WorkPerPair*len(n.Pairs)
	case *ast.ArrayNode:
		total = library.WorkPerCall + len(n.Nodes)
	case *ast.MemberNode:
		total = library.WorkPerCall
	}
	for _, child := range syntax.Children(node) {
		total += cost(child)
	}
	return total
}
