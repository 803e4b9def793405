package sources

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

// Files gives the mapping files.
func Files() fs.FS { return files }
