package app

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// FaultyFile says that files people wrote cannot be used; Faults has every place.
type FaultyFile struct {
	What   string // policy, configuration, connectors
	Faults diag.List
}

// Error gives the first fault and how many there are.
func (f *FaultyFile) Error() string {
	first := f.Faults[0]
	return fmt.Sprintf("%s: %d faults, the first: %s: %s", f.What, len(f.Faults), first.Position, first.Message)
}
