package api

import (
	"context"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type connectorRoutes struct{ connectors connectorLister }

// ListConnectors gives what playbooks can act on.
func (r connectorRoutes) ListConnectors(context.Context, gen.ListConnectorsRequestObject) (gen.ListConnectorsResponseObject, error) {
	catalog := r.connectors.Catalog()
	out := gen.ListConnectors200JSONResponse{Items: []gen.Connector{}}
	for _, instance := range slices.Sorted(maps.Keys(catalog)) {
		out.Items = append(out.Items, connectorOf(instance, catalog[instance]))
	}
	return out, nil
}

// ShowConnector gives one instance, with the settings that its kind takes.
func (r connectorRoutes) ShowConnector(_ context.Context, request gen.ShowConnectorRequestObject) (gen.ShowConnectorResponseObject, error) {
	described, ok := r.connectors.Catalog()[request.Instance]
	if !ok {
		return nil, soar.Errorf(soar.CodeNotFound, "api.ShowConnector", "there is no connector %s", request.Instance)
	}
	out := connectorOf(request.Instance, described)
	for _, setting := range described.Settings {
		out.Settings = append(out.Settings, gen.ConnectorSetting{
			Name: setting.Name, Description: setting.Description, Required: setting.Required, Secret: setting.Secret, Default: optional.Of(setting.Default),
		})
	}
	return gen.ShowConnector200JSONResponse(out), nil
}

func connectorOf(instance string, m *manifest.Manifest) gen.Connector {
	out := gen.Connector{
		Instance: instance, Connector: m.Connector, Version: m.Version, Title: m.Title, Digest: m.Digest,
		Description: optional.Of(m.Description), Tested: optional.Of(m.Tested), Actions: []gen.ConnectorAction{},
	}
	for _, action := range m.Actions {
		out.Actions = append(out.Actions, actionOf(action))
	}
	return out
}

func actionOf(a manifest.Action) gen.ConnectorAction {
	out := gen.ConnectorAction{
		Name: a.Name, Title: a.Title, Description: optional.Of(a.Description), Risk: gen.ConnectorActionRisk(a.Risk),
		Input: a.Input, Output: a.Output, Target: optional.Of(a.Target), Protects: optional.Of(a.Protects),
		Irreversible: a.Irreversible, Idempotent: a.Idempotent, Evidence: a.Evidence,
		TimeoutSeconds: float32(a.Timeout.Seconds()),
	}
	if out.Input == nil {
		out.Input = map[string]any{}
	}
	if out.Output == nil {
		out.Output = map[string]any{}
	}
	if a.Undo != nil {
		out.Undo = &a.Undo.Action
	}
	return out
}
