package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// The bounds at which the build stops. The aims are lower; see
// internal/ARCHITECTURE.md.
const (
	maxFileLines             = 600
	maxFunctionLines         = 80
	maxWorkflowFunctionLines = 50
	maxParameters            = 5
	maxNesting               = 4
	maxPackageLines          = 2500 // of code, neither blank nor comment
)

func TestSizes(t *testing.T) {
	t.Parallel()
	packages := map[string]int{}
	for _, file := range readTree(t) {
		if file.test || file.generated {
			continue
		}
		packages[file.pkg] += file.code
		if file.lines > maxFileLines {
			t.Errorf("%s has %d lines, at most %d", file.path, file.lines, maxFileLines)
		}
		for _, declaration := range file.syntax.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				checkFunction(t, file, function)
			}
		}
	}
	for pkg, lines := range packages {
		limit := maxPackageLines
		if pkg == "workflows/interpreter" {
			limit = 2900 // the walk with every kind of step; its leaves move out before it grows
		}
		if lines > limit && !under(pkg, "cmd") {
			t.Errorf("package %s has %d lines of code, at most %d: split it", pkg, lines, limit)
		}
	}
}

func checkFunction(t *testing.T, file sourceFile, function *ast.FuncDecl) {
	t.Helper()
	limit := maxFunctionLines
	if under(file.pkg, "workflows") {
		limit = maxWorkflowFunctionLines
	}
	lines := file.set.Position(function.End()).Line - file.set.Position(function.Pos()).Line + 1
	if lines > limit {
		t.Errorf("%s: %s has %d lines, at most %d", file.set.Position(function.Pos()), function.Name.Name, lines, limit)
	}
	if count := parameters(function); count > maxParameters {
		t.Errorf("%s: %s takes %d parameters, at most %d", file.set.Position(function.Pos()), function.Name.Name, count, maxParameters)
	}
	if function.Body == nil {
		return
	}
	if depth := nesting(function.Body); depth > maxNesting {
		t.Errorf("%s: %s nests %d deep, at most %d", file.set.Position(function.Pos()), function.Name.Name, depth, maxNesting)
	}
}

// parameters counts all but a leading context, which every function that may wait
// takes.
func parameters(function *ast.FuncDecl) int {
	list := function.Type.Params.List
	count := function.Type.Params.NumFields()
	if len(list) > 0 {
		if kind, ok := list[0].Type.(*ast.SelectorExpr); ok && kind.Sel.Name == "Context" {
			count--
		}
	}
	return count
}

// nesting counts blocks inside blocks: if, for, switch, select. A case clause and
// an else-if add nothing of their own.
func nesting(node ast.Node) int {
	deepest := 0
	ast.Inspect(node, func(child ast.Node) bool {
		if child == nil || child == node {
			return true
		}
		switch n := child.(type) {
		case *ast.IfStmt:
			deepest = max(deepest, ifDepth(n))
			return false
		case *ast.ForStmt:
			deepest = max(deepest, 1+nesting(n.Body))
			return false
		case *ast.RangeStmt:
			deepest = max(deepest, 1+nesting(n.Body))
			return false
		case *ast.SwitchStmt:
			deepest = max(deepest, 1+nesting(n.Body))
			return false
		case *ast.TypeSwitchStmt:
			deepest = max(deepest, 1+nesting(n.Body))
			return false
		case *ast.SelectStmt:
			deepest = max(deepest, 1+nesting(n.Body))
			return false
		case *ast.FuncLit:
			deepest = max(deepest, nesting(n.Body))
			return false
		}
		return true
	})
	return deepest
}

func ifDepth(statement *ast.IfStmt) int {
	depth := 1 + nesting(statement.Body)
	switch other := statement.Else.(type) {
	case *ast.IfStmt:
		depth = max(depth, ifDepth(other))
	case *ast.BlockStmt:
		depth = max(depth, 1+nesting(other))
	}
	return depth
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	described := map[string]bool{}
	for _, file := range readTree(t) {
		if file.test {
			continue
		}
		described[file.pkg] = described[file.pkg] || (file.syntax.Doc != nil && (strings.HasSuffix(file.path, "/doc.go") || file.syntax.Name.Name == "main" || file.generated))
	}
	for pkg, ok := range described {
		if !ok {
			t.Errorf("package %s has no doc.go with a package comment", pkg)
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	t.Parallel()
	for _, file := range readTree(t) {
		if file.test || file.generated {
			continue
		}
		for _, declaration := range file.syntax.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s: %s has no doc comment", file.set.Position(d.Pos()), d.Name.Name)
				}
				if d.Name.Name == "init" && d.Recv == nil {
					t.Errorf("%s: init(); build things where they are used", file.set.Position(d.Pos()))
				}
			case *ast.GenDecl:
				checkSpecs(t, file, d)
			}
		}
	}
}

func exportedReceiver(function *ast.FuncDecl) bool {
	if function.Recv == nil || len(function.Recv.List) == 0 {
		return true
	}
	kind := function.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if generic, ok := kind.(*ast.IndexExpr); ok {
		kind = generic.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

func checkSpecs(t *testing.T, file sourceFile, declaration *ast.GenDecl) {
	t.Helper()
	for _, spec := range declaration.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && declaration.Doc == nil {
				t.Errorf("%s: %s has no doc comment", file.set.Position(s.Pos()), s.Name.Name)
			}
		case *ast.ValueSpec:
			if s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil && declaration.Doc == nil {
				t.Errorf("%s: %s has no doc comment", file.set.Position(s.Pos()), s.Names[0].Name)
			}
		}
	}
}
