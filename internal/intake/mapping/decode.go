package mapping

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of one JSON value. A body is at most 1 MiB before it comes here.
const (
	maxDepth  = 64
	maxValues = 100_000
)

// object is a JSON object. Names that differ in case only are told apart; a name
// that stands twice is a fault.
type object = map[string]any

// decode reads exactly one JSON value: object, []any, string, json.Number, bool or
// nil. The error says in plain words what is wrong.
func decode(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	d := &reader{decoder: decoder}
	value, err := d.value(0)
	if err != nil {
		return nil, d.explain(err)
	}
	switch _, err := decoder.Token(); {
	case errors.Is(err, io.EOF):
		return value, nil
	case err == nil:
		return nil, errors.New("the body holds more than one JSON value")
	default:
		return nil, fmt.Errorf("something that is not JSON follows the first value, at byte %d", decoder.InputOffset())
	}
}

// reader builds values from tokens, which the standard decoder gives without
// recursion, so that depth is ours to bound.
type reader struct {
	decoder *json.Decoder
	values  int
}

// fault is an error in the words of this package, as opposed to encoding/json's.
type fault string

func (f fault) Error() string { return string(f) }

func (d *reader) explain(err error) error {
	var own fault
	if errors.As(err, &own) {
		return own
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the body is not JSON: it ends too early")
	}
	return fmt.Errorf("the body is not JSON: it cannot be read from byte %d on", d.decoder.InputOffset())
}

func (d *reader) value(depth int) (any, error) {
	if d.values++; d.values > maxValues {
		return nil, fault(fmt.Sprintf("the body holds more than %d values", maxValues))
	}
	token, err := d.decoder.Token()
	if err != nil {
		return nil, err
	}
	delimiter, isDelimiter := token.(json.Delim)
	if !isDelimiter {
		return token, nil
	}
	if depth >= maxDepth {
		return nil, fault(fmt.Sprintf("the body is nested deeper than %d", maxDepth))
	}
	if delimiter == '[' {
		return d.list(depth)
	}
	return d.object(depth)
}

func (d *reader) list(depth int) (any, error) {
	items := []any{}
	for d.decoder.More() {
		item, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := d.decoder.Token()
	return items, err
}

func (d *reader) object(depth int) (any, error) {
	members := object{}
	for d.decoder.More() {
		token, err := d.decoder.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		if _, twice := members[name]; twice {
			return nil, fault(fmt.Sprintf("the name %q stands twice in one object, and readers do not agree on which counts", soar.Shorten(name, 60)))
		}
		if members[name], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := d.decoder.Token()
	return members, err
}

// embedded reads JSON that stands as text inside JSON, as SNS and some others send
// it; ok is false when the text is no object.
func embedded(text string) (object, bool) {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "{") || !strings.HasSuffix(trimmed, "}") {
		return nil, false
	}
	value, err := decode([]byte(trimmed))
	members, ok := value.(object)
	return members, err == nil && ok
}

// encoded reads JSON that stands as base64 in text, compressed or not, as Pub/Sub,
// Kinesis and CloudWatch Logs send it; ok is false when it holds no object.
func encoded(text string) (value object, body []byte, ok bool) {
	if len(text) < 16 {
		return nil, nil, false
	}
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, nil, false
	}
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		packed, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, nil, false
		}
		// A little says much when it is compressed: no more than a body may have.
		if body, err = io.ReadAll(io.LimitReader(packed, BodyMost+1)); err != nil || len(body) > BodyMost {
			return nil, nil, false
		}
	}
	value, ok = embedded(string(body))
	return value, body, ok
}
