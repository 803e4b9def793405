package syntax

import (
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

const maxNodes = 256

// Parse guards and parses src. The tree it gives has at most maxNodes nodes and shares none.
func Parse(src string) (tree *parser.Tree, problems []Problem) {
	defer func() {
		if recover() != nil {
			tree, problems = nil, []Problem{NewProblem(1, 1, "the expression cannot be read", "")}
		}
	}()
	if problems = guard(src); len(problems) > 0 {
		return nil, problems
	}
	tree, err := parser.ParseWithConfig(src, &conf.Config{MaxNodes: maxNodes, Disabled: disabled})
	if err != nil {
		return nil, []Problem{syntaxProblem(src, err)}
	}
	shape := shape{seen: map[ast.Node]bool{}}
	shape.visit(tree.Node)
	if shape.nodes > maxNodes {
		problem := NewProblem(1, utf8.RuneCountInString(src), "the expression has more than "+data.Decimal(maxNodes)+" parts", HintSplit)
		return nil, []Problem{problem}
	}
	return tree, shape.problems
}

// disabled makes the parser read every function call the same way, save for those that
// take a predicate, which expr's grammar knows by name.
var disabled = disableBuiltins()

func disableBuiltins() map[string]bool {
	disabled := make(map[string]bool, len(builtin.Builtins))
	for _, function := range builtin.Builtins {
		disabled[function.Name] = true
	}
	return disabled
}

// shape counts nodes and finds shared ones. expr's parser shares the middle of `a < b < c` and the
// left of `a ?: b`; nested, 2^32 visits would hide behind a hundred nodes.
type shape struct {
	seen     map[ast.Node]bool
	nodes    int
	problems []Problem
}

func (s *shape) visit(node ast.Node) {
	if s.seen[node] {
		s.problems = append(s.problems, ProblemAt(node.Location(), "comparisons cannot be chained here", "write a < b and b < c"))
		return
	}
	s.seen[node] = true
	if s.nodes++; s.nodes > maxNodes {
		return
	}
	for _, child := range Children(node) {
		s.visit(child)
	}
}

// ProblemAt is NewProblem for a place that expr gave.
func ProblemAt(place file.Location, message, hint string) Problem {
	return NewProblem(place.From+1, place.To-place.From, message, hint)
}

// Children gives the nodes directly below node, left to right, without absent ones.
func Children(node ast.Node) []ast.Node {
	var all []ast.Node
	switch n := node.(type) {
	case *ast.UnaryNode:
		all = []ast.Node{n.Node}
	case *ast.BinaryNode:
		all = []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		all = []ast.Node{n.Node}
	case *ast.MemberNode:
		all = []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		all = []ast.Node{n.Node, n.From, n.To}
	case *ast.CallNode:
		all = append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.BuiltinNode:
		all = n.Arguments
	case *ast.PredicateNode:
		all = []ast.Node{n.Node}
	case *ast.ConditionalNode:
		all = []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.VariableDeclaratorNode:
		all = []ast.Node{n.Value, n.Expr}
	case *ast.SequenceNode:
		all = n.Nodes
	case *ast.ArrayNode:
		all = n.Nodes
	case *ast.MapNode:
		all = n.Pairs
	case *ast.PairNode:
		all = []ast.Node{n.Key, n.Value}
	}
	present := make([]ast.Node, 0, len(all))
	for _, child := range all {
		if child != nil {
			present = append(present, child)
		}
	}
	return present
}
