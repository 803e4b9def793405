package library

import (
	"errors"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// The budget of one evaluation. A unit of work stands for at most 14 bytes of allocation and 50 ns,
// so that the whole budget is below 16 MiB and 100 ms on a slow core. Measured worst cases are in
// TestHostileCorpus.
const (
	MaxWork      = 1_200_000
	maxTextBytes = 1 << 20 // all texts built by one evaluation together

	WorkPerNode  = 1  // one instruction or so of the machine
	WorkPerCall  = 4  // a metered operation: its arguments are copied to a new slice
	WorkPerMap   = 24 // an object literal allocates a table
	WorkPerPair  = 6
	bytesPerUnit = 8  // of text looked at once, rune by rune at worst
	bytesPerMemo = 64 // of text compared or copied as a block
)

var (
	// ErrTooMuchWork is wrapped by the error of an evaluation that spent its whole budget of work.
	ErrTooMuchWork = errors.New("the expression does too much work: use smaller lists or texts, or fewer loops")
	// ErrTooMuchText is wrapped by the error of an evaluation that built more than 1 MiB of text.
	ErrTooMuchText = fmt.Errorf("the expression builds more than %d bytes of text in all", maxTextBytes)
)

// Meter is what is left of the budget of one evaluation. It belongs to one goroutine.
type Meter struct {
	work int // units
	text int // bytes
}

// NewMeter gives a full budget.
func NewMeter() *Meter { return &Meter{work: MaxWork, text: maxTextBytes} }

// Spent tells how many units of work and bytes of text were taken so far.
func (m *Meter) Spent() (work, text int) { return MaxWork - m.work, maxTextBytes - m.text }

// Spend takes units of work.
func (m *Meter) Spend(units int) error {
	if units > m.work {
		m.work = 0
		return ErrTooMuchWork
	}
	m.work -= units
	return nil
}

// scan pays for looking at n bytes of text one by one.
func (m *Meter) scan(n int) error { return m.Spend(n / bytesPerUnit) }

// build pays for a new text of n bytes, before it is made where that is possible.
func (m *Meter) build(n int) error {
	if n > data.MaxBuiltText {
		return data.ErrTextTooLong
	}
	if n > m.text {
		m.text = 0
		return ErrTooMuchText
	}
	m.text -= n
	return m.Spend(n / bytesPerMemo)
}

// list pays for a new list of n items, and refuses one that is too long.
func (m *Meter) list(n int) error {
	if n > data.MaxListItems {
		return fmt.Errorf("the list would have %d items; the limit is %d", n, data.MaxListItems)
	}
	return m.Spend(n)
}

// shallow pays for an operation that looks once at each argument, but not into nested values.
func (m *Meter) shallow(args []any) error {
	units := 0
	for _, arg := range args {
		switch arg := arg.(type) {
		case string:
			units += len(arg) / bytesPerUnit
		case []any:
			units += len(arg)
		case map[string]any:
			units += len(arg)
		}
	}
	return m.Spend(units)
}
