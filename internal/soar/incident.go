package soar

import "time"

// Incident is the state of one incident as people see it.
type Incident struct {
	ID             string         `json:"id"` // INC-<year>-<6 of Crockford base 32>, also the workflow id
	Title          string         `json:"title"`
	Status         IncidentStatus `json:"status"`
	Severity       Severity       `json:"severity"`
	Impact         Level          `json:"impact,omitempty"`
	Urgency        Level          `json:"urgency,omitempty"`
	Category       Category       `json:"category"`
	Owner          string         `json:"owner,omitempty"` // a person's id
	TLP            TLP            `json:"tlp"`
	Facts          map[string]any `json:"facts,omitempty"`
	Resolution     Resolution     `json:"resolution,omitempty"`
	Reason         string         `json:"reason,omitempty"` // why it was closed
	Paused         bool           `json:"paused,omitempty"`
	OpenedBy       Actor          `json:"opened_by"`
	OpenedAt       time.Time      `json:"opened_at"`
	AcknowledgedAt *time.Time     `json:"acknowledged_at,omitempty"`
	ContainedAt    *time.Time     `json:"contained_at,omitempty"`
	ClosedAt       *time.Time     `json:"closed_at,omitempty"`
	RecoveredAt    *time.Time     `json:"recovered_at,omitempty"` // first declared recovered
	Drill          bool           `json:"drill,omitempty"`        // practised, not real: left out of the metrics of the programme
	Escalations    []Escalation   `json:"escalations,omitempty"`  // in the order they started
}

// Resolution is how an incident ended.
type Resolution string

// Resolutions.
const (
	ResolutionResolved      Resolution = "resolved"
	ResolutionFalsePositive Resolution = "false_positive"
	ResolutionBenign        Resolution = "benign"
	ResolutionDuplicate     Resolution = "duplicate"
	ResolutionCancelled     Resolution = "cancelled"
)

// Resolutions lists all resolutions.
func Resolutions() []Resolution {
	return []Resolution{ResolutionResolved, ResolutionFalsePositive, ResolutionBenign, ResolutionDuplicate, ResolutionCancelled}
}

// Valid tells whether r is a known resolution.
func (r Resolution) Valid() bool {
	for _, known := range Resolutions() {
		if r == known {
			return true
		}
	}
	return false
}

// NotIncident tells whether the resolution says that there was no incident.
func (r Resolution) NotIncident() bool {
	return r == ResolutionFalsePositive || r == ResolutionBenign || r == ResolutionDuplicate
}

// Assessment is the decision that an event is an incident of this category and
// severity, with who or what decided, when and by which criterion.
type Assessment struct {
	Incident  bool      `json:"incident"`
	Category  Category  `json:"category"`
	Severity  Severity  `json:"severity"`
	Impact    Level     `json:"impact"`
	Urgency   Level     `json:"urgency"`
	Criterion string    `json:"criterion"` // id of the rule that decided
	Reason    string    `json:"reason"`
	By        Actor     `json:"by"`
	At        time.Time `json:"at"`
}

// OpenRun is a playbook that is under way in an incident.
type OpenRun struct {
	IncidentID string
	RunID      string
	Playbook   string
	Digest     string // of its plan
}
