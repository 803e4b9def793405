package soar

import "time"

// Person is somebody who takes part in the response (ISO/IEC 27002:2022 5.24 d).
// Tokens, decisions and rosters name people by ID; whatever else is known of them
// may change without changing who they are.
type Person struct {
	ID        string      `json:"id"` // stable; usually the mail address
	Name      string      `json:"name"`
	Email     string      `json:"email,omitempty"`
	Roles     []RoleGrant `json:"roles"`
	Zone      string      `json:"zone,omitempty"`      // IANA time zone; empty: UTC
	Active    bool        `json:"active"`              // false: has left; may do nothing
	UpdatedAt time.Time   `json:"updated_at,omitzero"` // zero: known by tokens only
	Narrowed  []RoleGrant `json:"-"`                   // roles of who is known by tokens only that tokens with scopes carry
}

// RoleGrant is one role that a person holds, and since when: who gets a role after
// an approval was asked for does not decide it.
type RoleGrant struct {
	Role  Role      `json:"role"`
	Since time.Time `json:"since"`
}

// RoleNames gives the roles that the person holds.
func (p Person) RoleNames() []Role {
	names := make([]Role, len(p.Roles))
	for i, grant := range p.Roles {
		names[i] = grant.Role
	}
	return names
}

// Principal is the person as a caller with all its roles, for doors that know
// somebody by other means than a token.
func (p Person) Principal() Principal {
	return Principal{Actor: Actor{Kind: ActorPerson, ID: p.ID, Name: p.Name}, Roles: p.RoleNames()}
}

// Qualification says that a person has learnt to decide one class of actions, and
// until when that holds (5.24 d, e). The classes stand in the policy file competence.yaml.
type Qualification struct {
	ID         string     `json:"id"` // QUA-<10 of Crockford base 32>
	Person     string     `json:"person"`
	Class      string     `json:"class"`
	Source     string     `json:"source"` // course | exam | drill
	Title      string     `json:"title"`  // which course, exam or drill
	ValidFrom  time.Time  `json:"valid_from"`
	ValidUntil time.Time  `json:"valid_until"`
	RecordedBy Actor      `json:"recorded_by"`
	RecordedAt time.Time  `json:"recorded_at"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
}

// ValidAt tells whether it holds at this instant.
func (q Qualification) ValidAt(at time.Time) bool {
	return !at.Before(q.ValidFrom) && at.Before(q.ValidUntil) && (q.RevokedAt == nil || at.Before(*q.RevokedAt))
}

// Absence says that a person is away, and who stands in. The delegate decides as
// himself, with his own qualifications, on behalf of who is away.
type Absence struct {
	ID        string     `json:"id"` // ABS-<10 of Crockford base 32>
	Person    string     `json:"person"`
	Delegate  string     `json:"delegate,omitempty"` // a person's id; empty: nobody
	From      time.Time  `json:"from"`
	Until     time.Time  `json:"until"`
	Reason    string     `json:"reason,omitempty"`
	By        Actor      `json:"by"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

// Covers tells whether the person is away at this instant.
func (a Absence) Covers(at time.Time) bool {
	return !at.Before(a.From) && at.Before(a.Until) && (a.RevokedAt == nil || at.Before(*a.RevokedAt))
}

// ApprovalLink is one link to the approval page, for one person and one approval.
// The token in it is known to its person only.
type ApprovalLink struct {
	ApprovalID string     `json:"approval_id"`
	IncidentID string     `json:"incident_id"`
	Person     string     `json:"person"`
	MadeAt     time.Time  `json:"made_at"`
	ExpiresAt  time.Time  `json:"expires_at"`        // with the approval
	UsedAt     *time.Time `json:"used_at,omitempty"` // when its person decided with it
}
