package expression

import (
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

// references collects the member paths that a tree reads from its environment.
type references struct {
	used  map[*ast.IdentifierNode]bool
	paths map[string][]string
}

// pathsOf gives the paths sorted, each once. A path ends before an index and before a computed
// name. Members of # and of names from let are not paths; what these were made of is.
func pathsOf(tree ast.Node, used map[*ast.IdentifierNode]bool) [][]string {
	r := references{used: used, paths: map[string][]string{}}
	r.visit(tree)
	return r.sorted()
}

func (r *references) sorted() [][]string {
	return slices.SortedFunc(maps.Values(r.paths), slices.Compare[[]string])
}

func (r *references) addAll(paths [][]string) {
	for _, path := range paths {
		r.paths[strings.Join(path, "\x00")] = slices.Clone(path)
	}
}

func (r *references) visit(node ast.Node) {
	if path, _ := r.path(node); path != nil {
		r.addAll([][]string{path})
		return
	}
	if call, ok := node.(*ast.CallNode); ok {
		if _, function := call.Callee.(*ast.IdentifierNode); function {
			r.visitAll(call.Arguments)
			return
		}
	}
	r.visitAll(syntax.Children(node))
}

func (r *references) visitAll(nodes []ast.Node) {
	for _, node := range nodes {
		r.visit(node)
	}
}

// path gives the names of a chain that starts in the environment, or nil; open tells that the
// chain may go on.
func (r *references) path(node ast.Node) (path []string, open bool) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		if r.used[n] {
			return []string{n.Value}, true
		}
	case *ast.ChainNode:
		return r.path(n.Node)
	case *ast.MemberNode:
		path, open := r.path(n.Node)
		if path == nil {
			return nil, false
		}
		name, constant := n.Property.(*ast.StringNode)
		if !constant {
			r.visit(n.Property)
			return path, false
		}
		if open {
			path = append(path, name.Value)
		}
		return path, open
	}
	return nil, false
}
