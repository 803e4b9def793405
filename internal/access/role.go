package access

import (
	"slices"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Granted gives what a role may do, nothing for a role that is not known. It is
// the table of ISO/IEC 27002:2022 5.24 d (roles) turned into words of this
// product; the pairs that must never meet in one role are tested.
func Granted(role soar.Role) []Permission {
	switch role {
	case soar.RoleTool:
		return []Permission{AlertSend}
	case soar.RoleReporter:
		return []Permission{IncidentOpen, IncidentReadOwn}
	case soar.RoleAnalyst:
		return analyst()
	case soar.RoleSOCLead, soar.RoleIncidentCommander:
		return append(analyst(), IncidentOverride, IncidentCancel, IncidentClose,
			TaskAssign, ApprovalDecide, PlaybookActivate, FreezeSet, ConfigRead, QualificationManage, AbsenceManage)
	case soar.RoleCISO:
		return append(reader(), IncidentOpen, IncidentNote, IncidentCommand, IncidentCancel, IncidentClose,
			ApprovalDecide, TaskComplete, FreezeSet, ConfigRead, PersonRead, QualificationManage, AbsenceSet, AbsenceManage, PayloadDecode)
	case soar.RoleEvidenceCustodian:
		return append(reader(), IncidentNote, TaskComplete, EvidenceManage, AbsenceSet)
	case soar.RoleLegal:
		return append(reader(), IncidentNote, TaskComplete, AbsenceSet)
	case soar.RoleComms:
		return []Permission{IncidentRead, ClockRead, IncidentNote, TaskRead, TaskComplete, FreezeRead, AbsenceSet}
	case soar.RolePlaybookEngineer:
		return []Permission{AlertRead, IncidentRead, ClockRead, TaskRead, PlaybookRead, PlaybookPublish, PlaybookActivate, FreezeRead, ConfigRead, AbsenceSet}
	case soar.RoleManager:
		return []Permission{IncidentRead, ClockRead, PlaybookRead, FreezeRead, AbsenceSet}
	case soar.RoleAdmin:
		return []Permission{PlaybookRead, TokenRead, TokenManage, FreezeRead, FreezeSet, ConfigRead, ConfigWrite, OperationsRead, OperationsRetry,
			PersonRead, PersonManage, QualificationManage, AbsenceSet, AbsenceManage}
	case soar.RoleAuditor:
		return append(reader(), TokenRead, ConfigRead, OperationsRead, PersonRead, PayloadDecode)
	default:
		return nil
	}
}

// reader sees incidents and all that belongs to them, and changes nothing.
func reader() []Permission {
	return []Permission{AlertRead, IncidentRead, ClockRead, ApprovalRead, TaskRead, PlaybookRead, RecordRead, EvidenceRead, FreezeRead}
}

// analyst works on incidents and asks for containment; who decides is somebody else.
func analyst() []Permission {
	return append(reader(), AlertSend, IncidentOpen, IncidentNote, IncidentCommand, TaskComplete, PersonRead, AbsenceSet, PayloadDecode)
}

// Can tells whether the principal may do it: one of the roles grants it and, when
// the token is scoped, a scope covers it.
func Can(p soar.Principal, permission Permission) bool {
	granted := slices.ContainsFunc(p.Roles, func(role soar.Role) bool {
		return slices.Contains(Granted(role), permission)
	})
	if !granted || len(p.Scopes) == 0 {
		return granted
	}
	return slices.ContainsFunc(p.Scopes, func(scope string) bool { return covers(scope, permission) })
}

// Require gives nil when the principal may do it, and else a denied error that
// names the permission.
func Require(p soar.Principal, permission Permission, op string) error {
	if Can(p, permission) {
		return nil
	}
	return soar.Errorf(soar.CodeDenied, op, "you may not do this: it needs the permission %s", permission)
}

// CanSee tells whether the principal needs to know of the incident. TLP:RED is
// for its owner and those who lead the response; a reporter sees what he opened;
// everything else is for all who may read incidents.
func CanSee(p soar.Principal, incident soar.Incident) bool {
	if incident.TLP == soar.TLPRed && !leads(p) && (incident.Owner == "" || incident.Owner != p.Actor.ID) {
		return false
	}
	if Can(p, IncidentRead) {
		return true
	}
	return Can(p, IncidentReadOwn) && incident.OpenedBy.Same(p.Actor)
}

func leads(p soar.Principal) bool {
	return p.Has(soar.RoleSOCLead) || p.Has(soar.RoleIncidentCommander) || p.Has(soar.RoleCISO)
}

// ViewerOf gives what lists have to leave out for the caller, nil for nothing. It
// asks CanSee about made-up incidents, so that the rules stand in one place.
func ViewerOf(p soar.Principal) *soar.Viewer {
	mine, red := p.Actor, soar.TLPRed
	if CanSee(p, soar.Incident{TLP: red}) {
		return nil
	}
	v := &soar.Viewer{Person: p.Actor.ID, Red: CanSee(p, soar.Incident{TLP: red, OpenedBy: mine})}
	if !CanSee(p, soar.Incident{}) {
		v.OpenedBy = &mine
	}
	return v
}
