package link_test

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// known answers for approvals and people.
type known struct {
	approvals approvals
	people    people
}

func (k known) ApprovalGet(_ context.Context, id string) (soar.Approval, error) {
	return k.approvals.one(id)
}
func (k known) Find(_ context.Context, id string) (soar.Person, error) { return k.people.one(id) }
