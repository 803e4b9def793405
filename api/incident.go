package api

import (
	"context"
	"net/url"

	"github.com/tocsin-soar/tocsin/api/gen"
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
		Status: value(params.Status), Severity: value(params.Severity), Category: value(params.Category),
		Owner: value(params.Owner), Open: params.Open, Query: value(params.Q), Since: params.Since, Until: params.Until,
		Page: soar.Page{Limit: value(params.Limit), After: value(params.After)},
	})
	return gen.ListIncidents200JSONResponse{Items: list(found), Next: optional(next)}, err
}

// ShowIncident gives an incident with all that belongs to it.
func (r incidentRoutes) ShowIncident(ctx context.Context, request gen.ShowIncidentRequestObject) (gen.ShowIncidentResponseObject, error) {
	detail, err := r.incidents.Show(ctx, principal(ctx), request.IncidentID)
	return gen.ShowIncident200JSONResponse{Body: withLists(detail), Headers: gen.ShowIncident200ResponseHeaders{ETag: tagOf(detail.Incident)}}, err
}

// withLists turns missing lists into empty ones.
func withLists(d protocol.Detail) protocol.Detail {
	d.Runs, d.Approvals, d.Tasks, d.Containments = list(d.Runs), list(d.Approvals), list(d.Tasks), list(d.Containments)
	d.Objectives, d.Evidence, d.Alerts = list(d.Objectives), list(d.Evidence), list(d.Alerts)
	return d
}

// OpenIncident opens one for a person.
func (r incidentRoutes) OpenIncident(ctx context.Context, request gen.OpenIncidentRequestObject) (gen.OpenIncidentResponseObject, error) {
	body := request.Body
	incident, err := r.incidents.Open(ctx, principal(ctx), incidents.OpenRequest{
		RequestID: r.keys.id(ctx, "", request.Params.IdempotencyKey),
		Title:     body.Title, Description: value(body.Description), Severity: value(body.Severity), Category: value(body.Category),
		Impact: value(body.Impact), Urgency: value(body.Urgency), TLP: value(body.TLP), Owner: value(body.Owner), Facts: body.Facts,
		Host: value(body.Host), User: value(body.User), SourceIP: value(body.SourceIP), DestIP: value(body.DestinationIP), URLs: body.Urls, Input: body.Input, Drill: value(body.Drill),
	})
	if err != nil {
		return nil, err
	}
	return gen.OpenIncident201JSONResponse{
		Body:    incident,
		Headers: gen.OpenIncident201ResponseHeaders{Location: "/api/v1/incidents/" + url.PathEscape(incident.ID)},
	}, nil
}
