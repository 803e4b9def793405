package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, body string
		want       any
	}{
		{"object", `{"a":[1,true,null,"x"]}`, object{"a": []any{json.Number("1"), true, nil, "x"}}},
		{"big integer keeps its digits", `{"n":12345678901234567890}`, object{"n": json.Number("12345678901234567890")}},
		{"case makes another name", `{"id":"good","ID":"other"}`, object{"id": "good", "ID": "other"}},
		{"text", ` "x" `, "x"},
		{"empty list", `[]`, []any{}},
		{"NUL is kept here and cleaned later", `{"a":"x\u0000y"}`, object{"a": "x\x00y"}},
		{"lone surrogate", `{"a":"\ud800"}`, object{"a": "\ufffd"}},
	}
	for _, row := range rows {
		got, err := decode([]byte(row.body))
		if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", row.name, err, diff)
		}
	}
}

func TestDecodeFaults(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, body, want string }{
		{"empty", "", "the body is not JSON: it ends too early"},
		{"white space", " \n\t", "the body is not JSON: it ends too early"},
		{"cut", `{"a":`, "the body is not JSON: it ends too early"},
		{"text that is no JSON", "hello", "the body is not JSON: it cannot be read from byte 0 on"},
		{"XML", "<alert/>", "the body is not JSON: it cannot be read from byte 0 on"},
		{"a trailing comma", `{"a":1,}`, "the body is not JSON: it cannot be read from byte 7 on"},
		{"two values", `{"a":1}{"b":2}`, "the body holds more than one JSON value"},
		{"two lines", "{\"a\":1}\n{\"b\":2}\n", "the body holds more than one JSON value"},
		{"garbage after it", `{"a":1} and more`, "something that is not JSON follows the first value, at byte 8"},
		{"a name twice", `{"id":"good","id":"evil"}`, `the name "id" stands twice in one object, and readers do not agree on which counts`},
		{"a name twice through an escape", `{"id":1,"\u0069d":2}`, `the name "id" stands twice in one object, and readers do not agree on which counts`},
		{"a name twice, deep", `{"a":[{"b":1,"b":1}]}`, `the name "b" stands twice in one object, and readers do not agree on which counts`},
		{"deep lists", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "the body is nested deeper than 64"},
		{"deep objects", strings.Repeat(`{"a":`, 10_000), "the body is nested deeper than 64"},
		{"deep and never closed", strings.Repeat("[", 1<<20), "the body is nested deeper than 64"},
		{"very many values", "[" + strings.Repeat("1,", maxValues) + "1]", "the body holds more than 100000 values"},
		{"single quotes", `{'a':1}`, "the body is not JSON: it cannot be read from byte 1 on"},
		{"a number as a name", `{1:2}`, "the body is not JSON: it cannot be read from byte 1 on"},
		{"NaN", `{"a":NaN}`, "the body is not JSON: it cannot be read from byte 5 on"},
	}
	for _, row := range rows {
		began := time.Now()
		value, err := decode([]byte(row.body))
		if err == nil || value != nil || err.Error() != row.want {
			t.Errorf("%s: got %v %q, want %q", row.name, value, err, row.want)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("%s took %s", row.name, took)
		}
	}
}

func TestTenThousandNames(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	body.WriteByte('{')
	for i := range 10_000 {
		fmt.Fprintf(&body, `"k%d":%d,`, i, i)
	}
	body.WriteString(`"last":1}`)
	value, err := decode([]byte(body.String()))
	if members, ok := value.(object); err != nil || !ok || len(members) != 10_001 {
		t.Errorf("%v", err)
	}
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{` {"a":1} `: true, `{"a":1`: false, `[1]`: false, `{x}`: false, ``: false, `{"a":1,"a":2}`: false} {
		if _, got := embedded(text); got != ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// What our decoder accepts means the same to encoding/json.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":null}],"c":"\u0000"}`, `[]`, `{"a":1}{}`, `{"a":1,"a":2}`, "\xff", `1e400`, `{"\ud800":1,"\ud801":2}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decode(body)
		if err != nil {
			if err.Error() == "" || len(err.Error()) > 400 {
				t.Errorf("message %q", err)
			}
			return
		}
		var want any
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("we read what encoding/json refuses: %v", err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("differs from encoding/json: %v and %v", got, want)
		}
	})
}
