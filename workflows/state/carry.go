package state

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Sizes of a carry. One payload may hold 2 MiB, and the rest of the input and
// an encryption codec need their share.
const (
	plainCarry = 256 << 10  // beyond this it is compressed
	MaxCarry   = 1536 << 10 // beyond this the workflow does not continue as new
	maxUnpack  = 64 << 20   // a carry unpacks to at most this
)

// ErrCarryTooLarge says that the case does not fit into one payload even when
// compressed.
var ErrCarryTooLarge = errors.New("the incident's state is too large to carry over")

type packed struct {
	Gzip []byte `json:"gzip"`
}

// Encode writes the case for the next run: as JSON, or compressed when that is
// over 256 KiB. ErrCarryTooLarge when it is over 1.5 MiB even then.
func (c *Case) Encode() (json.RawMessage, error) {
	c.prune()
	body, err := json.Marshal(c)
	if err != nil || len(body) <= plainCarry {
		return body, err
	}
	var small bytes.Buffer
	writer := gzip.NewWriter(&small)
	if _, err := writer.Write(body); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	if body, err = json.Marshal(packed{Gzip: small.Bytes()}); err != nil {
		return nil, err
	}
	if len(body) > MaxCarry {
		return nil, fmt.Errorf("%w: %d bytes", ErrCarryTooLarge, len(body))
	}
	return body, nil
}

// Decode reads a carry. Whole numbers in outputs and arguments keep their
// digits; their Go type may differ from what was encoded.
func Decode(carry json.RawMessage) (*Case, error) {
	var shell packed
	if err := json.Unmarshal(carry, &shell); err != nil {
		return nil, fmt.Errorf("the carried state is not JSON: %w", err)
	}
	if shell.Gzip != nil {
		plain, err := unpack(shell.Gzip)
		if err != nil {
			return nil, fmt.Errorf("the carried state does not unpack: %w", err)
		}
		carry = plain
	}
	c := &Case{}
	if err := decode(carry, c); err != nil {
		return nil, fmt.Errorf("the carried state does not read: %w", err)
	}
	if c.Layout > Layout {
		return nil, fmt.Errorf("the carried state has layout %d, this build knows up to %d", c.Layout, Layout)
	}
	return c, nil
}

func unpack(compressed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(reader, maxUnpack+1))
	if err == nil && len(plain) > maxUnpack {
		err = fmt.Errorf("more than %d bytes", maxUnpack)
	}
	return plain, err
}

// decode keeps the digits of whole numbers, which float64 would round.
func decode(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// prune forgets the oldest of what has ended and is written: the record has it.
func (c *Case) prune() {
	dirty := c.Journal.Dirty
	c.Approvals = newest(c.Approvals, func(a *Approval) bool {
		return a.Open() || slices.Contains(dirty.Approvals, a.ID) || c.runLives(a.StepPath)
	})
	c.Tasks = newest(c.Tasks, func(t *Task) bool {
		return t.Open() || slices.Contains(dirty.Tasks, t.ID) || c.runLives(t.StepPath)
	})
	c.Escalations = newest(c.Escalations, func(e *Escalating) bool { return !e.Status.Over() })
	c.Containments = newest(c.Containments, func(held *Containment) bool {
		return held.State != ContainmentReleased || slices.Contains(dirty.Containments, held.ID) || c.runLives(held.StepPath)
	})
}

func (c *Case) runLives(key string) bool {
	run := c.RunOf(key)
	return run != nil && !c.RootOf(run).Status.Ended()
}

// newest keeps what must stay, and of the rest the last 200.
func newest[T any](list []T, must func(T) bool) []T {
	spare := -maxEnded
	for _, item := range list {
		if !must(item) {
			spare++
		}
	}
	return slices.DeleteFunc(list, func(item T) bool {
		if spare <= 0 || must(item) {
			return false
		}
		spare--
		return true
	})
}
