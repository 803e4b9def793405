package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// wall forbids imports to a part of the tree; forbidden entries match a path or
// what lies below it.
type wall struct {
	name      string
	folder    string // applies to the folder and what lies below it
	except    string
	forbidden []string
}

func walls() []wall {
	const temporal = "go.temporal.io"
	return []wall{
		{"the language knows no world", "internal/playbook", "", []string{temporal, "net", "os/exec", "database/sql", "github.com/jackc", "internal/store"}},
		{"workflows decide and wait", "workflows", "", []string{"activities", "internal/connector", "internal/connectors", "internal/store", "net", "os", "context", "log", "sync", "math/rand", "go.temporal.io/sdk/client", "go.temporal.io/sdk/activity", "go.temporal.io/sdk/worker"}},
		{"activities know no concrete system", "activities", "", []string{"internal/store", "internal/connectors", "workflows"}},
		{"the API knows no store", "api", "", []string{"internal/store", temporal, "github.com/jackc"}},
		{"intake knows no store", "internal/intake", "", []string{"internal/store", temporal, "github.com/jackc"}},
		{"incidents know no store", "internal/incidents", "", []string{"internal/store", temporal, "github.com/jackc"}},
		{"library knows no store", "internal/library", "", []string{"internal/store", temporal, "github.com/jackc"}},
		{"nouns stand on the ground", "internal/soar", "", []string{"github.com", temporal, "internal"}},
	}
}

func TestWalls(t *testing.T) {
	t.Parallel()
	files := readTree(t)
	for _, w := range walls() {
		t.Run(strings.ReplaceAll(w.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			for _, file := range files {
				if file.test || !under(file.pkg, w.folder) {
					continue
				}
				for _, path := range file.imports() {
					if matchesAny(path, w.forbidden) {
						t.Errorf("%s imports %s: %s", file.path, path, w.name)
					}
				}
			}
		})
	}
}

func TestEchoStaysBehindTheDoor(t *testing.T) {
	t.Parallel()
	for _, file := range readTree(t) {
		if file.test || under(file.pkg, "api") {
			continue
		}
		for _, path := range file.imports() {
			if strings.HasPrefix(path, "github.com/labstack/") || strings.HasPrefix(path, "github.com/oapi-codegen/") {
				t.Errorf("%s imports %s: only api/ knows the HTTP framework", file.path, path)
			}
		}
	}
}

// TestWorkflowsAreDeterministic refuses the calls that give another answer on
// replay. Map iteration is left to the replay tests.
func TestWorkflowsAreDeterministic(t *testing.T) {
	t.Parallel()
	banned := map[string]bool{"time.Now": true, "time.Since": true, "time.Until": true, "time.After": true, "time.Sleep": true, "time.NewTimer": true, "time.Tick": true}
	for _, file := range readTree(t) {
		if file.test || !under(file.pkg, "workflows") {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: goroutine in a workflow; use workflow.Go", file.set.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && banned[x.Name+"."+n.Sel.Name] {
					t.Errorf("%s: %s.%s in a workflow", file.set.Position(n.Pos()), x.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

func under(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

// matchesAny tells whether path is one of the list or lies below it. net/netip is
// an address type that does no I/O.
func matchesAny(path string, list []string) bool {
	if path == "net/netip" {
		return false
	}
	for _, entry := range list {
		if path == entry || strings.HasPrefix(path, entry+"/") {
			return true
		}
	}
	return false
}
