package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// follow prints an incident's timeline as it comes, and stops at its end. Where a
// person is needed it answers (auto) or says what to type.
func (w *walk) follow(ctx context.Context, id string) error {
	w.say("Incident %s: its timeline, as it is written into the record.", id)
	if w.auto {
		limited, cancel := context.WithTimeout(ctx, followWithin)
		defer cancel()
		ctx = limited
	}
	broken := func(err error) { w.detail("the stream broke (%v); connecting again", err) }
	for entry, err := range w.responder.Watch(ctx, id, 0, broken) {
		if err != nil {
			return err
		}
		w.printEntry(entry)
		if err := w.attend(ctx, id, entry); err != nil {
			return err
		}
		if entry.Kind == protocol.EventIncidentClosed {
			return nil
		}
	}
	if err := ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("not closed within %s", followWithin)
	}
	return ctx.Err()
}

func (w *walk) printEntry(entry gen.TimelineEntry) {
	fmt.Fprintf(w.out, "    %s %4d  %-22s %s\n", entry.At.Local().Format("15:04:05 MST"), entry.Seq, entry.Kind, safe(entry.Text))
}

// attend does what an entry asks of people.
func (w *walk) attend(ctx context.Context, id string, entry gen.TimelineEntry) error {
	switch entry.Kind {
	case protocol.EventApprovalRequested:
		return w.attendApprovals(ctx, id)
	case protocol.EventTaskOpened:
		return w.attendTasks(ctx, id)
	case protocol.EventIncidentOpened:
		return w.acknowledge(ctx, id)
	default:
		return nil
	}
}

// acknowledge is what the analyst on duty does first; it stops the first clock.
func (w *walk) acknowledge(ctx context.Context, id string) error {
	detail, err := w.responder.Incident(ctx, id)
	if err != nil {
		return err
	}
	if detail.Incident.AcknowledgedAt != nil || detail.Incident.Status.Ended() {
		return nil
	}
	if !w.auto {
		w.detail("[?] somebody should take this: bin/tocsin incident ack %s", id)
		return nil
	}
	_, err = w.responder.Command(ctx, id, "demo-ack-"+id, client.Acknowledge{})
	if fault, ok := errors.AsType[*client.Error](err); ok && fault.Code == soar.CodeConflict {
		return nil // acknowledged by another act meanwhile
	}
	return err
}

func (w *walk) attendApprovals(ctx context.Context, id string) error {
	page, err := w.responder.Approvals(ctx, soar.ApprovalPending, id, client.Page{})
	if err != nil {
		return err
	}
	for _, approval := range page.Items {
		w.showApproval(approval)
		if !w.auto {
			w.detail("[?] decide it in another terminal:\n          bin/tocsin approve %s --reason \"seen the evidence\"\n          bin/tocsin deny %s --reason \"...\"", approval.ID, approval.ID)
			continue
		}
		decision := gen.DecisionInput{Decision: gen.Approve, Reason: "demo: the evidence shows a break-in"}
		if approval.Digest != "" {
			decision.Digest = &approval.Digest
		}
		if _, err := w.responder.Decide(ctx, approval.ID, "demo-"+approval.ID, decision); err != nil {
			return fmt.Errorf("approve %s: %w", approval.ID, err)
		}
		w.detail("[+] approved by itself, because DEMO_AUTO=1")
	}
	return nil
}

func (w *walk) showApproval(approval soar.Approval) {
	w.detail("[?] %s: %s", approval.ID, safe(approval.Title))
	for _, action := range approval.Bound {
		args, err := json.Marshal(action.Args)
		if err != nil {
			args = []byte("(cannot be shown)")
		}
		w.detail("      would run %s %s", action.Action, safe(string(args)))
	}
	w.detail("      digest %s, expires %s", approval.Digest, approval.ExpiresAt.Local().Format("15:04:05 MST"))
}

func (w *walk) attendTasks(ctx context.Context, id string) error {
	page, err := w.responder.Tasks(ctx, soar.TaskOpen, id, client.Page{})
	if err != nil {
		return err
	}
	for _, task := range page.Items {
		w.detail("[?] task %s: %s", task.ID, safe(task.Title))
		if !w.auto {
			w.detail("      bin/tocsin task done %s --answer '{\"entered_credentials\": true}'", task.ID)
			continue
		}
		if _, err := w.responder.TaskDone(ctx, task.ID, "demo-"+task.ID, map[string]any{"entered_credentials": true, "remarks": "typed the password, no code"}); err != nil {
			return fmt.Errorf("complete %s: %w", task.ID, err)
		}
		w.detail("[+] answered by itself, because DEMO_AUTO=1")
	}
	return nil
}

func (w *walk) summary(detail protocol.Detail) {
	incident := detail.Incident
	w.say("Incident %s is %s (%s).", incident.ID, incident.Status, incident.Resolution)
	w.detail("%s, %s, %s", safe(incident.Title), incident.Category, incident.Severity)
	for _, run := range detail.Runs {
		w.detail("playbook %s %s: %s", run.Playbook, run.Version, run.Status)
	}
	for _, clock := range detail.Objectives {
		w.detail("objective %-12s %-8s due %s", clock.Name, clock.State(), clock.DueAt.Local().Format(time.RFC3339))
	}
	for _, item := range detail.Evidence {
		w.detail("evidence %s %s, %d bytes, sha256 %s", item.ID, safe(item.Name), item.Bytes, item.SHA256)
	}
	for _, held := range detail.Containments {
		until := "until somebody releases it"
		if held.Until != nil {
			until = "until " + held.Until.Local().Format(time.RFC3339)
		}
		w.detail("contained %s by %s, %s", safe(held.Target), held.Action, until)
	}
	if w.machine.TemporalUI != "" {
		w.detail("Temporal UI: %s/namespaces/default/workflows/%s", w.machine.TemporalUI, incident.ID)
	}
}
