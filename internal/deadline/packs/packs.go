package packs

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/diag"
)

//go:embed *.yaml
var shipped embed.FS

// Folder is where a site keeps its own, below the folder of policy files.
const Folder = "duties"

// Load reads the shipped packs and those of the site's policy folder; "" is none,
// and a folder without duties in it has none. The library is nil when the list has
// errors.
func Load(policies string) (*duty.Library, diag.List) {
	files, faults := read(shipped, "packs", 0)
	if policies != "" {
		dir := filepath.Join(policies, Folder)
		more, wrong := read(os.DirFS(dir), dir, 1)
		files, faults = append(files, more...), append(faults, wrong...)
	}
	if faults.HasErrors() {
		return nil, faults
	}
	return duty.Read(files)
}

// read gives the YAML files of a folder. A folder that is not there has none.
func read(from fs.FS, dir string, layer int) ([]duty.File, diag.List) {
	entries, err := fs.ReadDir(from, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault(dir)
	}
	var files []duty.File
	for _, entry := range entries {
		extension := strings.ToLower(filepath.Ext(entry.Name()))
		if entry.IsDir() || extension != ".yaml" && extension != ".yml" {
			continue
		}
		source, err := fs.ReadFile(from, entry.Name())
		if err != nil {
			return nil, fault(filepath.Join(dir, entry.Name()))
		}
		files = append(files, duty.File{Name: filepath.Join(dir, entry.Name()), Layer: layer, Source: source})
	}
	return files, nil
}

func fault(file string) diag.List {
	return diag.List{{Position: diag.Position{File: file}, Level: diag.Error, Rule: "policy_file", Message: "it cannot be read"}}
}
