package declared

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// TestsFolder is the name of folders that hold tests beside connector files.
const TestsFolder = "tests"

// Folder is what was found in a folder of connectors.
type Folder struct {
	Kinds   []*Kind           // in the order of their files
	Files   []string          // the file of each kind
	Tests   []string          // test files
	Sources map[string][]byte // every file by its name
}

// ReadFolder reads all connector files of a tree: every .yaml file that does not
// lie in a folder named tests. shown is put before the names in places. An error
// is of the file system; what is wrong in files is in the list.
func ReadFolder(tree fs.FS, shown string) (Folder, diag.List, error) {
	folder := Folder{Sources: map[string][]byte{}}
	var faults diag.List
	names := map[string]string{}
	walked := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(name)) {
			return err
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file := path.Join(shown, name)
		folder.Sources[file] = source
		if slices.Contains(strings.Split(path.Dir(name), "/"), TestsFolder) {
			folder.Tests = append(folder.Tests, file)
			return nil
		}
		kind, found := Parse(file, source)
		faults = append(faults, found...)
		if kind == nil {
			return nil
		}
		if before, twice := names[kind.manifest.Connector]; twice {
			faults = append(faults, diag.Diagnostic{Position: diag.Position{File: file, Line: 1, Column: 1}, Level: diag.Error, Rule: RuleHTTP,
				Message: fmt.Sprintf("the connector %s is declared in %s already", kind.manifest.Connector, before)})
			return nil
		}
		names[kind.manifest.Connector] = file
		folder.Kinds, folder.Files = append(folder.Kinds, kind), append(folder.Files, file)
		return nil
	})
	return folder, faults, walked
}
