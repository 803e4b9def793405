package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of the walk. A person may take as long as the longest approval lives.
const (
	openWithin   = time.Minute
	pollEvery    = 200 * time.Millisecond
	followWithin = 5 * time.Minute // with auto; without, as long as the person likes
)

// walk is one walk through the product.
type walk struct {
	machine   *Machine
	out       io.Writer
	auto      bool
	responder *client.Client
}

// Introduce says where everything is.
func (m *Machine) Introduce(out io.Writer) {
	fmt.Fprintf(out, `
Tocsin is running on this machine.
  API and its documentation  %s/docs
  Temporal UI                %s
  Lab (a stand-in, not real) %s
  Data                       %s

In another terminal, in this folder:
  bin/tocsin incident list
  bin/tocsin approval list
  bin/tocsin doctor
  bin/tocsin token create --name "my sensor" --source generic --token-file %s
You are the SOC lead on duty; who decides does not administer, so tokens and playbooks are the administrator's.

`, m.URL, orNone(m.TemporalUI), m.LabURL, m.options.Dir, filepath.Join(m.options.Dir, adminFile))
}

// Walk sends two alerts, or takes up incidents that are open from a run before,
// and follows each to its end. With auto it answers for the people and fails when
// an incident does not end closed with a record that verifies.
func (m *Machine) Walk(ctx context.Context, out io.Writer, auto bool) error {
	responder, err := client.New(client.Config{URL: m.URL, Token: m.People.Responder})
	if err != nil {
		return err
	}
	m.Introduce(out)
	w := &walk{machine: m, out: out, auto: auto, responder: responder}
	ids, err := w.openIncidents(ctx)
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		w.say("Taking up what is open from the run before.")
	} else if ids, err = w.sendAlerts(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		if err := w.follow(ctx, id); err != nil {
			return fmt.Errorf("incident %s: %w", id, err)
		}
	}
	return w.finish(ctx, ids)
}

func (w *walk) openIncidents(ctx context.Context) ([]string, error) {
	open := true
	page, err := w.responder.Incidents(ctx, client.IncidentQuery{Open: &open})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, incident := range page.Items {
		ids = append(ids, incident.ID)
	}
	return ids, nil
}

// sendAlerts sends a Wazuh alert and a phishing report and waits until each has
// opened an incident.
func (w *walk) sendAlerts(ctx context.Context) ([]string, error) {
	var ids []string
	for _, report := range []struct {
		source, token, what string
		body                func(time.Time) ([]byte, error)
	}{
		{"wazuh", w.machine.People.Wazuh, "Wazuh reports guessing of SSH passwords on web-01", sshAlert},
		{"generic", w.machine.People.Generic, "A user of ws-042 reports a phishing mail whose link they clicked", phishingReport},
	} {
		w.say("%s.", report.what)
		sender, err := client.New(client.Config{URL: w.machine.URL, Token: report.token})
		if err != nil {
			return nil, err
		}
		body, err := report.body(time.Now())
		if err != nil {
			return nil, err
		}
		receipts, err := sender.AlertSend(ctx, report.source, "application/json", body)
		if err != nil {
			return nil, fmt.Errorf("send the alert: %w", err)
		}
		id, err := w.incidentOf(ctx, receipts.Items[0].AlertID)
		if err != nil {
			return nil, err
		}
		w.detail("alert %s committed and answered; it opened incident %s", receipts.Items[0].AlertID, id)
		ids = append(ids, id)
	}
	return ids, nil
}

func (w *walk) incidentOf(ctx context.Context, alertID string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	for {
		alert, err := w.responder.Alert(ctx, alertID)
		if err != nil {
			return "", err
		}
		if alert.IncidentID != "" {
			return alert.IncidentID, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("alert %s opened no incident within %s", alertID, openWithin)
		case <-time.After(pollEvery):
		}
	}
}

// finish says how it ended, looks at the lab, and verifies the records.
func (w *walk) finish(ctx context.Context, ids []string) error {
	var faults []error
	for _, id := range ids {
		detail, err := w.responder.Incident(ctx, id)
		if err != nil {
			return err
		}
		if !detail.Incident.Status.Ended() {
			faults = append(faults, fmt.Errorf("incident %s is %s, not closed", id, detail.Incident.Status))
		}
		w.summary(*detail)
		faults = append(faults, w.verify(ctx, id))
	}
	faults = append(faults, w.labState())
	return errors.Join(faults...)
}

func (w *walk) say(format string, args ...any) {
	fmt.Fprintf(w.out, "\n==> "+format+"\n", args...)
}

func (w *walk) detail(format string, args ...any) {
	fmt.Fprintf(w.out, "    "+format+"\n", args...)
}

func orNone(text string) string {
	if text == "" {
		return "none here (an external Temporal is used)"
	}
	return text
}

// safe makes text from outside fit for a terminal.
func safe(text string) string { return soar.Shorten(text, 300) }
