package apifuzz_test

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apifuzz"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// everybody is a token of each kind that the fake knows.
func everybody() []string {
	return []string{
		apitest.Token(soar.RoleAnalyst, soar.RoleSOCLead, soar.RolePlaybookEngineer, soar.RoleEvidenceCustodian, soar.RoleReporter),
		apitest.Token(soar.RoleAdmin), apitest.Token(soar.RoleTool),
	}
}

// TestTheDoor tries the real door with nothing but a fake behind it: what offends
// here is the door's own.
func TestTheDoor(t *testing.T) {
	t.Parallel()
	server := apitest.Serve(t, apitest.NewFake(), api.Options{})
	var told int
	report, err := apifuzz.Run(t.Context(), apifuzz.Options{
		BaseURL: server.URL, Tokens: everybody(), Refused: []string{apitest.TokenExpired, apitest.TokenUnknown}, Seed: 1, PerOperation: 30,
		Progress: func(done, all int) {
			if told++; done != told || all < done {
				t.Errorf("progress %d of %d after %d", done, all, told)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Requests < 30*report.Operations || told != report.Operations {
		t.Errorf("%d requests, %d of %d operations told", report.Requests, told, report.Operations)
	}
	var text strings.Builder
	if err := report.Write(&text); err != nil {
		t.Fatal(err)
	}
	t.Log(text.String())
	if !report.OK() {
		t.Error("something offends")
	}
}
