package soar

import "time"

// Freeze is the kill switch: while On, no action that changes the world starts.
type Freeze struct {
	On     bool      `json:"on"`
	Scope  string    `json:"scope,omitempty"` // a connector's name, or connector.action; empty: everything
	Reason string    `json:"reason,omitempty"`
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
}

// Protected names targets that no playbook may touch without more.
type Protected struct {
	Class   string `json:"class"`   // host | user | address | mailbox ...: what kind of target
	Pattern string `json:"pattern"` // as internal/guard matches it
	Reason  string `json:"reason"`
}

// LedgerChange is what a move of a ledger entry changes besides its state.
type LedgerChange struct {
	Output  map[string]any // kept when nil
	Error   string         // replaces what stood there, also by ""
	Attempt bool           // true: one more attempt
	Fence   *int           // when set, the move is a conflict unless the entry's Attempts is still this: a later attempt took over
}

// MayBecome tells whether a ledger entry may move from s to next. A state may
// follow itself only where that means another attempt.
func (s LedgerState) MayBecome(next LedgerState) bool {
	switch s {
	case LedgerIntent:
		return next == LedgerIntent || next == LedgerSent || next == LedgerConfirmed || next == LedgerFailed
	case LedgerSent:
		return next != LedgerCompensated && next.known()
	case LedgerUnknown:
		return next == LedgerIntent || next == LedgerSent || next == LedgerConfirmed || next == LedgerFailed || next == LedgerReconciled
	case LedgerConfirmed, LedgerReconciled:
		return next == LedgerCompensated
	default:
		return false
	}
}

func (s LedgerState) known() bool {
	switch s {
	case LedgerIntent, LedgerSent, LedgerConfirmed, LedgerFailed, LedgerUnknown, LedgerReconciled, LedgerCompensated:
		return true
	default:
		return false
	}
}
