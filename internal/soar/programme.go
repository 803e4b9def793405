package soar

import (
	"slices"
	"time"
)

// ProgrammeBy is what the metrics of the programme are split by.
type ProgrammeBy string

// What they can be split by. Months are those in which incidents were opened, in
// UTC, as 2026-03; severity and category are the incident's now.
const (
	BySeverity ProgrammeBy = "severity"
	ByCategory ProgrammeBy = "category"
	ByMonth    ProgrammeBy = "month"
)

// Valid tells whether b is known.
func (b ProgrammeBy) Valid() bool {
	return slices.Contains([]ProgrammeBy{BySeverity, ByCategory, ByMonth}, b)
}

// ProgrammeFilter says which incidents are measured: those opened from From on and
// before Until that the viewer needs to know of. Without By there is only the total.
type ProgrammeFilter struct {
	From, Until time.Time
	By          ProgrammeBy
	Viewer      *Viewer
}

// Programme is how well incidents were responded to in a span of time.
//
// Measured are incidents that were opened in it, without drills, and without what
// turned out to be no incident (status not_an_incident); both are counted apart.
type Programme struct {
	From   time.Time        `json:"from"`
	Until  time.Time        `json:"until"`
	By     ProgrammeBy      `json:"by,omitempty"`
	Total  ProgrammeGroup   `json:"total"`
	Groups []ProgrammeGroup `json:"groups"` // sorted by key; severities worst first
}

// ProgrammeGroup is one group of incidents, or all of them.
type ProgrammeGroup struct {
	Key          string              `json:"key"`           // the severity, category or month; empty for the total
	Incidents    int                 `json:"incidents"`     // measured
	Open         int                 `json:"open"`          // of them, those that have not ended
	Drills       int                 `json:"drills"`        // left out
	NotIncidents int                 `json:"not_incidents"` // left out
	Acknowledge  ProgrammeTime       `json:"acknowledge"`   // acknowledged_at - opened_at
	Contain      ProgrammeTime       `json:"contain"`       // contained_at - opened_at
	Recover      ProgrammeTime       `json:"recover"`       // recovered_at - opened_at
	Close        ProgrammeTime       `json:"close"`         // closed_at - opened_at
	Objectives   ProgrammeObjectives `json:"objectives"`
}

// ProgrammeTime says how long it took to get somewhere. Count + Open + Skipped are
// the incidents measured. Only those counted have a time: who has not got there is
// open, never zero.
type ProgrammeTime struct {
	Count   int      `json:"count"`                    // got there
	Open    int      `json:"open"`                     // have not ended, and may get there
	Skipped int      `json:"skipped"`                  // ended without
	Median  *float64 `json:"median_seconds,omitempty"` // interpolated between the two in the middle; absent without any
	P90     *float64 `json:"p90_seconds,omitempty"`    // nine of ten took at most that long, interpolated
}

// ProgrammeObjectives says how many objectives of the measured incidents were met.
// Duties to notify are not among them.
type ProgrammeObjectives struct {
	Met    int      `json:"met"`             // in time
	Missed int      `json:"missed"`          // late, breached, or not met when the incident ended; what was dropped then counts for nothing
	Open   int      `json:"open"`            // not settled yet
	Share  *float64 `json:"share,omitempty"` // met / (met + missed), 0 to 1; absent while nothing is settled
}
