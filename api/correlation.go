package api

import (
	"context"
	"net/http"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/intake/trial"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type correlationRoutes struct{ trials correlationTrier }

// TryCorrelation tries correlation rules on past alerts.
func (r correlationRoutes) TryCorrelation(ctx context.Context, request gen.TryCorrelationRequestObject) (gen.TryCorrelationResponseObject, error) {
	body := request.Body
	asked := trial.Request{Since: optional.Value(body.Since), Until: optional.Value(body.Until), Limit: optional.Value(body.Limit)}
	if body.Rules != nil {
		asked.Rules = []byte(*body.Rules)
	}
	result, faults, err := r.trials.Correlation(ctx, principal(ctx), asked)
	if err != nil {
		return nil, err
	}
	if faults.HasErrors() {
		return nil, &refusal{status: http.StatusUnprocessableEntity, code: soar.CodeInvalid, message: "the rules have " + faults.Summary(), diagnostics: faults}
	}
	out := gen.TryCorrelation200JSONResponse{
		Alerts: result.Alerts, More: result.More, Events: result.Events, Changed: result.Changed, Groups: []gen.CorrelationGroup{},
	}
	for _, group := range result.Groups {
		out.Groups = append(out.Groups, groupOf(group))
	}
	return out, nil
}

func groupOf(group trial.Group) gen.CorrelationGroup {
	out := gen.CorrelationGroup{Rule: group.Rule, Change: gen.CorrelationGroupChange(group.Change), Incidents: optional.List(group.Incidents)}
	for _, alert := range group.Alerts {
		out.Alerts = append(out.Alerts, gen.CorrelationAlert{
			AlertID: alert.ID, IncidentID: optional.Of(alert.IncidentID), ReceivedAt: alert.ReceivedAt, Source: alert.Source, Title: alert.Title,
		})
	}
	return out
}
