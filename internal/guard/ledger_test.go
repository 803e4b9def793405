package guard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func natures() map[string]guard.Nature {
	return map[string]guard.Nature{
		"once":            {Risk: soar.RiskChange},
		"once, asks":      {Risk: soar.RiskChange, CanAsk: true},
		"idempotent":      {Risk: soar.RiskChange, Idempotent: true},
		"idempotent asks": {Risk: soar.RiskChange, Idempotent: true, CanAsk: true},
		"destroy":         {Risk: soar.RiskDestroy},
		"notify":          {Risk: soar.RiskNotify},
		"collect":         {Risk: soar.RiskCollect},
		"read":            {Risk: soar.RiskRead},
	}
}

// Every ledger state against every nature of an action.
func TestEnter(t *testing.T) {
	t.Parallel()
	const send, ask, answer, person = guard.NextSend, guard.NextAsk, guard.NextAnswer, guard.NextPerson
	order := []string{"once", "once, asks", "idempotent", "idempotent asks", "destroy", "notify", "collect", "read"}
	rows := []struct {
		state soar.LedgerState
		want  []guard.Next // in the order above
	}{
		{soar.LedgerIntent, []guard.Next{send, send, send, send, send, send, send, send}},
		{soar.LedgerSent, []guard.Next{person, ask, send, ask, person, send, send, send}},
		{soar.LedgerUnknown, []guard.Next{person, ask, send, ask, person, send, send, send}},
		{soar.LedgerConfirmed, []guard.Next{answer, answer, answer, answer, answer, answer, answer, answer}},
		{soar.LedgerFailed, []guard.Next{answer, answer, answer, answer, answer, answer, answer, answer}},
		{soar.LedgerReconciled, []guard.Next{answer, answer, answer, answer, answer, answer, answer, answer}},
		{soar.LedgerCompensated, []guard.Next{answer, answer, answer, answer, answer, answer, answer, answer}},
		{"", []guard.Next{person, person, person, person, person, person, person, person}},
		{"lost", []guard.Next{person, person, person, person, person, person, person, person}},
	}
	for _, row := range rows {
		for i, name := range order {
			t.Run(string(row.state)+"/"+name, func(t *testing.T) {
				t.Parallel()
				if got := guard.Enter(row.state, natures()[name]); got != row.want[i] {
					t.Errorf("got %s, want %s", got, row.want[i])
				}
			})
		}
	}
}

func TestAfterAsk(t *testing.T) {
	t.Parallel()
	for name, nature := range natures() {
		again := guard.NextPerson
		if nature.Repeatable() {
			again = guard.NextSend
		}
		want := map[guard.Answer]guard.Next{guard.AnswerDone: guard.NextAnswer, guard.AnswerNotDone: again, guard.AnswerSilent: again, "garbled": again}
		for answer, next := range want {
			t.Run(name+"/"+string(answer), func(t *testing.T) {
				t.Parallel()
				if got := guard.AfterAsk(answer, nature); got != next {
					t.Errorf("got %s, want %s", got, next)
				}
			})
		}
	}
}

func TestOnlyOnceActionsGoToAPerson(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"once": false, "once, asks": false, "idempotent": true, "idempotent asks": true, "destroy": false, "notify": true, "collect": true, "read": true}
	for name, nature := range natures() {
		if got := nature.Repeatable(); got != want[name] {
			t.Errorf("%s: repeatable %v, want %v", name, got, want[name])
		}
	}
}

func TestAfterCall(t *testing.T) {
	t.Parallel()
	unknown := guard.Settlement{State: soar.LedgerSent, Outcome: protocol.OutcomeUnknown, Ask: true}
	failed := guard.Settlement{State: soar.LedgerFailed, Outcome: protocol.OutcomeFailed}
	again := guard.Settlement{State: soar.LedgerIntent, Outcome: protocol.OutcomeFailed, Retry: true}
	rows := map[string]guard.Settlement{
		"": {State: soar.LedgerConfirmed, Outcome: protocol.OutcomeDone}, "transient": again, "limited": again,
		"auth": failed, "permanent": failed, "unknown": unknown, "never heard of": unknown,
	}
	for class, want := range rows {
		t.Run("class "+class, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, guard.AfterCall(class)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
