package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// Seal sets Source to the digest of the source text and Digest to the digest of
// the plan: the SHA-256 in hex over its JSON with Digest empty. Nothing may
// change the plan after that. A literal that JSON cannot hold is an error.
func Seal(p *Plan, source []byte) error {
	sum := sha256.Sum256(source)
	p.Source = hex.EncodeToString(sum[:])
	digest, err := p.digest()
	if err != nil {
		return fmt.Errorf("seal plan %s: %w", p.Playbook, err)
	}
	p.Digest = digest
	return nil
}

// Read gives the plan that was sealed and written as JSON. One whose digest is not
// that of its contents, or with a key that this build does not know, is an error:
// it would run as something else than what was published.
func Read(raw []byte) (*Plan, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	p := &Plan{}
	if err := decoder.Decode(p); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	digest, err := p.digest()
	if err != nil {
		return nil, fmt.Errorf("read plan %s: %w", p.Playbook, err)
	}
	if p.Digest == "" || digest != p.Digest {
		return nil, fmt.Errorf("read plan %s: its digest is %s, its contents have %s", p.Playbook, p.Digest, digest)
	}
	return p, nil
}

func (p *Plan) digest() (string, error) {
	open := *p
	open.Digest = ""
	body, err := json.Marshal(open)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// UnmarshalJSON reads a value and keeps whole numbers whole: encoding/json alone
// makes float64 of them, and a plan that was read must be the plan that was
// compiled.
func (v *Value) UnmarshalJSON(raw []byte) error {
	type plain Value
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode((*plain)(v)); err != nil {
		return err
	}
	var err error
	v.Literal, err = whole(v.Literal)
	return err
}

func whole(value any) (any, error) {
	var err error
	switch literal := value.(type) {
	case json.Number:
		if n, err := strconv.Atoi(literal.String()); err == nil {
			return n, nil
		}
		return literal.Float64()
	case []any:
		for i := range literal {
			if literal[i], err = whole(literal[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range literal {
			if literal[key], err = whole(literal[key]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}
