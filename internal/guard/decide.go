package guard

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Facts is all that a decision rests on. The caller reads it from the manifest
// and the database in the same attempt; nothing of it comes from the playbook but
// Request.
type Facts struct {
	Request      protocol.ActionRequest
	Risk         soar.Risk // the manifest's, as it is now
	Protects     string    // the manifest's class of the target
	Targets      []string  // from Targets
	Freeze       soar.Freeze
	Protected    []soar.Protected // the site's list; Builtin is added
	Approval     *soar.Approval   // as the database has it, with its decisions; nil: none was named or found
	Authorised   bool             // Request.Preauthorised names a policy in force for this action
	UndoOf       *soar.LedgerEntry
	DeclaredUndo string // connector.action that the manifest names to take UndoOf back
}

// Ref gives connector.action.
func (f Facts) Ref() string { return f.Request.Connector + "." + f.Request.Action }

// Decide says whether the action may happen now. Reading, notifying and
// collecting are always allowed: a freeze must not silence or blind the people.
//
// Taking back what the same incident did needs neither approval nor a clear
// protected list: containment must be reversible. The kill switch stops it too,
// since with it on, nothing moves until a person says so.
func Decide(f Facts) Verdict {
	if !f.Risk.Writes() {
		return allow()
	}
	if rank(f.Request.Risk) < rank(f.Risk) {
		return refuse(RuleRisk, "%s now has risk %s; the playbook was compiled when it was %s: publish it again", f.Ref(), f.Risk, f.Request.Risk)
	}
	if Frozen(f.Freeze, f.Ref()) {
		return refuse(RuleFreeze, "the kill switch is on for %s: %s", scopeText(f.Freeze), reasonText(f.Freeze.Reason))
	}
	if f.TakesBack() {
		return allow()
	}
	if len(f.Targets) == 0 {
		return refuse(RuleTarget, "%s names no target", f.Ref())
	}
	if verdict := f.unprotected(); !verdict.Allowed {
		return verdict
	}
	return f.approved()
}

// Frozen tells whether the kill switch covers connector.action. Its scope is a
// connector's name or connector.action; one that is empty or cannot be read as a
// name covers everything.
func Frozen(freeze soar.Freeze, ref string) bool {
	if !freeze.On {
		return false
	}
	scope := strings.ToLower(strings.TrimSpace(freeze.Scope))
	if scope == "" || scope == "all" || strings.ContainsFunc(scope, notOfName) {
		return true
	}
	connector, _, _ := strings.Cut(ref, ".")
	return scope == ref || scope == connector
}

func notOfName(r rune) bool {
	return r != '.' && r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

// NeedsApproval tells whether a person, or a policy that people agreed to, must
// have said yes: before a change of a protected class, before every destruction.
func NeedsApproval(risk soar.Risk, protects string) bool {
	return risk == soar.RiskDestroy || (risk == soar.RiskChange && protects != "")
}

// TakesBack tells whether the action is the declared undo of what the same incident
// did. It then costs no budget either.
func (f Facts) TakesBack() bool {
	done := []soar.LedgerState{soar.LedgerSent, soar.LedgerUnknown, soar.LedgerConfirmed, soar.LedgerReconciled, soar.LedgerCompensated}
	return f.Request.Undoes != "" && f.UndoOf != nil &&
		f.UndoOf.Key == f.Request.Undoes && f.UndoOf.IncidentID == f.Request.IncidentID &&
		slices.Contains(done, f.UndoOf.State) && f.DeclaredUndo == f.Ref()
}

func (f Facts) unprotected() Verdict {
	list := append(Builtin(), f.Protected...)
	for _, target := range f.Targets {
		if entry := Match(list, f.Protects, target); entry != nil {
			return refuse(RuleProtected, "%s is protected (%s %s: %s); take it off the protected list first", target, entry.Class, entry.Pattern, reasonText(entry.Reason))
		}
	}
	return allow()
}

func (f Facts) approved() Verdict {
	switch {
	case f.Request.Approval != nil:
		return checkApproval(f)
	case f.Request.Preauthorised != "" && f.Authorised:
		return allow()
	case !NeedsApproval(f.Risk, f.Protects):
		return allow()
	case f.Request.Preauthorised != "":
		return refuse(RuleApproval, "no pre-authorisation named %q is in force for this action, and nobody approved %s", f.Request.Preauthorised, f.Ref())
	default:
		return refuse(RuleApproval, "%s needs an approval or a named pre-authorisation, and has neither", f.Ref())
	}
}

// rank orders risks; a risk that is not known ranks lowest, so that a request
// without one is refused.
func rank(risk soar.Risk) int { return slices.Index(soar.Risks(), risk) }

func scopeText(freeze soar.Freeze) string {
	if freeze.Scope == "" {
		return "everything"
	}
	return freeze.Scope
}

func reasonText(reason string) string {
	if reason == "" {
		return "no reason given"
	}
	return reason
}
