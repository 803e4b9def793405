package api

import (
	"bytes"
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/intake"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// sourceGeneric is the source mapping of POST /alerts for tokens that are bound
// to no source.
const sourceGeneric = "generic"

type alertRoutes struct {
	intake alertTaker
	alerts alertReader
}

// SendAlert takes alerts in the generic form, under the source of the token.
func (r alertRoutes) SendAlert(ctx context.Context, _ gen.SendAlertRequestObject) (gen.SendAlertResponseObject, error) {
	source := principal(ctx).Source
	if source == "" {
		source = sourceGeneric
	}
	receipts, err := r.accept(ctx, source)
	return gen.SendAlert202JSONResponse{ReceiptsJSONResponse: receipts}, err
}

// ReceiveHook takes what a tool sends in its own form.
func (r alertRoutes) ReceiveHook(ctx context.Context, request gen.ReceiveHookRequestObject) (gen.ReceiveHookResponseObject, error) {
	receipts, err := r.accept(ctx, request.Source)
	return gen.ReceiveHook202JSONResponse{ReceiptsJSONResponse: receipts}, err
}

// AnswerChallenge gives back what Okta sends once to verify a hook.
func (r alertRoutes) AnswerChallenge(ctx context.Context, request gen.AnswerChallengeRequestObject) (gen.AnswerChallengeResponseObject, error) {
	if err := r.intake.Permits(principal(ctx), request.Source); err != nil {
		return nil, err
	}
	return gen.AnswerChallenge200JSONResponse{Verification: request.Params.XOktaVerificationChallenge}, nil
}

func (r alertRoutes) accept(ctx context.Context, source string) (gen.ReceiptsJSONResponse, error) {
	current := callFrom(ctx)
	receipts, err := r.intake.Accept(ctx, current.principal, source, current.mediaType, current.raw)
	if err != nil {
		return gen.ReceiptsJSONResponse{}, err
	}
	out := gen.ReceiptsJSONResponse{Items: make([]gen.Receipt, len(receipts))}
	for i, receipt := range receipts {
		out.Items[i] = receiptOf(receipt)
	}
	return out, nil
}

func receiptOf(r intake.Receipt) gen.Receipt {
	return gen.Receipt{
		AlertID: r.AlertID, Duplicate: r.Duplicate, Parsed: r.Parsed,
		IncidentID: optional.Of(r.IncidentID), ParseError: optional.Of(r.ParseError),
	}
}

// ListAlerts gives one page.
func (r alertRoutes) ListAlerts(ctx context.Context, request gen.ListAlertsRequestObject) (gen.ListAlertsResponseObject, error) {
	params := request.Params
	alerts, next, err := r.alerts.Alerts(ctx, principal(ctx), soar.AlertFilter{
		IncidentID: optional.Value(params.IncidentID), Source: optional.Value(params.Source), Parsed: params.Parsed,
		Severity: optional.Value(params.Severity), Host: optional.Value(params.Host), User: optional.Value(params.User), Query: optional.Value(params.Q), Since: params.Since, Until: params.Until,
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	})
	return gen.ListAlerts200JSONResponse{Items: optional.List(alerts), Next: optional.Of(next)}, err
}

// ShowAlert gives one alert.
func (r alertRoutes) ShowAlert(ctx context.Context, request gen.ShowAlertRequestObject) (gen.ShowAlertResponseObject, error) {
	alert, err := r.alerts.Alert(ctx, principal(ctx), request.AlertID)
	return gen.ShowAlert200JSONResponse(alert), err
}

// DownloadAlert gives the bytes that were sent.
func (r alertRoutes) DownloadAlert(ctx context.Context, request gen.DownloadAlertRequestObject) (gen.DownloadAlertResponseObject, error) {
	raw, err := r.alerts.AlertRaw(ctx, principal(ctx), request.AlertID)
	if err != nil {
		return nil, err
	}
	return attachment{name: request.AlertID + ".raw", size: int64(len(raw)), body: bytes.NewReader(raw)}, nil
}
