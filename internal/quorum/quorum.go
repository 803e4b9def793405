package quorum

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Reason says why a decision does not count. It is part of a sentence for people.
type Reason string

// Reasons. Counts is none.
const (
	Counts        Reason = ""
	OtherApproval Reason = "it answers another approval"
	NotAPerson    Reason = "only persons decide"
	Excluded      Reason = "this person may not decide here"
	NotApprover   Reason = "this person is not among the approvers"
	OtherDigest   Reason = "the person was shown something else"
	TooLate       Reason = "it came too late"
)

// WhyNot says why a decision does not count, looked at alone. Who decides on behalf
// of somebody is both: neither may be excluded.
func WhyNot(a soar.Approval, d soar.Decision) Reason {
	switch {
	case d.ApprovalID != a.ID:
		return OtherApproval
	case d.By.Kind != soar.ActorPerson || d.By.ID == "":
		return NotAPerson
	case Excludes(a, d):
		return Excluded
	case !Among(a.Approvers, d) && !Among(a.Needs, d):
		return NotApprover
	case d.Digest != a.Digest:
		return OtherDigest
	case !d.At.Before(a.ExpiresAt):
		return TooLate
	default:
		return Counts
	}
}

// Excludes tells whether one of the people behind a decision is excluded.
func Excludes(a soar.Approval, d soar.Decision) bool {
	return slices.ContainsFunc(a.Exclude, func(who soar.Actor) bool {
		return who.Kind == soar.ActorPerson && slices.Contains(names(d), fold(who.ID))
	})
}

// Among tells whether a decision comes from one of the entries, or on behalf of one.
// An entry that names neither a role nor a person is nobody.
func Among(list []soar.Approver, d soar.Decision) bool {
	return slices.ContainsFunc(list, func(who soar.Approver) bool {
		switch {
		case who.Person != "":
			return who.Person == d.By.ID || who.Person == d.OnBehalfOf
		case who.Role != "":
			return slices.Contains(d.Roles, who.Role) || d.OnBehalfOf != "" && slices.Contains(d.RepresentedRoles, who.Role)
		default:
			return false
		}
	})
}

// SamePerson tells whether two decisions have somebody in common: the one who
// decided, by any of the names known of him, or the one on whose behalf.
func SamePerson(a, b soar.Decision) bool {
	others := names(b)
	return slices.ContainsFunc(names(a), func(name string) bool { return slices.Contains(others, name) })
}

func names(d soar.Decision) []string {
	known := append([]string{d.By.ID, d.OnBehalfOf}, d.AlsoKnownAs...)
	for i := range known {
		known[i] = fold(known[i])
	}
	return slices.DeleteFunc(known, func(name string) bool { return name == "" })
}

// fold makes one name of those that mail and directories take for one.
func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Result is how an approval stands by the decisions that count.
type Result struct {
	Counted []soar.Decision // the yeses, each by other people, in their order
	Denied  *soar.Decision  // the first no; nothing after it counts
	Have    int             // of Counted, those by approvers
	Need    int             // at least 1
	Lacking []soar.Approver // needs of which nobody has said yes
}

// Count counts the decisions of an approval in their order, whatever its status
// says, until they settle it: what comes after that changes nothing.
func Count(a soar.Approval) Result {
	r := Result{Need: max(a.Quorum, 1), Lacking: slices.Clone(a.Needs)}
	for _, d := range a.Decisions {
		same := func(before soar.Decision) bool { return SamePerson(before, d) }
		if WhyNot(a, d) != Counts || slices.ContainsFunc(r.Counted, same) {
			continue
		}
		if !d.Approve {
			r.Denied = &d
			break
		}
		r.Counted = append(r.Counted, d)
		if Among(a.Approvers, d) {
			r.Have++
		}
		r.Lacking = slices.DeleteFunc(r.Lacking, func(need soar.Approver) bool { return Among([]soar.Approver{need}, d) })
		if r.Status() == soar.ApprovalApproved {
			break
		}
	}
	return r
}

// Status is what the decisions make of the approval: approved, denied, or pending
// while they are not enough.
func (r Result) Status() soar.ApprovalStatus {
	switch {
	case r.Denied != nil:
		return soar.ApprovalDenied
	case r.Have >= r.Need && len(r.Lacking) == 0:
		return soar.ApprovalApproved
	default:
		return soar.ApprovalPending
	}
}

// Last gives the decision that settled it, or nil while nothing is settled.
func (r Result) Last() *soar.Decision {
	switch {
	case r.Denied != nil:
		return r.Denied
	case r.Status() == soar.ApprovalApproved:
		return &r.Counted[len(r.Counted)-1]
	default:
		return nil
	}
}
