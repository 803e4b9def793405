package temporalclient

import (
	"context"
	"errors"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// One incident has one workflow for ever: its id is never started again, not
// even after it has ended.
const (
	rejectDuplicate = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	failOnConflict  = enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL
)

// summaryBytes keeps well under the server's 400 bytes of a summary.
const summaryBytes = 200

// staticSummary is the line that the Temporal UI shows for the workflow. The
// title may hold text of an attacker, and the UI renders markdown. The severity is
// not in it: it changes, and this line cannot.
func staticSummary(incident soar.Incident) string {
	return soar.Markdown(soar.Shorten(incident.Title, summaryBytes))
}

// priority maps severities to Temporal's 1 (first) to 5.
func priority(severity soar.Severity) int {
	switch severity {
	case soar.SeverityCritical:
		return 1
	case soar.SeverityHigh:
		return 2
	case soar.SeverityMedium:
		return 3
	case soar.SeverityLow:
		return 4
	default:
		return 5
	}
}

func startAttributes(incident soar.Incident) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		temporal.NewSearchAttributeKeyKeyword(protocol.SearchSeverity).ValueSet(string(incident.Severity)),
		temporal.NewSearchAttributeKeyKeyword(protocol.SearchStatus).ValueSet(string(incident.Status)),
		temporal.NewSearchAttributeKeyKeyword(protocol.SearchCategory).ValueSet(string(incident.Category)),
	)
}

// notStarted reads why Temporal did not start a workflow. Search attributes that
// it does not know are no fault of the incident: no worker has registered them
// yet, or a server's cache is behind. They are registered, and the caller comes
// again.
func (c *Client) notStarted(ctx context.Context, err error) error {
	const op = "temporalclient.StartIncident"
	if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); !ok || !strings.Contains(strings.ToLower(err.Error()), "search attribute") {
		return translate(op, err)
	}
	if problem := c.Prepare(ctx); problem != nil {
		err = errors.Join(err, problem)
	}
	return away(op, err, "Temporal does not know the search attributes yet")
}
