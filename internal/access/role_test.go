package access

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// columns of wantTable, in its order.
func columns() []soar.Role {
	return []soar.Role{
		soar.RoleReporter, soar.RoleAnalyst, soar.RoleSOCLead, soar.RoleIncidentCommander, soar.RoleCISO, soar.RoleEvidenceCustodian,
		soar.RolePlaybookEngineer, soar.RoleManager, soar.RoleComms, soar.RoleLegal, soar.RoleAdmin, soar.RoleAuditor, soar.RoleTool,
	}
}

// wantTable is the whole table, written out by hand: x may, . may not.
func wantTable() map[Permission]string {
	return map[Permission]string{
		//                 rep ana lead com ciso cust eng mgr comms legal adm aud tool
		AlertSend:        ". x x x . . . . . . . . x",
		AlertRead:        ". x x x x x x . . x . x .",
		IncidentRead:     ". x x x x x x x x x . x .",
		ClockRead:        ". x x x x x x x x x . x .",
		IncidentReadOwn:  "x . . . . . . . . . . . .",
		IncidentOpen:     "x x x x x . . . . . . . .",
		IncidentNote:     ". x x x x x . . x x . . .",
		IncidentCommand:  ". x x x x . . . . . . . .",
		IncidentOverride: ". . x x . . . . . . . . .",
		IncidentCancel:   ". . x x x . . . . . . . .",
		IncidentClose:    ". . x x x . . . . . . . .",
		ApprovalRead:     ". x x x x x . . . x . x .",
		ApprovalDecide:   ". . x x x . . . . . . . .",
		TaskRead:         ". x x x x x x . x x . x .",
		TaskComplete:     ". x x x x x . . x x . . .",
		TaskAssign:       ". . x x . . . . . . . . .",
		PlaybookRead:     ". x x x x x x x . x x x .",
		PlaybookPublish:  ". . . . . . x . . . . . .",
		PlaybookActivate: ". . x x . . x . . . . . .",
		RecordRead:       ". x x x x x . . . x . x .",
		EvidenceRead:     ". x x x x x . . . x . x .",
		EvidenceManage:   ". . . . . x . . . . . . .",
		TokenRead:        ". . . . . . . . . . x x .",
		TokenManage:      ". . . . . . . . . . x . .",
		FreezeRead:       ". x x x x x x x x x x x .",
		FreezeSet:        ". . x x x . . . . . x . .",
		ConfigRead:       ". . x x x . x . . . x x .",
		ConfigWrite:      ". . . . . . . . . . x . .",
		OperationsRead:   ". . . . . . . . . . x x .",
		OperationsRetry:  ". . . . . . . . . . x . .",
		//                 rep ana lead com ciso cust eng mgr comms legal adm aud tool
		PersonRead:          ". x x x x . . . . . x x .",
		PersonManage:        ". . . . . . . . . . x . .",
		QualificationManage: ". . x x x . . . . . x . .",
		AbsenceSet:          ". x x x x x x x x x x . .",
		AbsenceManage:       ". . x x x . . . . . x . .",
		PayloadDecode:       ". x x x x . . . . . . x .",
	}
}

func TestEveryCellOfTheTable(t *testing.T) {
	t.Parallel()
	want := wantTable()
	if len(want) != len(Permissions()) || len(columns()) != len(soar.Roles()) {
		t.Fatalf("the table has %d x %d cells, the product %d x %d", len(want), len(columns()), len(Permissions()), len(soar.Roles()))
	}
	for _, permission := range Permissions() {
		row := want[permission]
		for i, role := range columns() {
			may := row[2*i] == 'x'
			if got := Can(soar.Principal{Roles: []soar.Role{role}}, permission); got != may {
				t.Errorf("%s x %s: got %v, want %v", role, permission, got, may)
			}
		}
	}
}

func TestSeparationOfDuties(t *testing.T) {
	t.Parallel()
	never := []struct {
		name string
		a, b Permission
	}{
		{"who publishes does not decide", PlaybookPublish, ApprovalDecide},
		{"who gives out tokens does not decide", TokenManage, ApprovalDecide},
		{"who gives out tokens does not read incidents", TokenManage, IncidentRead},
		{"who manages evidence does not command", EvidenceManage, IncidentCommand},
		{"who configures does not decide", ConfigWrite, ApprovalDecide},
		{"who gives out roles does not decide", PersonManage, ApprovalDecide},
	}
	for _, row := range never {
		for _, role := range soar.Roles() {
			granted := Granted(role)
			if slices.Contains(granted, row.a) && slices.Contains(granted, row.b) {
				t.Errorf("%s: role %s has both %s and %s", row.name, role, row.a, row.b)
			}
		}
	}
}

