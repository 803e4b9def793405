package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// sendAll sends every file, waits until the alerts have been looked at, and reads
// them back.
func (p *product) sendAll(ctx context.Context, c *collection) error {
	trapped := map[string]bool{}
	for _, t := range c.traps {
		trapped[t.file] = true
	}
	for i, f := range c.files {
		if err := p.forget(ctx); err != nil {
			return err
		}
		if err := p.send(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if (i+1)%50 == 0 {
			say("  %d of %d sent", i+1, len(c.files))
		}
	}
	if err := p.settle(ctx); err != nil {
		return err
	}
	say("  all looked at, reading them back")
	for _, f := range c.files {
		if err := p.readBack(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if trapped[f.name] && f.source != genericSource {
			if err := p.readRaw(ctx, f); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	return nil
}

// forget makes the database forget which events it has seen. Collections hold
// variants of one event, in which only the severity differs: each is judged as what
// it is, not as a repetition of another.
func (p *product) forget(ctx context.Context) error {
	if err := p.Execute(ctx, "UPDATE alerts SET fingerprint = 'seen ' || id WHERE fingerprint NOT LIKE 'seen %'"); err != nil {
		return fmt.Errorf("forget the events of the file before: %w", err)
	}
	return nil
}

// readRaw downloads the bytes that are kept beside each alert.
func (p *product) readRaw(ctx context.Context, f *payload) error {
	for _, id := range f.ids {
		body, err := p.lead.AlertRaw(ctx, id)
		if err != nil {
			return fmt.Errorf("download alert %s: %w", id, err)
		}
		raw, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil {
			return fmt.Errorf("download alert %s: %w", id, err)
		}
		f.raw = append(f.raw, raw...)
	}
	return nil
}

func (p *product) send(ctx context.Context, f *payload) error {
	address := p.URL + "/api/v1/alerts"
	if f.source != genericSource || f.kind != "application/json" { // that door is for JSON alone
		address = p.URL + "/api/v1/hooks/" + f.source
	}
	token, err := p.tool(ctx, f.source)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(f.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", f.kind)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := p.HTTP.Do(request)
	if err != nil {
		f.fault = "no answer: " + err.Error()
		return nil //nolint:nilerr // it is told in the report
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		f.fault = "the answer ended too early: " + err.Error()
		return nil //nolint:nilerr // it is told in the report
	}
	f.answered(response, body)
	return nil
}

// answered reads one answer: receipts, a refusal with its reason, or something
// that the API does not describe.
func (f *payload) answered(response *http.Response, body []byte) {
	f.status = response.StatusCode
	if response.StatusCode == http.StatusAccepted {
		var receipts gen.ReceiptList
		if err := json.Unmarshal(body, &receipts); err != nil || len(receipts.Items) == 0 {
			f.fault = "202 without a receipt"
			return
		}
		for _, receipt := range receipts.Items {
			f.ids = append(f.ids, receipt.AlertID)
		}
		return
	}
	var problem gen.Problem
	kind := response.Header.Get("Content-Type")
	if response.StatusCode >= 500 || response.StatusCode < 400 || !strings.HasPrefix(kind, "application/problem+json") || json.Unmarshal(body, &problem) != nil {
		f.fault = fmt.Sprintf("answered %d as %s, which the API does not describe", response.StatusCode, kind)
		return
	}
	if f.reason = problem.Title; problem.Detail != nil {
		f.reason = *problem.Detail
	}
}

func (p *product) readBack(ctx context.Context, f *payload) error {
	for _, id := range f.ids {
		alert, err := p.lead.Alert(ctx, id)
		if err != nil {
			return fmt.Errorf("read alert %s back: %w", id, err)
		}
		f.alerts = append(f.alerts, *alert)
		if !alert.Parsed {
			f.unparsed++
		}
		if alert.IncidentID != "" && (f.saysNoAlert() || f.notByRule()) {
			opened, err := p.openedBy(ctx, alert.IncidentID, id)
			if err != nil {
				return err
			}
			f.opened = f.opened || opened
		}
	}
	return nil
}

// openedBy tells whether the alert is the one that the incident was opened for.
// One that says that something is over belongs to the incident of what it was.
func (p *product) openedBy(ctx context.Context, incidentID, alertID string) (bool, error) {
	page, err := p.lead.Timeline(ctx, incidentID, 0, 1)
	if err != nil {
		return false, fmt.Errorf("read the timeline of %s: %w", incidentID, err)
	}
	if len(page.Items) == 0 {
		return false, fmt.Errorf("the timeline of %s is empty", incidentID)
	}
	var opening struct {
		Alert struct{ ID string } `json:"alert"`
	}
	if data := page.Items[0].Data; data == nil || json.Unmarshal(*data, &opening) != nil || opening.Alert.ID == "" {
		return false, fmt.Errorf("the timeline of %s does not say which alert opened it", incidentID)
	}
	return opening.Alert.ID == alertID, nil
}
