package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tocsin-soar/tocsin/api/apifuzz"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// generated is what came of requests that were made from the OpenAPI document.
type generated struct{ apifuzz.Report }

func (g *generated) faults() []string {
	var faults []string
	for _, o := range g.Offenders {
		faults = append(faults, fmt.Sprintf("%s (%s): %s: %d: %s: %s", o.Operation, o.Way, o.Kind, o.Status, o.Why, o.Curl))
	}
	for _, operation := range g.Uncovered {
		faults = append(faults, "no token of this run permits "+operation)
	}
	return faults
}

func (g *generated) write(w io.Writer) {
	fmt.Fprintf(w, "requests generated %d to %d operations, undocumented answers %d, of them server errors %d; wrong requests taken %d\n",
		g.Requests, g.Operations, g.Undocumented+g.ServerErrors, g.ServerErrors, g.Taken)
}

// generated sends requests that are made from the API's own description, on the
// product as it now is: with alerts and incidents to ask for.
func (p *product) generated(ctx context.Context, each int) (*generated, error) {
	requests := []access.TokenRequest{{Name: "all-tool", Source: genericSource}}
	for _, role := range soar.Roles() {
		if role != soar.RoleTool {
			requests = append(requests, access.TokenRequest{Name: "all-" + string(role), Person: string(role) + "@doors.invalid", Roles: []soar.Role{role}})
		}
	}
	var tokens []string
	for _, request := range requests {
		issued, err := p.App.Tokens().Issue(ctx, soar.System("show-doors"), request)
		if err != nil {
			return nil, fmt.Errorf("token for %s: %w", request.Name, err)
		}
		tokens = append(tokens, issued.Text.Reveal())
	}
	say("  requests from the OpenAPI document")
	report, err := apifuzz.Run(ctx, apifuzz.Options{
		BaseURL: p.URL, Tokens: tokens, Refused: []string{"not-a-token-of-this-server"}, Seed: 1, PerOperation: each,
		Progress: func(done, all int) {
			if done%10 == 0 || done == all {
				say("  %d of %d operations tried", done, all)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("requests from the OpenAPI document: %w", err)
	}
	return &generated{report}, nil
}
