package quorum

import (
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Closed says in a sentence for people why an approval takes no decision at an
// instant, who ended it and when, and what follows; "" while it takes one. What the
// decisions in hand make of it goes before its status, which the workflow writes later.
func Closed(a soar.Approval, at time.Time) string {
	result := Count(a)
	switch {
	case result.Last() != nil:
		return fmt.Sprintf("approval %s is %s already, by %s at %s", a.ID, result.Status(), result.Last().By.ID, clock(result.Last().At))
	case a.Status == soar.ApprovalExpired || a.Status == soar.ApprovalPending && !at.Before(a.ExpiresAt):
		return fmt.Sprintf("approval %s expired at %s: %s%s", a.ID, clock(a.ExpiresAt), result.Lacks(), afterwards(a))
	case a.Status == soar.ApprovalPending:
		return ""
	default:
		return fmt.Sprintf("approval %s is %s already%s", a.ID, a.Status, lastWord(a))
	}
}

// lastWord says who ended it, or since when it is over when nobody's decision did.
func lastWord(a soar.Approval) string {
	n := len(a.Decisions)
	switch {
	case n > 0 && a.Status != soar.ApprovalCancelled:
		return fmt.Sprintf(", by %s at %s", a.Decisions[n-1].By.ID, clock(a.Decisions[n-1].At))
	case a.DecidedAt != nil:
		return ", since " + clock(*a.DecidedAt)
	default:
		return ""
	}
}

// Lacks says what was missing when the time was over.
func (r Result) Lacks() string {
	switch {
	case len(r.Counted) == 0:
		return "nobody had decided"
	case r.Have < r.Need:
		return fmt.Sprintf("%d of %d had said yes", r.Have, r.Need)
	default:
		return "somebody whose yes is needed had not decided"
	}
}

// afterwards says what follows from an expiry.
func afterwards(a soar.Approval) string {
	switch {
	case a.OnExpire == "deny":
		return ", which counts as no"
	case a.OnExpire == "fail":
		return ", and the step fails"
	case a.OnExpire == "escalate" && a.Status == soar.ApprovalPending && !a.Extended:
		return "; it is asked once more and of more people: try again in a minute"
	case a.OnExpire == "escalate":
		return ", nor after it was asked of more people"
	default:
		return ""
	}
}

// clock gives an instant for people.
func clock(at time.Time) string { return at.UTC().Format(time.RFC3339) }