func TestUnknownRoleMayNothing(t *testing.T) {
	t.Parallel()
	for _, roles := range [][]soar.Role{nil, {""}, {"root"}, {"Admin"}} {
		for _, permission := range Permissions() {
			if Can(soar.Principal{Roles: roles}, permission) {
				t.Errorf("roles %q may %s", roles, permission)
			}
		}
	}
}

func TestScopesOnlyTakeAway(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		roles  []soar.Role
		scopes []string
		may    []Permission
		mayNot []Permission
	}{
		{"one permission", []soar.Role{soar.RoleAnalyst}, []string{"incident:read"}, []Permission{IncidentRead}, []Permission{IncidentNote, AlertRead}},
		{"all of a noun", []soar.Role{soar.RoleAnalyst}, []string{"task:*"}, []Permission{TaskRead, TaskComplete}, []Permission{IncidentRead}},
		{"no more than the role", []soar.Role{soar.RoleAnalyst}, []string{"approval:*", "approval:decide"}, []Permission{ApprovalRead}, []Permission{ApprovalDecide}},
		{"an unknown scope covers nothing", []soar.Role{soar.RoleAnalyst}, []string{"*", "incident", "incident:", ""}, nil, []Permission{IncidentRead, IncidentNote}},
		{"roles add up", []soar.Role{soar.RoleAnalyst, soar.RoleSOCLead}, nil, []Permission{ApprovalDecide}, []Permission{TokenManage}},
	}
	for _, row := range rows {
		p := soar.Principal{Roles: row.roles, Scopes: row.scopes}
		for _, permission := range row.may {
			if !Can(p, permission) {
				t.Errorf("%s: may not %s", row.name, permission)
			}
		}
		for _, permission := range row.mayNot {
			if Can(p, permission) {
				t.Errorf("%s: may %s", row.name, permission)
			}
		}
	}
}

func TestValidScope(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	for _, scope := range []string{"incident:read", "incident:*", "*", "incident", "incident:fly", "", ":*"} {
		got[scope] = ValidScope(scope)
	}
	want := map[string]bool{"incident:read": true, "incident:*": true, "*": false, "incident": false, "incident:fly": false, "": false, ":*": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

func TestRequireNamesThePermission(t *testing.T) {
	t.Parallel()
	err := Require(soar.Principal{Roles: []soar.Role{soar.RoleManager}}, ApprovalDecide, "test")
	if soar.CodeOf(err) != soar.CodeDenied {
		t.Fatalf("got %v, want denied", err)
	}
	if diff := cmp.Diff("you may not do this: it needs the permission approval:decide", soar.MessageOf(err)); diff != "" {
		t.Error(diff)
	}
	if err := Require(soar.Principal{Roles: []soar.Role{soar.RoleCISO}}, ApprovalDecide, "test"); err != nil {
		t.Errorf("a ciso is refused: %v", err)
	}
}

func TestNeedToKnow(t *testing.T) {
	t.Parallel()
	person := func(id string, roles ...soar.Role) soar.Principal {
		return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: id}, Roles: roles}
	}
	red := soar.Incident{TLP: soar.TLPRed, Owner: "owner@lab.invalid"}
	amber := soar.Incident{TLP: soar.TLPAmberStrict, OpenedBy: soar.Actor{Kind: soar.ActorPerson, ID: "rep@lab.invalid"}}
	rows := []struct {
		name     string
		who      soar.Principal
		incident soar.Incident
		want     bool
	}{
		{"analyst, amber", person("a", soar.RoleAnalyst), amber, true},
		{"analyst, red", person("a", soar.RoleAnalyst), red, false},
		{"analyst who owns it, red", person("owner@lab.invalid", soar.RoleAnalyst), red, true},
		{"auditor, red", person("a", soar.RoleAuditor), red, false},
		{"soc lead, red", person("a", soar.RoleSOCLead), red, true},
		{"commander, red", person("a", soar.RoleIncidentCommander), red, true},
		{"ciso, red", person("a", soar.RoleCISO), red, true},
		{"nobody owns it and the id is empty", person("", soar.RoleAnalyst), soar.Incident{TLP: soar.TLPRed}, false},
		{"admin, amber", person("a", soar.RoleAdmin), amber, false},
		{"reporter, his own", person("rep@lab.invalid", soar.RoleReporter), amber, true},
		{"reporter, of somebody else", person("other@lab.invalid", soar.RoleReporter), amber, false},
		{"a tool of the same name as the reporter", soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "rep@lab.invalid"}, Roles: []soar.Role{soar.RoleReporter}}, amber, false},
		{"no roles", person("a"), amber, false},
	}
	for _, row := range rows {
		if got := CanSee(row.who, row.incident); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}
