package client

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// AlertSend sends alerts in the generic form, or with a source in that tool's
// own form.
func (c *Client) AlertSend(ctx context.Context, source, contentType string, body []byte) (*gen.ReceiptList, error) {
	if source != "" {
		r, err := c.api.ReceiveHookWithBodyWithResponse(ctx, source, contentType, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return answer(r.JSON202)
	}
	r, err := c.api.SendAlertWithBodyWithResponse(ctx, contentType, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return answer(r.JSON202)
}

// AlertQuery narrows a list of alerts.
type AlertQuery struct {
	IncidentID, Source string
	Parsed             *bool
	Severity           soar.Severity
	Host, User, Query  string
	Since, Until       *time.Time // received at or after, before
	Page
}

// Alerts gives one page.
func (c *Client) Alerts(ctx context.Context, q AlertQuery) (*gen.AlertPage, error) {
	r, err := c.api.ListAlertsWithResponse(ctx, &gen.ListAlertsParams{
		IncidentID: optional(q.IncidentID), Source: optional(q.Source), Parsed: q.Parsed,
		Severity: optional(q.Severity), Host: optional(q.Host), User: optional(q.User), Q: optional(q.Query), Since: q.Since, Until: q.Until,
		Limit: q.limit(), After: q.after(),
	})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Alert gives one alert.
func (c *Client) Alert(ctx context.Context, id string) (*gen.Alert, error) {
	r, err := c.api.ShowAlertWithResponse(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// AlertRaw gives the bytes that were sent. The caller closes them.
func (c *Client) AlertRaw(ctx context.Context, id string) (io.ReadCloser, error) {
	r, err := c.api.DownloadAlert(ctx, id, asStream)
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}

// CorrelationTry tries correlation rules on past alerts. Rules with errors give an
// *Error with their diagnostics.
func (c *Client) CorrelationTry(ctx context.Context, asked gen.CorrelationTry) (*gen.CorrelationResult, error) {
	r, err := c.api.TryCorrelationWithResponse(ctx, asked)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}
