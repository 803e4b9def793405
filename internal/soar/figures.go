package soar

import "time"

// Figures say how much of everything there is at one moment.
type Figures struct {
	Incidents        map[IncidentFigure]int // not ended
	ApprovalsWaiting int
	ApprovalOldest   time.Duration            // age of the oldest that waits; 0 without one
	Ledger           map[LedgerState]int      // not settled: intent, sent, unknown
	Containments     map[string]int           // by state: active, release_failed
	Objectives       map[ObjectiveFigure]int  // of incidents that have not ended
	Outbox           map[string]OutboxFigures // by kind
	RecordChains     int64
	RecordEntries    int64
}

// IncidentFigure is what open incidents are counted by.
type IncidentFigure struct {
	Severity Severity
	Status   IncidentStatus
}

// ObjectiveFigure is what objectives are counted by. State is running, met or
// breached.
type ObjectiveFigure struct {
	Name  string
	State string
}

// OutboxFigures count the items of one kind.
type OutboxFigures struct {
	Waiting int
	Oldest  time.Duration // age of the oldest that waits; 0 without one
	Parked  int
}
