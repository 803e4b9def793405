package record

import (
	"iter"
	"slices"
)

// VerifyAll checks many chains that come from one source, such as Read or the
// store, entry by entry. Entries of one chain must be in their order; chains may
// be mixed. A chain that only a checkpoint knows is reported as cut. Reports are
// sorted by chain. An error is the source's, and then the reports are of what
// came before it.
func VerifyAll(entries iter.Seq2[Entry, error], checkpoints ...Checkpoint) ([]Report, error) {
	byChain := map[string][]Checkpoint{}
	for _, c := range checkpoints {
		byChain[c.Chain] = append(byChain[c.Chain], c)
	}
	verifiers := map[string]*Verifier{}
	open := func(chain string) *Verifier {
		if verifiers[chain] == nil {
			verifiers[chain] = NewVerifier(chain, byChain[chain]...)
		}
		return verifiers[chain]
	}
	for chain := range byChain {
		open(chain)
	}
	var failed error
	for e, err := range entries {
		if err != nil {
			failed = err
			break
		}
		open(e.Chain).Add(e)
	}
	reports := make([]Report, 0, len(verifiers))
	for _, v := range verifiers {
		reports = append(reports, v.Report())
	}
	slices.SortFunc(reports, func(a, b Report) int {
		if a.Chain < b.Chain {
			return -1
		}
		return 1
	})
	return reports, failed
}
