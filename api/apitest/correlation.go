package apitest

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/intake/trial"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Correlation puts the one alert into one group; rules with the word broken have a
// fault.
func (f *Fake) Correlation(ctx context.Context, _ soar.Principal, request trial.Request) (trial.Result, diag.List, error) {
	err := f.begin(ctx, "Correlation", "%d bytes since=%s limit=%d", len(request.Rules), request.Since, request.Limit)
	for i, line := range strings.Split(string(request.Rules), "\n") {
		if at := strings.Index(line, "broken"); at >= 0 {
			return trial.Result{}, diag.List{{Position: diag.Position{File: trial.RulesFile, Line: i + 1, Column: at + 1}, Length: 6, Level: diag.Error, Rule: "syntax", Message: "this is broken"}}, err
		}
	}
	group := trial.Group{Rule: "same_rule_same_host", Alerts: []soar.Alert{alert()}, Incidents: []string{IncidentID}, Change: trial.Same}
	return trial.Result{Alerts: 2, Events: 1, Groups: []trial.Group{group}}, nil, err
}
