package packs

import "testing"

func TestShippedPacksHaveNoFault(t *testing.T) {
	t.Parallel()
	library, faults := Load("")
	for _, fault := range faults {
		t.Error(fault)
	}
	if library != nil && len(library.Regimes) < 50 {
		t.Errorf("%d regimes", len(library.Regimes))
	}
}
