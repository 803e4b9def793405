package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// WriteJSON writes {"diagnostics": [...], "errors": n, "warnings": n}. Text keeps its
// value; characters that a reader cannot see are written as JSON escapes.
func WriteJSON(w io.Writer, list List) error {
	report := struct {
		Diagnostics List `json:"diagnostics"`
		Errors      int  `json:"errors"`
		Warnings    int  `json:"warnings"`
	}{Diagnostics: list}
	if list == nil {
		report.Diagnostics = List{}
	}
	for _, d := range list {
		if d.Level == Error {
			report.Errors++
		} else {
			report.Warnings++
		}
	}
	return writeJSON(w, report)
}

func writeJSON(w io.Writer, v any) error {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(escapeJSON(body), '\n'))
	return err
}

// escapeJSON turns hidden characters into \u escapes. Outside of texts JSON has only
// line ends of that sort, which stay; inside, encoding/json has escaped those.
func escapeJSON(body []byte) []byte {
	escaped := make([]byte, 0, len(body))
	for _, r := range string(body) {
		if r == '\n' || !Hidden(r) {
			escaped = utf8.AppendRune(escaped, r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			escaped = fmt.Appendf(escaped, `\u%04x`, unit)
		}
	}
	return escaped
}
