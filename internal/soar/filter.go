package soar

import "time"

// AlertFilter narrows a list of alerts, newest first. Empty fields match all.
type AlertFilter struct {
	IncidentID string `json:"incident_id,omitempty"`
	Source     string `json:"source,omitempty"`
	Parsed     *bool  `json:"parsed,omitempty"`

	Severity Severity   `json:"severity,omitempty"`
	Host     string     `json:"host,omitempty"`  // its name, id or address
	User     string     `json:"user,omitempty"`  // the name, e-mail or id
	Query    string     `json:"query,omitempty"` // part of the id or the title, case does not matter
	Since    *time.Time `json:"since,omitempty"` // received at or after
	Until    *time.Time `json:"until,omitempty"` // received before
	Page
	Viewer *Viewer `json:"-"`
}

// IncidentFilter narrows a list of incidents, newest first. Empty fields match
// all; Open selects those that have (false) or have not (true) ended.
type IncidentFilter struct {
	Status   IncidentStatus `json:"status,omitempty"`
	Severity Severity       `json:"severity,omitempty"`
	Category Category       `json:"category,omitempty"`
	Owner    string         `json:"owner,omitempty"`
	Open     *bool          `json:"open,omitempty"`
	Query    string         `json:"query,omitempty"` // part of the id or the title, case does not matter
	Since    *time.Time     `json:"since,omitempty"` // opened at or after
	Until    *time.Time     `json:"until,omitempty"` // opened before
	Page
	Viewer *Viewer `json:"-"`
}

// ApprovalFilter narrows a list of approvals, newest first.
type ApprovalFilter struct {
	Status     ApprovalStatus `json:"status,omitempty"`
	IncidentID string         `json:"incident_id,omitempty"`
	Mine       *Principal     `json:"-"` // those that he may decide
	Away       []Person       `json:"-"` // with Mine: also those that he may decide on behalf of these
	Page
	Viewer *Viewer `json:"-"`
}

// TaskFilter narrows a list of tasks, newest first.
type TaskFilter struct {
	Status     TaskStatus `json:"status,omitempty"`
	IncidentID string     `json:"incident_id,omitempty"`
	Mine       *Principal `json:"-"` // those that he has claimed, and those nobody has that are for him, a role of his or one of OnCall
	OnCall     []string   `json:"-"` // with Mine: the rosters by which he is on call
	Page
	Viewer *Viewer `json:"-"`
}

// ContainmentFilter narrows the register of containments, newest first.
type ContainmentFilter struct {
	State      string `json:"state,omitempty"` // active | released | release_failed
	Held       bool   `json:"held,omitempty"`  // those that are not released
	IncidentID string `json:"incident_id,omitempty"`
	Target     string `json:"target,omitempty"` // part of it, case does not matter
	Page
	Viewer *Viewer `json:"-"`
}

// EvidenceFilter narrows a list of evidence, newest first.
type EvidenceFilter struct {
	IncidentID string `json:"incident_id,omitempty"`
	SHA256     string `json:"sha256,omitempty"`
	Page
	Viewer *Viewer `json:"-"`
}

// Viewer narrows a list to the incidents that somebody needs to know of, and to
// what belongs to them. Nil narrows nothing: it is for the product itself. For
// people internal/incidents makes it from the rules of internal/access.
type Viewer struct {
	Person   string // sees what is TLP:RED when it is his
	Red      bool   // sees everything that is TLP:RED
	OpenedBy *Actor // set: sees only what this actor opened
}
