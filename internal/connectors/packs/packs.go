package packs

import (
	"embed"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/connectors/declared"
)

//go:embed */*.yaml
var files embed.FS

// Kinds gives the connectors, by the order of their folders. Its error is a fault
// of this build.
func Kinds() ([]*declared.Kind, error) {
	folder, faults, err := declared.ReadFolder(files, "packs")
	if err != nil {
		return nil, err
	}
	if faults.HasErrors() {
		return nil, fmt.Errorf("connector packs: %v", faults)
	}
	return folder.Kinds, nil
}
