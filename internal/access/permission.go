package access

import (
	"slices"
	"strings"
)

// Permission is one thing that a caller may be allowed to do, written noun:verb.
// Scopes of tokens use the same words, and "noun:*" for all of a noun.
type Permission string

// Permissions.
const (
	AlertSend        Permission = "alert:send"
	AlertRead        Permission = "alert:read"
	IncidentRead     Permission = "incident:read"
	IncidentReadOwn  Permission = "incident:read_own" // those that the caller opened
	IncidentOpen     Permission = "incident:open"
	IncidentNote     Permission = "incident:note"
	IncidentCommand  Permission = "incident:command"  // acknowledge, declare, pause, resume, retry a step, run a playbook, send an event
	IncidentOverride Permission = "incident:override" // skip a step, release a containment before its time
	IncidentCancel   Permission = "incident:cancel"
	IncidentClose    Permission = "incident:close"
	ClockRead        Permission = "clock:read" // what runs out and when, and no more; incident:read holds it, too
	ApprovalRead     Permission = "approval:read"
	ApprovalDecide   Permission = "approval:decide"
	TaskRead         Permission = "task:read"
	TaskComplete     Permission = "task:complete"
	TaskAssign       Permission = "task:assign" // give it to somebody, take it back from somebody
	PlaybookRead     Permission = "playbook:read"
	PlaybookPublish  Permission = "playbook:publish"
	PlaybookActivate Permission = "playbook:activate" // also disable
	RecordRead       Permission = "record:read"
	EvidenceRead     Permission = "evidence:read"
	EvidenceManage   Permission = "evidence:manage" // seal, transfer, export
	TokenRead        Permission = "token:read"
	TokenManage      Permission = "token:manage"
	FreezeRead       Permission = "freeze:read"
	FreezeSet        Permission = "freeze:set"
	ConfigRead       Permission = "config:read"
	ConfigWrite      Permission = "config:write"
	OperationsRead   Permission = "operations:read"  // outbox, health, metrics
	OperationsRetry  Permission = "operations:retry" // parked outbox items
	PersonRead       Permission = "person:read"      // who holds which role, is qualified, is away, may approve
	PersonManage     Permission = "person:manage"

	QualificationManage Permission = "qualification:manage"

	AbsenceSet    Permission = "absence:set"    // one's own
	AbsenceManage Permission = "absence:manage" // another's
	PayloadDecode Permission = "payload:decode" // read what is encrypted in Temporal, of incidents that the caller may see
)

// Permissions lists all permissions.
func Permissions() []Permission {
	return []Permission{
		AlertSend, AlertRead,
		IncidentRead, IncidentReadOwn, IncidentOpen, IncidentNote, IncidentCommand, IncidentOverride, IncidentCancel, IncidentClose,
		ClockRead, ApprovalRead, ApprovalDecide, TaskRead, TaskComplete, TaskAssign,
		PlaybookRead, PlaybookPublish, PlaybookActivate,
		RecordRead, EvidenceRead, EvidenceManage,
		TokenRead, TokenManage, FreezeRead, FreezeSet, ConfigRead, ConfigWrite, OperationsRead, OperationsRetry,
		PersonRead, PersonManage, QualificationManage, AbsenceSet, AbsenceManage,
		PayloadDecode,
	}
}

// Noun gives the part before the colon.
func (p Permission) Noun() string {
	noun, _, _ := strings.Cut(string(p), ":")
	return noun
}

// ValidScope tells whether scope is a permission or "noun:*" for a known noun.
func ValidScope(scope string) bool {
	return slices.ContainsFunc(Permissions(), func(p Permission) bool { return covers(scope, p) })
}

// covers tells whether a token's scope leaves the permission in.
func covers(scope string, permission Permission) bool {
	return scope == string(permission) || scope == permission.Noun()+":*"
}
