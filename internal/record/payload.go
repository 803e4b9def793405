package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// MaxPayloadBytes bounds the canonical bytes of one payload.
const MaxPayloadBytes = 1 << 20

// ChainSystem is the chain of what belongs to no incident: configuration,
// tokens, playbooks, the kill switch.
const ChainSystem = "system"

// Payload is what one entry says. Its canonical bytes are what is stored.
type Payload struct {
	At   time.Time       `json:"at"`   // when it happened; kept to the microsecond, in UTC
	Kind string          `json:"kind"` // protocol.Event..., or a kind of the system chain
	By   soar.Actor      `json:"by"`
	Step string          `json:"step,omitempty"` // protocol.StepView.Key
	Text string          `json:"text"`           // one sentence for people; data, never markup
	Data json.RawMessage `json:"data,omitempty"`
}

// Canonical gives the one form of the payload that is stored and hashed: JSON
// with sorted keys, numbers as they were written, no white space and nothing
// escaped that JSON does not demand. Text that is not UTF-8 is repaired with
// U+FFFD. A payload without a kind or a time, with Data that is not JSON, or
// over MaxPayloadBytes is an error.
func (p Payload) Canonical() ([]byte, error) {
	if p.Kind == "" {
		return nil, fmt.Errorf("record: payload has no kind")
	}
	if p.At.IsZero() {
		return nil, fmt.Errorf("record: payload %q has no time", p.Kind)
	}
	p.At = p.At.UTC().Truncate(time.Microsecond)
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("record: payload %q: %w", p.Kind, err)
	}
	out, err := sortKeys(raw)
	if err != nil {
		return nil, fmt.Errorf("record: payload %q: %w", p.Kind, err)
	}
	if len(out) > MaxPayloadBytes {
		return nil, fmt.Errorf("record: payload %q has %d bytes, at most %d are kept", p.Kind, len(out), MaxPayloadBytes)
	}
	return out, nil
}

// sortKeys writes JSON again in canonical form. Numbers keep their digits:
// as float64 a large id would change.
func sortKeys(raw []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// ParsePayload reads the bytes of an entry's payload. A field it does not know
// is an error: a newer build wrote it, and showing half of it would mislead.
func ParsePayload(raw []byte) (Payload, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var p Payload
	if err := decoder.Decode(&p); err != nil {
		return Payload{}, fmt.Errorf("record: payload: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Payload{}, fmt.Errorf("record: payload: something follows the object")
	}
	if p.Kind == "" {
		return Payload{}, fmt.Errorf("record: payload has no kind")
	}
	return p, nil
}
