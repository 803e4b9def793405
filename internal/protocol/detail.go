package protocol

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Detail is one incident with all that the projection knows of it. The store
// fills it; the running workflow may be a moment ahead.
type Detail struct {
	Incident     soar.Incident      `json:"incident"`
	Runs         []RunView          `json:"runs"` // with their steps, in the order they started
	Approvals    []soar.Approval    `json:"approvals"`
	Tasks        []soar.Task        `json:"tasks"`
	Containments []soar.Containment `json:"containments"`
	Objectives   []soar.Objective   `json:"objectives"`
	Evidence     []soar.Evidence    `json:"evidence"`
	Alerts       []soar.Alert       `json:"alerts"`
}

// OpenIncident is all that opening an incident needs besides its record entries:
// the workflow's input with the incident in it, and what it is correlated by.
type OpenIncident struct {
	Input          IncidentInput `json:"input"`
	AlertID        string        `json:"alert_id,omitempty"`        // empty: opened by a person
	CorrelationKey string        `json:"correlation_key,omitempty"` // empty: never joined by another alert
	CorrelateSince time.Time     `json:"correlate_since,omitzero"`  // when set, an open incident with the same key opened since then is a conflict
}
