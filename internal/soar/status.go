package soar

import "slices"

// IncidentStatus is where an incident stands in its life.
type IncidentStatus string

// The life of an incident, in order; the last is the other way to end.
const (
	StatusReported    IncidentStatus = "reported"
	StatusAssessed    IncidentStatus = "assessed"
	StatusContained   IncidentStatus = "contained"
	StatusEradicated  IncidentStatus = "eradicated"
	StatusRecovered   IncidentStatus = "recovered"
	StatusClosed      IncidentStatus = "closed"
	StatusNotIncident IncidentStatus = "not_an_incident"
)

// IncidentStatuses lists all statuses in the order of an incident's life.
func IncidentStatuses() []IncidentStatus {
	return []IncidentStatus{StatusReported, StatusAssessed, StatusContained, StatusEradicated, StatusRecovered, StatusClosed, StatusNotIncident}
}

// Valid tells whether s is a known status.
func (s IncidentStatus) Valid() bool { return slices.Contains(IncidentStatuses(), s) }

// Ended tells whether nothing more happens after s.
func (s IncidentStatus) Ended() bool { return s == StatusClosed || s == StatusNotIncident }

// MayBecome tells whether an incident may move from s to next. It moves forward
// only, may skip stages that do not apply, and does not leave an end.
func (s IncidentStatus) MayBecome(next IncidentStatus) bool {
	if s.Ended() || !next.Valid() {
		return false
	}
	order := IncidentStatuses()
	return slices.Index(order, next) > slices.Index(order, s)
}

// StepStatus is how one step of a playbook run stands.
type StepStatus string

// Step statuses.
const (
	StepPending     StepStatus = "pending"
	StepRunning     StepStatus = "running"
	StepSucceeded   StepStatus = "succeeded"
	StepFailed      StepStatus = "failed"
	StepSkipped     StepStatus = "skipped"
	StepApproved    StepStatus = "approved"
	StepDenied      StepStatus = "denied"
	StepExpired     StepStatus = "expired"
	StepCancelled   StepStatus = "cancelled"
	StepCompensated StepStatus = "compensated"
)

// StepStatuses lists all step statuses.
func StepStatuses() []StepStatus {
	return []StepStatus{StepPending, StepRunning, StepSucceeded, StepFailed, StepSkipped, StepApproved, StepDenied, StepExpired, StepCancelled, StepCompensated}
}

// Ended tells whether a step with this status will not change by itself.
func (s StepStatus) Ended() bool { return s != StepPending && s != StepRunning && s != "" }

// Phase is the part of the response a step belongs to.
type Phase string

// Phases lists the phases in the order of a response.
func Phases() []Phase {
	return []Phase{"assess", "contain", "collect", "eradicate", "recover", "communicate", "learn"}
}

// TLP is a Traffic Light Protocol 2.0 label in lower case.
type TLP string

// TLP labels, most open first.
const (
	TLPClear       TLP = "clear"
	TLPGreen       TLP = "green"
	TLPAmber       TLP = "amber"
	TLPAmberStrict TLP = "amber+strict"
	TLPRed         TLP = "red"
)

// TLPs lists all labels, most open first.
func TLPs() []TLP { return []TLP{TLPClear, TLPGreen, TLPAmber, TLPAmberStrict, TLPRed} }

// Valid tells whether t is a known label.
func (t TLP) Valid() bool { return slices.Contains(TLPs(), t) }
