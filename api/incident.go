package api

import (
	"context"
	"net/url"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type incidentRoutes struct {
	incidents incidentKeeper
	keys      keys
}

// ListIncidents gives one page.
func (r incidentRoutes) ListIncidents(ctx context.Context, request gen.ListIncidentsRequestObject) (gen.ListIncidentsResponseObject, error) {
	params := request.Params
	found, next, err := r.incidents.List(ctx, principal(ctx), soar.IncidentFilter{
		Status: optional.Value(params.Status), Severity: optional.Value(params.Severity), Category: optional.Value(params.Category),
		Owner: optional.Value(params.Owner), Open: params.Open, Query: optional.Value(params.Q), Since: params.Since, Until: params.Until,
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	})
	return gen.ListIncidents200JSONResponse{Items: optional.List(found), Next: optional.Of(next)}, err
}

// ShowIncident gives an incident with all that belongs to it.
func (r incidentRoutes) ShowIncident(ctx context.Context, request gen.ShowIncidentRequestObject) (gen.ShowIncidentResponseObject, error) {
	detail, err := r.incidents.Show(ctx, principal(ctx), request.IncidentID)
	return gen.ShowIncident200JSONResponse{Body: withLists(detail), Headers: gen.ShowIncident200ResponseHeaders{ETag: tagOf(detail.Incident)}}, err
}

// withLists turns missing lists into empty ones.
func withLists(d protocol.Detail) protocol.Detail {
	d.Runs, d.Approvals, d.Tasks, d.Containments = optional.List(d.Runs), optional.List(d.Approvals), optional.List(d.Tasks), optional.List(d.Containments)
	d.Objectives, d.Evidence, d.Alerts = optional.List(d.Objectives), optional.List(d.Evidence), optional.List(d.Alerts)
	return d
}

// OpenIncident opens one for a person.
func (r incidentRoutes) OpenIncident(ctx context.Context, request gen.OpenIncidentRequestObject) (gen.OpenIncidentResponseObject, error) {
	body := request.Body
	incident, err := r.incidents.Open(ctx, principal(ctx), incidents.OpenRequest{
		RequestID: r.keys.id(ctx, "", request.Params.IdempotencyKey),
		Title:     body.Title, Description: optional.Value(body.Description), Severity: optional.Value(body.Severity), Category: optional.Value(body.Category),
		Impact: optional.Value(body.Impact), Urgency: optional.Value(body.Urgency), TLP: optional.Value(body.TLP), Owner: optional.Value(body.Owner), Facts: body.Facts,
		Host: optional.Value(body.Host), User: optional.Value(body.User), SourceIP: optional.Value(body.SourceIP), DestIP: optional.Value(body.DestinationIP), URLs: body.Urls, Input: body.Input, Drill: optional.Value(body.Drill),
	})
	if err != nil {
		return nil, err
	}
	return gen.OpenIncident201JSONResponse{
		Body:    incident,
		Headers: gen.OpenIncident201ResponseHeaders{Location: "/api/v1/incidents/" + url.PathEscape(incident.ID)},
	}, nil
}
