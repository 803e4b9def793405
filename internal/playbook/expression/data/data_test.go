package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

type named string

func TestNormalise(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		in, wants any
	}{
		{"null", nil, nil},
		{"bool", true, true},
		{"text", "x", "x"},
		{"whole number", 5, 5},
		{"whole float", 3.0, 3},
		{"negative zero", math.Copysign(0, -1), 0},
		{"broken number", 2.5, 2.5},
		{"large whole float", 1e18, 1_000_000_000_000_000_000},
		{"float beyond 64 bits", 1e300, 1e300},
		{"int8", int8(5), 5},
		{"uint64", uint64(5), 5},
		{"uint64 beyond int64", uint64(math.MaxUint64), "18446744073709551615"},
		{"float32", float32(0.5), 0.5},
		{"JSON whole number", json.Number("9007199254740993"), 9007199254740993},
		{"JSON number with a point", json.Number("3.0"), 3},
		{"JSON number with an exponent", json.Number("1e3"), 1000},
		{"JSON number beyond 64 bits", json.Number("12345678901234567890"), "12345678901234567890"},
		{"JSON number below", json.Number("-9223372036854775809"), "-9223372036854775809"},
		{"named text", named("x"), "x"},
		{"broken UTF-8", "a\xffb", "a\uFFFDb"},
		{"list", []any{1, 2.0, "x", nil}, []any{1, 2, "x", nil}},
		{"empty list", []any{}, []any{}},
		{"nil list", []any(nil), nil},
		{"typed list", []string{"a", "b"}, []any{"a", "b"}},
		{"list of objects", []map[string]any{{"a": 1.0}}, []any{map[string]any{"a": 1}}},
		{"array", [2]int{1, 2}, []any{1, 2}},
		{"object", map[string]any{"a": []any{1.0}}, map[string]any{"a": []any{1}}},
		{"nil object", map[string]any(nil), nil},
		{"typed object", map[string]int{"a": 1}, map[string]any{"a": 1}},
		{"object of a YAML reader", map[any]any{"a": 1}, map[string]any{"a": 1}},
		{"broken name", map[string]any{"a\xff": 1}, map[string]any{"a\uFFFD": 1}},
	} {
		got, err := Normalise(row.in)
		if err != nil || !reflect.DeepEqual(got, row.wants) {
			t.Errorf("%s: got %#v, %v, want %#v", row.name, got, err, row.wants)
		}
	}
}

