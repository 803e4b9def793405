package connector

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/manifest"
)

// Described is what connectors written in Go have in common: a manifest that is
// compiled in. They embed it.
type Described struct{ manifest *manifest.Manifest }

// Describe reads a compiled-in manifest; file names it. The error is a fault of this
// build.
func Describe(file string, source []byte) (Described, error) {
	read, faults := manifest.Parse(file, source)
	if faults.HasErrors() {
		return Described{}, fmt.Errorf("manifest %s: %v", file, faults)
	}
	return Described{read}, nil
}

// Manifest describes the connector.
func (d Described) Manifest() *manifest.Manifest { return d.manifest }
