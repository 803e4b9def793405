package guard

import (
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Next is what to do with a ledger entry.
type Next string

// What to do.
const (
	NextSend   Next = "send"   // nothing has happened, or once more does no harm
	NextAsk    Next = "ask"    // ask the connector whether the effect is there
	NextAnswer Next = "answer" // it is settled: answer as before
	NextPerson Next = "person" // the effect may be there and must not come twice: a person decides
)

// Nature is what the manifest says of an action that matters for repeating it.
type Nature struct {
	Risk       soar.Risk
	Idempotent bool // the same key, or the same arguments, twice has one effect
	CanAsk     bool // there is a read action that tells whether it was done
}

// Repeatable tells whether the action may be sent again when it is not known
// whether it was done. A message is better sent twice than never; collecting
// twice costs only work.
func (n Nature) Repeatable() bool {
	return n.Idempotent || n.Risk == soar.RiskNotify || n.Risk == soar.RiskCollect || n.Risk == soar.RiskRead
}

// Enter says what to do with an entry that is found in state. A state that is not
// known goes to a person.
func Enter(state soar.LedgerState, n Nature) Next {
	switch state {
	case soar.LedgerIntent:
		return NextSend
	case soar.LedgerSent, soar.LedgerUnknown:
		if n.CanAsk {
			return NextAsk
		}
		return n.sendOrPerson()
	case soar.LedgerConfirmed, soar.LedgerFailed, soar.LedgerReconciled, soar.LedgerCompensated:
		return NextAnswer
	default:
		return NextPerson
	}
}

// Answer is what a connector says when it is asked whether the effect is there.
type Answer string

// Answers.
const (
	AnswerDone    Answer = "done"
	AnswerNotDone Answer = "not_done" // as far as it can be seen now: it may still be on its way
	AnswerSilent  Answer = "silent"   // it did not say
)

// AfterAsk says what to do after asking. "Not done" does not permit to send an
// action again that is not repeatable: a slow system may still carry out the
// first call.
func AfterAsk(answer Answer, n Nature) Next {
	if answer == AnswerDone {
		return NextAnswer
	}
	return n.sendOrPerson()
}

func (n Nature) sendOrPerson() Next {
	if n.Repeatable() {
		return NextSend
	}
	return NextPerson
}

// Settlement is where an entry moves after a call.
type Settlement struct {
	State   soar.LedgerState // LedgerSent: stays, its effect is not known
	Outcome protocol.Outcome // what the workflow is told when nothing more is tried
	Retry   bool             // surely nothing happened, and trying again may help
	Ask     bool             // ask the connector, once
}

// AfterCall says where an entry moves when the call ended with this error class
// of internal/connector; "" is success. A class that is not known counts as an
// unknown outcome.
func AfterCall(class string) Settlement {
	switch class {
	case "":
		return Settlement{State: soar.LedgerConfirmed, Outcome: protocol.OutcomeDone}
	case protocol.ErrorTransient, protocol.ErrorLimited:
		return Settlement{State: soar.LedgerIntent, Outcome: protocol.OutcomeFailed, Retry: true}
	case "auth", "permanent":
		return Settlement{State: soar.LedgerFailed, Outcome: protocol.OutcomeFailed}
	default:
		return Settlement{State: soar.LedgerSent, Outcome: protocol.OutcomeUnknown, Ask: true}
	}
}
