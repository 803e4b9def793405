package interpreter

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// cover is what permits a bound action to run now, or why it must not.
type cover struct {
	proof         *protocol.ApprovalProof
	preauthorised string
	refusal       string
	changed       *plan.Step // the approval that was given for something else
}

// cover looks at every approval that binds this action. It fails closed: an
// approval that was not asked, was denied, or bound other arguments refuses the
// action, whatever the conditions in the playbook said. The guard looks at the
// decisions themselves once more.
func (v *visit) cover() cover {
	var all cover
	for _, approval := range v.at.lay.binders[v.step] {
		one := v.coverBy(approval)
		if one.refusal != "" {
			return one
		}
		if one.proof != nil {
			all.proof = one.proof
		}
		if one.preauthorised != "" {
			all.preauthorised = one.preauthorised
		}
	}
	return all
}

func (v *visit) coverBy(approval *plan.Step) cover {
	rec := v.at.record(approval)
	switch {
	case rec == nil:
		return cover{refusal: fmt.Sprintf("approval %s, which binds it, was not asked", approval.ID)}
	case rec.Status == soar.StepRunning && rec.Generation > 0:
		return cover{refusal: fmt.Sprintf("approval %s, which binds it, is asked again", approval.ID), changed: approval}
	case rec.Status == soar.StepSkipped:
		return cover{preauthorised: rec.Preauthorised}
	case rec.Status != soar.StepApproved:
		return cover{refusal: fmt.Sprintf("approval %s, which binds it, is %s", approval.ID, rec.Status)}
	}
	asked := v.m.Case.Approval(rec.Approval)
	if asked == nil {
		return cover{refusal: fmt.Sprintf("approval %s is not known any more", rec.Approval)}
	}
	one := v.compare(asked)
	if one.refusal != "" {
		one.changed = approval
	}
	return one
}

// compare refuses what people did not see: another action, or other arguments.
func (v *visit) compare(asked *state.Approval) cover {
	bound := asked.BoundAction(v.rec.Key)
	if bound == nil {
		return cover{refusal: fmt.Sprintf("it is not among the actions that approval %s bound", asked.ID)}
	}
	if bound.Action != v.step.Action.Ref() || !sameJSON(bound.Args, v.rec.Args) {
		return cover{refusal: fmt.Sprintf("its arguments changed since approval %s", asked.ID)}
	}
	return cover{proof: &protocol.ApprovalProof{ApprovalID: asked.ID, Digest: asked.Digest, StepPath: v.rec.Key}}
}

// sameJSON compares by canonical JSON, the form that the digest binds.
func sameJSON(a, b any) bool {
	first, errFirst := json.Marshal(a)
	second, errSecond := json.Marshal(b)
	return errFirst == nil && errSecond == nil && bytes.Equal(first, second)
}
