package postgres

import (
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestWithoutNUL(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		`"a"`:                `"a"`,
		`"\u0000"`:           `"\ufffd"`,
		`"\\u0000"`:          `"\\u0000"`,
		`"\\\u0000\u00001"`:  `"\\\ufffd\ufffd1"`,
		`{"\u0000":"\"\\"}`:  `{"\ufffd":"\"\\"}`,
		`"\u0001\\\\u0000"`:  `"\u0001\\\\u0000"`,
		`"\n\u0000\\\\\\u0"`: `"\n\ufffd\\\\\\u0"`,
	}
	for in, want := range rows {
		if got := string(withoutNUL([]byte(in))); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Parse[soar.Alert]([]byte("{")); err == nil {
		t.Error("broken document: no error")
	}
	if _, err := ParseAll[soar.Alert]([][]byte{[]byte("{}"), []byte("[]")}); err == nil {
		t.Error("wrong document: no error")
	}
}
