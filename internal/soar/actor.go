package soar

// ActorKind says what sort of actor did something.
type ActorKind string

// Kinds of actor.
const (
	ActorPerson   ActorKind = "person"
	ActorTool     ActorKind = "tool"     // a detection tool's token
	ActorPlaybook ActorKind = "playbook" // a step of a running playbook
	ActorSystem   ActorKind = "system"   // the product itself: clocks, outbox
)

// Actor is who did something. ID is stable and unique within its kind; Name is
// for people to read. Four-eyes rules compare Kind and ID, never Name.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id"`
	Name string    `json:"name,omitempty"`
}

// Same tells whether two actors are one and the same.
func (a Actor) Same(other Actor) bool { return a.Kind == other.Kind && a.ID == other.ID }

// String gives "kind:id".
func (a Actor) String() string { return string(a.Kind) + ":" + a.ID }

// System is the product itself, by the part that acted.
func System(part string) Actor { return Actor{Kind: ActorSystem, ID: part} }

// Role is what a person does in the response (ISO/IEC 27002 5.24). A person may
// hold several. What each may do stands in internal/access.
type Role string

// Roles.
const (
	RoleReporter          Role = "reporter"
	RoleAnalyst           Role = "analyst"
	RoleSOCLead           Role = "soc_lead"
	RoleIncidentCommander Role = "incident_commander"
	RoleCISO              Role = "ciso"
	RoleEvidenceCustodian Role = "evidence_custodian"
	RolePlaybookEngineer  Role = "playbook_engineer"
	RoleManager           Role = "manager"
	RoleComms             Role = "comms"
	RoleLegal             Role = "legal"
	RoleAdmin             Role = "admin"
	RoleAuditor           Role = "auditor"
	RoleTool              Role = "tool" // detection tools: send alerts, read nothing
)

// Roles lists all roles.
func Roles() []Role {
	return []Role{RoleReporter, RoleAnalyst, RoleSOCLead, RoleIncidentCommander, RoleCISO, RoleEvidenceCustodian, RolePlaybookEngineer, RoleManager, RoleComms, RoleLegal, RoleAdmin, RoleAuditor, RoleTool}
}

// Principal is an authenticated caller: an actor with its roles and, for a
// detection tool, the one source it may speak for.
type Principal struct {
	Actor  Actor    `json:"actor"`
	Roles  []Role   `json:"roles"`
	Source string   `json:"source,omitempty"`
	Scopes []string `json:"scopes,omitempty"` // empty: all that the roles permit
	Token  string   `json:"-"`                // the token's id, for the log
}

// Has tells whether the principal holds the role.
func (p Principal) Has(role Role) bool {
	for _, held := range p.Roles {
		if held == role {
			return true
		}
	}
	return false
}
