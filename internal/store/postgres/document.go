package postgres

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// replacement stands for what Postgres cannot keep in text.
const replacement = "\uFFFD"

// Clean makes text storable: Postgres takes neither NUL nor broken UTF-8, and
// either in an alert must not cost us the alert.
func Clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, replacement), "\x00", replacement)
}

// maxIndexed bounds text in an indexed column; an index row takes 2,704 bytes.
const maxIndexed = 512

// Indexable cleans text for an indexed column that is only compared for equality:
// what is too long is replaced by its digest, and is found by the same text.
func Indexable(text string) string {
	text = Clean(text)
	if len(text) <= maxIndexed {
		return text
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
}

// Document gives a noun as JSON for a json column, with NUL replaced. What JSON
// cannot hold (a year over 9999, NaN) is invalid.
func Document(op string, noun any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(noun); err != nil {
		return nil, soar.Wrap(soar.CodeInvalid, op, err, "a value cannot be written as JSON")
	}
	return withoutNUL(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}

// withoutNUL replaces the escape of NUL in valid JSON, and leaves an escaped
// backslash that happens to stand before "u0000" alone.
func withoutNUL(doc []byte) []byte {
	const nul = `\u0000`
	if !bytes.Contains(doc, []byte(nul)) {
		return doc
	}
	out := make([]byte, 0, len(doc))
	for i := 0; i < len(doc); {
		switch {
		case bytes.HasPrefix(doc[i:], []byte(nul)):
			out = append(out, `\ufffd`...)
			i += len(nul)
		case doc[i] == '\\' && i+1 < len(doc):
			out = append(out, doc[i], doc[i+1])
			i += 2
		default:
			out = append(out, doc[i])
			i++
		}
	}
	return out
}

// Parse reads a document that this package wrote.
func Parse[T any](doc []byte) (T, error) {
	var out T
	if err := json.Unmarshal(doc, &out); err != nil {
		return out, fmt.Errorf("stored document of %T: %w", out, err)
	}
	return out, nil
}

// ParseAll reads documents in their order; never nil, so that lists are [] in JSON.
func ParseAll[T any](docs [][]byte) ([]T, error) {
	out := make([]T, 0, len(docs))
	for _, doc := range docs {
		noun, err := Parse[T](doc)
		if err != nil {
			return nil, err
		}
		out = append(out, noun)
	}
	return out, nil
}
