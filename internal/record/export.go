package record

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// The export format, JSON Lines: a header, one line per entry, and an end line
// with the number of entries, so that a file that lost its tail is seen.
//
//	{"format":"tocsin/record","version":1}
//	{"chain":"INC-...","seq":1,"prev":"","salt":"<hex>","commitment":"<hex>","hash":"<hex>","payload":"<base64>"}
//	{"end":true,"entries":1}
//
// There is one way to write each line; a reader refuses every other. Payload is
// null when it was redacted.
const (
	exportFormat  = "tocsin/record"
	exportVersion = 1
	maxLineBytes  = 2 << 20 // MaxPayloadBytes in base64 with room for the rest
)

type exportHeader struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
}

type exportEntry struct {
	Chain      string   `json:"chain"`
	Seq        int64    `json:"seq"`
	Prev       hexBytes `json:"prev"`
	Salt       hexBytes `json:"salt"`
	Commitment hexBytes `json:"commitment"`
	Hash       hexBytes `json:"hash"`
	Payload    []byte   `json:"payload"` // encoding/json writes base64, and null for nil
}

type exportEnd struct {
	End     bool `json:"end"`
	Entries int  `json:"entries"`
}

type hexBytes []byte

// MarshalText writes lower-case hex.
func (h hexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText reads hex.
func (h *hexBytes) UnmarshalText(text []byte) error {
	out, err := hex.AppendDecode(nil, text)
	*h = out
	return err
}

// Writer writes an export file. Close ends it; a file without that is cut.
type Writer struct {
	out     io.Writer
	entries int
}

// NewWriter writes the header.
func NewWriter(out io.Writer) (*Writer, error) {
	w := &Writer{out: out}
	return w, w.line(exportHeader{exportFormat, exportVersion})
}

// Write adds one entry as it is, whether it verifies or not.
func (w *Writer) Write(e Entry) error {
	w.entries++
	return w.line(exportEntry{e.Chain, e.Seq, e.Prev, e.Salt, e.Commitment, e.Hash, e.Payload})
}

// Close writes the end line. It does not close what it writes to.
func (w *Writer) Close() error { return w.line(exportEnd{true, w.entries}) }

func (w *Writer) line(v any) error {
	line, err := encodeLine(v)
	if err != nil {
		return err
	}
	if _, err := w.out.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("record: export: %w", err)
	}
	return nil
}

func encodeLine(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("record: export: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Read gives the entries of an export file one by one, in the file's order. It
// ends with an error that names the line when the file is not exactly in the
// format: another version, an unknown field, a line written in another way, no
// end line, a wrong count, or something after the end. Entries given before an
// error came from a faulty file.
func Read(in io.Reader) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		r := &lineReader{in: bufio.NewReaderSize(in, 64<<10)}
		if err := r.header(); err != nil {
			yield(Entry{}, r.fail(err))
			return
		}
		for entries := 0; ; entries++ {
			e, ended, err := r.entry(entries)
			if err != nil {
				yield(Entry{}, r.fail(err))
				return
			}
			if ended || !yield(e, nil) {
				return
			}
		}
	}
}

type lineReader struct {
	in     *bufio.Reader
	number int
}

func (r *lineReader) fail(err error) error {
	return fmt.Errorf("record: export: line %d: %w", r.number, err)
}

func (r *lineReader) header() error {
	line, err := r.next()
	if err != nil {
		return err
	}
	var h exportHeader
	if err := decodeLine(line, &h); err != nil {
		return err
	}
	if h.Format != exportFormat || h.Version != exportVersion {
		return fmt.Errorf("format %q version %d is not known, expected %q version %d", h.Format, h.Version, exportFormat, exportVersion)
	}
	return nil
}

func (r *lineReader) entry(before int) (Entry, bool, error) {
	line, err := r.next()
	if err != nil {
		return Entry{}, false, err
	}
	if bytes.HasPrefix(line, []byte(`{"end"`)) {
		return Entry{}, true, r.end(line, before)
	}
	var x exportEntry
	if err := decodeLine(line, &x); err != nil {
		return Entry{}, false, err
	}
	return Entry{x.Chain, x.Seq, x.Prev, x.Salt, x.Commitment, x.Hash, x.Payload}, false, nil
}

func (r *lineReader) end(line []byte, entries int) error {
	var end exportEnd
	if err := decodeLine(line, &end); err != nil {
		return err
	}
	if !end.End || end.Entries != entries {
		return fmt.Errorf("the end line counts %d entries, the file has %d", end.Entries, entries)
	}
	if _, err := r.in.ReadByte(); err != io.EOF {
		return errors.New("something follows the end line")
	}
	return nil
}

// next reads one line within maxLineBytes, without its line end.
func (r *lineReader) next() ([]byte, error) {
	r.number++
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLineBytes:
			return nil, fmt.Errorf("line is longer than %d bytes", maxLineBytes)
		case err == nil:
			return line[:len(line)-1], nil
		case err == io.EOF:
			return nil, errors.New("file ends before its end line")
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// decodeLine reads a line that must be written exactly as encodeLine would. That
// shuts out unknown and doubled fields, other spellings of a name, upper-case
// hex, white space: whatever two readers could take differently.
func decodeLine(line []byte, into any) error {
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("not the expected JSON: %w", err)
	}
	again, err := encodeLine(into)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, line) {
		return errors.New("an unknown field, or not written in the one permitted way")
	}
	return nil
}
