package guard

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// checkApproval holds the approval in the database against the action. The
// request only says which approval it is: what was bound, who decided and
// whether that is enough is worked out anew, so that neither a message nor a
// workflow that was tampered with can approve.
func checkApproval(f Facts) Verdict {
	proof, approval := f.Request.Approval, f.Approval
	if approval == nil {
		return refuse(RuleApproval, "approval %s does not exist", proof.ApprovalID)
	}
	if approval.ID != proof.ApprovalID || approval.IncidentID != f.Request.IncidentID {
		return refuse(RuleApproval, "approval %s belongs to another incident", proof.ApprovalID)
	}
	switch approval.Status {
	case soar.ApprovalPending, soar.ApprovalApproved:
		// Pending is enough: the decisions count, and the workflow writes the
		// new status only after it has gone on.
	default:
		return refuse(RuleApproval, "approval %s is %s", approval.ID, approval.Status)
	}
	if err := checkBinding(f); err != nil {
		return refuse(RuleApproval, "approval %s: %s", approval.ID, err)
	}
	return checkQuorum(approval)
}

func checkBinding(f Facts) error {
	approval := f.Approval
	digest, err := protocol.BoundDigest(f.Request.PlaybookDigest, approval.Bound)
	if err != nil {
		return fmt.Errorf("the bound actions cannot be read: %w", err)
	}
	if approval.Digest == "" || len(approval.Bound) == 0 {
		return fmt.Errorf("it binds no action, so it covers none")
	}
	if digest != approval.Digest || digest != f.Request.Approval.Digest {
		return fmt.Errorf("what was approved is not what is stored: the digests differ")
	}
	for _, bound := range approval.Bound {
		if bound.StepPath == f.Request.Approval.StepPath && bound.Action == f.Ref() && sameArgs(bound.Args, f.Request.Args) {
			return nil
		}
	}
	return fmt.Errorf("it does not cover %s of step %s with these arguments", f.Ref(), f.Request.Approval.StepPath)
}

func checkQuorum(approval *soar.Approval) Verdict {
	result := quorum.Count(*approval)
	switch {
	case result.Denied != nil:
		return refuse(RuleApproval, "%s denied approval %s", result.Denied.By.ID, approval.ID)
	case result.Have < result.Need:
		return refuse(RuleApproval, "approval %s has %d of %d approvals by persons who may decide", approval.ID, result.Have, result.Need)
	case len(result.Lacking) > 0:
		return refuse(RuleApproval, "approval %s lacks the yes of %s", approval.ID, cmp.Or(string(result.Lacking[0].Role), result.Lacking[0].Person))
	default:
		return allow()
	}
}

// sameArgs compares by canonical JSON: an argument that went through the database
// comes back as float64 where it was an int.
func sameArgs(a, b map[string]any) bool {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	if errLeft != nil || errRight != nil {
		return false
	}
	return bytes.Equal(left, right) || (len(a) == 0 && len(b) == 0)
}
