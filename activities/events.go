package activities

import (
	"encoding/json"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// actor is who acts: the playbook whose step this is.
func (t *attempt) actor() soar.Actor {
	return soar.Actor{Kind: soar.ActorPlaybook, ID: t.request.Playbook}
}

// onTarget names the action for people.
func (t *attempt) onTarget() string {
	if t.request.Target == "" {
		return t.ref()
	}
	return t.ref() + " on " + soar.Shorten(t.request.Target, 200)
}

func (t *attempt) event(kind, text string, data map[string]any) record.Payload {
	data["key"], data["action"] = t.request.Key, t.ref()
	body, err := json.Marshal(data)
	if err != nil {
		body = []byte(`{"unreadable":true}`) // arguments were plain data when they were checked
	}
	return record.Payload{At: t.deps.Now().UTC(), Kind: kind, By: t.actor(), Step: t.request.StepKey, Text: t.onTarget() + " " + text, Data: body}
}

func (t *attempt) intentEvent() record.Payload {
	r := t.request
	data := map[string]any{"args": r.Args, "target": r.Target, "risk": t.action.Risk, "playbook": r.Playbook, "playbook_digest": r.PlaybookDigest}
	if r.Approval != nil {
		data["approval"] = r.Approval
	}
	for name, value := range map[string]string{"preauthorised": r.Preauthorised, "undoes": r.Undoes, "manifest_digest": r.ManifestDigest} {
		if value != "" {
			data[name] = value
		}
	}
	return t.event(protocol.EventActionIntent, "is about to be done", data)
}

func (t *attempt) outcomeEvent(text string, state soar.LedgerState, failure *connector.Error) record.Payload {
	data := map[string]any{"state": state, "attempts": t.entry.Attempts}
	if failure != nil {
		text += ": " + failure.Message
		data["class"], data["error"] = failure.Class, failure.Message
	}
	return t.event(protocol.EventActionOutcome, text, data)
}

func (t *attempt) refusedEvent(verdict guard.Verdict) record.Payload {
	return t.event(protocol.EventActionRefused, "was refused: "+verdict.Reason, map[string]any{"rule": verdict.Rule, "reason": verdict.Reason, "args": t.request.Args})
}

func (t *attempt) evidenceEvent(item soar.Evidence) record.Payload {
	return t.event(protocol.EventEvidence, "collected "+soar.Shorten(item.Name, 200), map[string]any{
		"evidence": item.ID, "sha256": item.SHA256, "sha512": item.SHA512, "bytes": item.Bytes, "source": item.Source, "volatility": item.Volatility,
	})
}
