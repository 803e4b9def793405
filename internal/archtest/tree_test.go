package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/tocsin-soar/tocsin"

// sourceFile is one Go file of the product, parsed.
type sourceFile struct {
	path      string // slash-separated, from the root
	pkg       string // folder
	test      bool
	generated bool
	lines     int
	code      int // lines that are neither blank nor comment
	set       *token.FileSet
	syntax    *ast.File
}

// readTree parses every Go file of this module. Files are read in-process, so
// that the test cache sees them.
func readTree(t *testing.T) []sourceFile {
	t.Helper()
	root := "../.."
	var files []sourceFile
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipFolder(root, path, entry)
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := readFile(root, path)
		if err == nil && !hasTag(file.syntax, "deps") {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("found %d Go files: the tree is not being read", len(files))
	}
	return files
}

func skipFolder(root, path string, entry fs.DirEntry) error {
	name := entry.Name()
	if path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "node_modules") {
		return filepath.SkipDir
	}
	if path != root {
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
			return filepath.SkipDir // another module
		}
	}
	return nil
}

func readFile(root, path string) (sourceFile, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return sourceFile{}, err
	}
	set := token.NewFileSet()
	syntax, err := parser.ParseFile(set, path, body, parser.ParseComments)
	if err != nil {
		return sourceFile{}, err
	}
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return sourceFile{}, err
	}
	relative = filepath.ToSlash(relative)
	return sourceFile{
		path: relative, pkg: filepath.ToSlash(filepath.Dir(relative)),
		test: strings.HasSuffix(path, "_test.go"), generated: ast.IsGenerated(syntax),
		lines: strings.Count(string(body), "\n"), code: codeLines(string(body)), set: set, syntax: syntax,
	}, nil
}

func codeLines(body string) int {
	count := 0
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			count++
		}
	}
	return count
}

func hasTag(file *ast.File, tag string) bool {
	for _, group := range file.Comments {
		if group.Pos() < file.Package && strings.Contains(group.List[0].Text, "go:build "+tag) {
			return true
		}
	}
	return false
}

// imports lists what a file imports, our own packages without the module's name.
func (f sourceFile) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		paths = append(paths, strings.TrimPrefix(strings.Trim(spec.Path.Value, `"`), module+"/"))
	}
	return paths
}