func TestNormaliseErrors(t *testing.T) {
	t.Parallel()
	deep := any("x")
	for range 400 {
		deep = []any{deep}
	}
	for _, row := range []struct {
		name string
		in   any
		want string
	}{
		{"not a number", math.NaN(), "a number is not finite (NaN or infinite)"},
		{"infinity", []any{math.Inf(-1)}, "a number is not finite (NaN or infinite)"},
		{"JSON infinity", json.Number("1e999"), "a number is not finite (NaN or infinite)"},
		{"JSON nonsense", json.Number("12x"), `"12x" is not a number`},
		{"empty JSON number", json.Number(""), `"" is not a number`},
		{"struct", struct{ A int }{1}, "this value is not plain data: it is a Go struct"},
		{"pointer", new(int), "this value is not plain data: it is a Go ptr"},
		{"function", func() {}, "this value is not plain data: it is a Go func"},
		{"bytes", []byte("x"), "this value is not plain data: it is bytes"},
		{"names of numbers", map[int]any{1: 1}, "an object has a member whose name is not text"},
		{"name that is a number", map[any]any{1: 1}, "an object has a member whose name is not text"},
		{"too deep", deep, "a value is nested deeper than 256"},
	} {
		if _, err := Normalise(row.in); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
}

func TestNormaliseByReference(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", MaxTextBytes/2+1)
	list := make([]any, MaxListItems+1)
	for i := range list {
		list[i] = i
	}
	object := map[string]any{}
	for i := range MaxMembers + 1 {
		object[fmt.Sprint(i)] = i
	}
	for _, row := range []struct {
		name string
		in   any
		len  int
	}{
		{"text", long, len(long)}, {"list", list, 257}, {"object", object, 1025},
		{"object with a long name", map[string]any{long: 1}, 1},
		{"number of many digits", json.Number(strings.Repeat("9", MaxTextBytes+1)), MaxTextBytes + 1},
	} {
		got, err := Normalise(row.in)
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		held, ok := got.(map[string]any)
		if !ok || !IsReference(got) || held["len"] != row.len || len(held["sha256"].(string)) != 64 {
			t.Errorf("%s: got %v", row.name, got)
		}
		again, _ := Normalise(row.in)
		if !reflect.DeepEqual(got, again) {
			t.Errorf("%s: the reference differs the second time", row.name)
		}
	}
}

// TestReferenceHash: the hash is of the text as it is, so that other tools find the same one.
func TestReferenceHash(t *testing.T) {
	t.Parallel()
	got, err := Normalise(strings.Repeat("a", 10_000))
	if err != nil {
		t.Fatal(err)
	}
	const sum = "27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711"
	if held := got.(map[string]any); held["sha256"] != sum {
		t.Errorf("got %v", held["sha256"])
	}
}

func TestNormaliseBoundsDepth(t *testing.T) {
	t.Parallel()
	value := any("leaf")
	for range 20 {
		value = []any{value}
	}
	got, err := Normalise(value)
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	for list, ok := got.([]any); ok; list, ok = got.([]any) {
		got = list[0]
		depth++
	}
	if depth != MaxDepth || !IsReference(got) {
		t.Errorf("depth %d, then %v", depth, got)
	}
}

func TestNormaliseCopies(t *testing.T) {
	t.Parallel()
	in := map[string]any{"list": []any{1, 2}}
	out, err := Normalise(in)
	if err != nil {
		t.Fatal(err)
	}
	out.(map[string]any)["list"].([]any)[0] = "changed"
	if in["list"].([]any)[0] != 1 {
		t.Error("the source was changed")
	}
}

// TestNormaliseIsStable: what was normalised, also when it travelled as JSON, stays as it is.
func TestNormaliseIsStable(t *testing.T) {
	t.Parallel()
	once, err := Normalise(map[string]any{"a": 1.0, "b": []any{0.1, "x", nil, true}, "c": strings.Repeat("x", 9000), "d": math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	form, err := JSON(once)
	if err != nil {
		t.Fatal(err)
	}
	travelled, err := ParseJSON(form)
	if err != nil || !reflect.DeepEqual(once, travelled) {
		t.Errorf("got %v, %v, want %v", travelled, err, once)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	list := []any{func() {}}
	if got, err := Plain(list); err != nil || len(got.([]any)) != 1 {
		t.Errorf("a list is passed as it is: got %v, %v", got, err)
	}
	if got, err := Plain(int64(5)); got != 5 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Plain(math.NaN()); err == nil {
		t.Error("NaN passed")
	}
	if _, err := Plain(struct{}{}); !errors.Is(err, ErrNotPlain) {
		t.Errorf("got %v", err)
	}
	for _, absent := range []any{[]any(nil), map[string]any(nil), []string(nil)} {
		if got, err := Plain(absent); got != nil || err != nil {
			t.Errorf("%T: got %v, %v", absent, got, err)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		in   any
		want string
	}{
		{nil, ""}, {true, "true"}, {false, "false"}, {"a\nb", "a\nb"}, {0, "0"}, {-5, "-5"}, {2.5, "2.5"}, {1e20, "100000000000000000000"},
		{1e21, "1e+21"}, {0.000001, "1e-06"}, {float64(3), "3"}, {[]any{}, "[]"}, {map[string]any{}, "{}"},
		{[]any{1, "a\"\\\n\x01é\u2028", nil, 1.5, []any{true}}, "[1,\"a\\\"\\\\\\n\\u0001é\u2028\",null,1.5,[true]]"},
		{map[string]any{"b": 1, "a": map[string]any{"z": nil, "y": "x"}}, `{"a":{"y":"x","z":null},"b":1}`},
		{[]any{"<&>"}, `["<&>"]`},
		{[]string{"a"}, `["a"]`},
	} {
		got, err := Text(row.in)
		if err != nil || got != row.want {
			t.Errorf("%v: got %q, %v, want %q", row.in, got, err, row.want)
		}
	}
}

// TestJSONIsJSON: what is written here is read back the same by the standard library.
func TestJSONIsJSON(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for r := rune(0); r < 0x250; r++ {
		all.WriteRune(r)
	}
	in := map[string]any{all.String(): []any{all.String(), 0.1, 1e-7}}
	form, err := JSON(in)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal([]byte(form), &out); err != nil || !reflect.DeepEqual(out, any(in)) {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestTextIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxBuiltText+1)
	for _, in := range []any{long, []any{long}, map[string]any{long: 1}, []any{long[:40_000], long[:40_000]}} {
		if _, err := Text(in); !errors.Is(err, ErrTextTooLong) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := Text(long[1:]); err != nil {
		t.Error(err)
	}
}

func TestParseJSON(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ in, want, err string }{
		{`{"a": [1, 2.5, 9223372036854775808]}`, `{"a":[1,2.5,"9223372036854775808"]}`, ""},
		{` 1 `, `1`, ""},
		{`1 2`, ``, "the text holds more than one JSON value"},
		{`[1`, ``, "the text is not JSON"},
		{``, ``, "the text is not JSON"},
		{strings.Repeat("[", 20_000), ``, "the text is not JSON"},
	} {
		got, err := ParseJSON(row.in)
		if row.err != "" {
			if err == nil || err.Error() != row.err {
				t.Errorf("%.20s: got %v", row.in, err)
			}
			continue
		}
		if form, _ := JSON(got); err != nil || form != row.want {
			t.Errorf("%s: got %s, %v", row.in, form, err)
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	got, err := Export(map[string]any{"a": []any{1.0, []string{"x"}, int8(3)}})
	if form, _ := JSON(got); err != nil || form != `{"a":[1,["x"],3]}` {
		t.Errorf("got %s, %v", form, err)
	}
	deep := any(1)
	for range MaxDepth + 1 {
		deep = []any{deep}
	}
	if _, err := Export(deep); err != nil {
		t.Errorf("just deep enough: %v", err)
	}
	shared := any([]any{1, 1})
	for range 15 {
		shared = []any{shared, shared}
	}
	for name, in := range map[string]any{"deep": []any{deep}, "large": strings.Repeat("x", MaxBuiltText), "shared": shared,
		"names": map[string]any{strings.Repeat("x", MaxBuiltText): 1}, "foreign": []any{func() {}}, "infinite": []any{math.Inf(1)}} {
		if _, err := Export(in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		a, b  any
		order int
		ok    bool
	}{
		{1, 2, -1, true}, {2, 1.5, 1, true}, {1, 1.0, 0, true}, {math.MaxInt64, math.MaxInt64 - 1, 1, true}, {1, "1", 0, false}, {nil, 1, 0, false},
	} {
		if order, ok := CompareNumbers(row.a, row.b); ok != row.ok || ok && order != row.order {
			t.Errorf("%v and %v: got %d, %v", row.a, row.b, order, ok)
		}
	}
	for _, row := range []struct {
		in   any
		want int
		ok   bool
	}{{5, 5, true}, {5.0, 5, true}, {5.5, 0, false}, {1e300, 0, false}, {"5", 0, false}, {nil, 0, false}} {
		if got, ok := Whole(row.in); ok != row.ok || ok && got != row.want {
			t.Errorf("%v: got %d, %v", row.in, got, ok)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]any{"null": nil, "true or false": true, "a whole number": 1, "a number": 1.5, "text": "secret", "a list": []any{},
		"an object": map[string]any{}, "any value": func() {}, "a value too large to be read here (held by reference)": reference(1, "x")} {
		if got := Describe(in); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ in, want string }{
		{"a", `"a"`}, {"a\n\t b", `"a b"`}, {strings.Repeat("é", 50), `"` + strings.Repeat("é", 40) + `…"`}, {strings.Repeat("é", 100_000), `"` + strings.Repeat("é", 40) + `…"`},
	} {
		if got := Quote(row.in); got != row.want {
			t.Errorf("%.20s: got %s", row.in, got)
		}
	}
	if got := Clip(strings.Repeat("é", 200)); len(got) > 300 || !strings.HasSuffix(got, "é…") {
		t.Errorf("got %d bytes: %s", len(got), got)
	}
}

func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,"x",null,true]}`, `1e400`, `[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]`, `"\ud800"`, `123456789012345678901234567890`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseJSON(text)
		if err != nil {
			return
		}
		again, err := Normalise(v)
		if err != nil || !reflect.DeepEqual(v, again) {
			t.Fatalf("%v became %v, %v", v, again, err)
		}
	})
}
