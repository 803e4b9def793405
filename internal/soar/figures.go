package soar

import "time"

// Figures say how much of everything there is at one moment.
type Figures struct {
	Incidents        map[IncidentFigure]int // not ended
	ApprovalsWaiting int
	ApprovalOldest   time.Duration               // age of the oldest that waits; 0 without one
	Ledger           map[LedgerState]int         // not settled: intent, sent, unknown
	Containments     map[string]int              // by state: active, release_failed
	Objectives       map[ObjectiveFigure]int     // of incidents that have not ended
	Clocks           map[ClockFigure]int         // open, without drills
	ClockNext        map[ClockKind]time.Duration // until the next one is due that is not due yet; a kind without one is left out
	ClockBreaches    int64                       // objectives breached so far, without drills
	ClockWarnings    int64                       // objectives warned of so far, without drills
	Outbox           map[string]OutboxFigures    // by kind
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

// ClockFigure is what clocks are counted by.
type ClockFigure struct {
	Kind  ClockKind
	State ClockState
}

// OutboxFigures count the items of one kind.
type OutboxFigures struct {
	Waiting int
	Oldest  time.Duration // age of the oldest that waits; 0 without one
	Parked  int
}
