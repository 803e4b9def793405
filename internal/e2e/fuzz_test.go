package e2e

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api/apifuzz"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TestRequestsFromTheDescription sends the whole product a few thousand requests
// that are made from openapi.yaml, right ones and wrong ones. No answer is
// undocumented, none is our fault, and nothing wrong is taken.
func TestRequestsFromTheDescription(t *testing.T) {
	t.Parallel()
	s := newStand(t, shared(t))
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	s.pendingApproval(t, incident)
	var tokens []string
	for _, request := range []access.TokenRequest{
		{Name: "responder", Person: "responder@lab.invalid", Roles: []soar.Role{soar.RoleAnalyst, soar.RoleSOCLead, soar.RolePlaybookEngineer, soar.RoleEvidenceCustodian, soar.RoleReporter}},
		{Name: "admin", Person: "admin@lab.invalid", Roles: []soar.Role{soar.RoleAdmin}},
		{Name: "tool", Source: "wazuh"},
	} {
		_, token := s.issue(t, request)
		tokens = append(tokens, token.Reveal())
	}
	report, err := apifuzz.Run(t.Context(), apifuzz.Options{BaseURL: s.url, Tokens: tokens, Seed: 20260302, PerOperation: 50})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := report.Write(&text); err != nil {
		t.Fatal(err)
	}
	t.Log(text.String())
	if !report.OK() || report.Requests < 2000 {
		t.Error("something offends, or too little was tried")
	}
}
