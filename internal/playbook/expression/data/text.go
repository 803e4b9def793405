package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// MaxBuiltText bounds every text that an expression or a template builds, and a result, in bytes.
const MaxBuiltText = 64 << 10

// ErrTextTooLong is the error of a text that would grow beyond MaxBuiltText.
var ErrTextTooLong = fmt.Errorf("the text would be longer than %d bytes", MaxBuiltText)

// Text is the form that a value takes inside text: text as it stands, numbers without an
// exponent where they are whole, true and false, nothing for null, and canonical JSON (sorted
// member names, no spaces) for lists and objects. A text over 64 KiB is an error.
func Text(v any) (string, error) {
	var err error
	if v, err = Plain(v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		if len(v) > MaxBuiltText {
			return "", ErrTextTooLong
		}
		return v, nil
	default:
		return JSON(v)
	}
}

// JSON writes a plain value as JSON with sorted names, within MaxBuiltText.
func JSON(v any) (string, error) {
	limited := &limitedWriter{left: MaxBuiltText}
	if err := writeJSON(limited, v, 0); err != nil {
		return "", err
	}
	return limited.text.String(), nil
}

// limitedWriter collects text and refuses to grow beyond its limit.
type limitedWriter struct {
	text strings.Builder
	left int
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, ErrTextTooLong
	}
	return w.text.Write(p)
}

// writeJSON writes any JSON-like value in canonical form. It bounds the depth; the writer bounds
// the length.
func writeJSON(w io.Writer, v any, depth int) error {
	if depth > MaxNesting {
		return ErrTooNested
	}
	scalar, ok, err := normaliseScalar(v)
	if err != nil {
		return err
	}
	if ok {
		return writeScalar(w, scalar)
	}
	switch v := v.(type) {
	case []any:
		return writeList(w, v, depth)
	case map[string]any:
		return writeObject(w, v, depth)
	}
	generic, err := genericValue(v)
	if err != nil {
		return err
	}
	return writeJSON(w, generic, depth)
}

func writeScalar(w io.Writer, v any) error {
	var form string
	switch v := v.(type) {
	case nil:
		form = "null"
	case bool:
		form = strconv.FormatBool(v)
	case int:
		form = Decimal(v)
	case float64:
		form = formatFloat(v)
	case string:
		return writeQuoted(w, v)
	}
	_, err := io.WriteString(w, form)
	return err
}

func writeList(w io.Writer, list []any, depth int) error {
	separator := "["
	for _, item := range list {
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if err := writeJSON(w, item, depth+1); err != nil {
			return err
		}
		separator = ","
	}
	return writeEnd(w, len(list), "[", "]")
}

func writeObject(w io.Writer, object map[string]any, depth int) error {
	separator := "{"
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if err := writeQuoted(w, name); err != nil {
			return err
		}
		if _, err := io.WriteString(w, ":"); err != nil {
			return err
		}
		if err := writeJSON(w, object[name], depth+1); err != nil {
			return err
		}
		separator = ","
	}
	return writeEnd(w, len(object), "{", "}")
}

// writeEnd closes a list or object; an empty one was not opened yet.
func writeEnd(w io.Writer, length int, open, end string) error {
	if length == 0 {
		end = open + end
	}
	_, err := io.WriteString(w, end)
	return err
}

// writeQuoted escapes only what JSON demands, so that the form of a text never depends on where
// it is shown.
func writeQuoted(w io.Writer, text string) error {
	quoted := make([]byte, 0, len(text)+2)
	quoted = append(quoted, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			quoted = append(quoted, '\\', c)
		case c >= ' ':
			quoted = append(quoted, c)
		default:
			quoted = appendEscape(quoted, c)
		}
	}
	_, err := w.Write(append(quoted, '"'))
	return err
}

func appendEscape(to []byte, control byte) []byte {
	if i := strings.IndexByte("\b\t\n\f\r", control); i >= 0 {
		return append(to, '\\', "btnfr"[i])
	}
	const hex = "0123456789abcdef"
	return append(to, '\\', 'u', '0', '0', hex[control>>4], hex[control&15])
}

// formatFloat gives the shortest form that reads back as f, whole numbers up to 1e21 as digits.
func formatFloat(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// ParseJSON reads one JSON value and normalises it.
func ParseJSON(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, errors.New("the text is not JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the text holds more than one JSON value")
	}
	return Normalise(v)
}
