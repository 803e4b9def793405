package soar

import "time"

// Slate says who may approve what at an instant.
type Slate struct {
	At      time.Time    `json:"at"`
	Alarm   bool         `json:"alarm"` // of one of the classes
	Classes []ClassSlate `json:"classes"`
}

// ClassSlate is who may approve the actions of one class.
type ClassSlate struct {
	Class string      `json:"class"` // of competence.yaml; empty: actions that belong to none
	Title string      `json:"title"`
	Least int         `json:"least"`
	Able  int         `json:"able"`  // different people who may decide, in whatever role
	Alarm bool        `json:"alarm"` // Able is less than Least
	Roles []RoleSlate `json:"roles"`
}

// RoleSlate is who may approve as one role.
type RoleSlate struct {
	Role    Role       `json:"role"`
	Holders int        `json:"holders"` // active people with the role
	Able    []Standing `json:"able"`
	Unable  []Standing `json:"unable"`
}

// Standing is how one person stands.
type Standing struct {
	Person         string     `json:"person"`
	Name           string     `json:"name"`
	For            string     `json:"for,omitempty"`             // whom he stands in for; empty: holds the role himself
	QualifiedUntil *time.Time `json:"qualified_until,omitempty"` // nil where the class demands nothing
	Soon           bool       `json:"soon,omitempty"`            // that ends within the class's warning
	Why            string     `json:"why,omitempty"`             // he may not decide; empty: he may
}
