package soar_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TestLedgerMoves writes out every move that is allowed: one more is a way to
// contain twice, one less is an action that nobody can finish.
func TestLedgerMoves(t *testing.T) {
	t.Parallel()
	all := []soar.LedgerState{soar.LedgerIntent, soar.LedgerSent, soar.LedgerConfirmed, soar.LedgerFailed, soar.LedgerUnknown, soar.LedgerReconciled, soar.LedgerCompensated}
	want := map[soar.LedgerState][]soar.LedgerState{
		soar.LedgerIntent:      {soar.LedgerIntent, soar.LedgerSent, soar.LedgerConfirmed, soar.LedgerFailed},
		soar.LedgerSent:        {soar.LedgerIntent, soar.LedgerSent, soar.LedgerConfirmed, soar.LedgerFailed, soar.LedgerUnknown, soar.LedgerReconciled},
		soar.LedgerUnknown:     {soar.LedgerIntent, soar.LedgerSent, soar.LedgerConfirmed, soar.LedgerFailed, soar.LedgerReconciled},
		soar.LedgerConfirmed:   {soar.LedgerCompensated},
		soar.LedgerReconciled:  {soar.LedgerCompensated},
		soar.LedgerFailed:      nil,
		soar.LedgerCompensated: nil,
		"mystery":              nil,
	}
	for from := range want {
		var got []soar.LedgerState
		for _, to := range append(all, "mystery", "") {
			if from.MayBecome(to) {
				got = append(got, to)
			}
		}
		if diff := cmp.Diff(want[from], got); diff != "" {
			t.Errorf("from %s: %s", from, diff)
		}
	}
}

func TestPageSize(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{-1: 50, 0: 50, 1: 1, 500: 500, 501: 500} {
		if got := (soar.Page{Limit: limit}).Size(); got != want {
			t.Errorf("limit %d: %d, want %d", limit, got, want)
		}
	}
}
