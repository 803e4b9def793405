package expression

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// TestEval lists expressions with their results as canonical JSON.
func TestEval(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ src, want string }{
		// the page of the language
		{`incident.category == "phishing" and incident.severity in ["medium", "high", "critical"]`, `true`},
		{`any(steps.scan.items, .output.malicious >= 3)`, `true`},
		{`incident.severity == "critical" and policy.preauthorised("contain_host")`, `false`},
		{`policy.preauthorised("block_domain")`, `true`},
		{`steps.lookup.status == 'succeeded'`, `true`},
		{`(steps.ask?.status ?? "skipped") in ["approved", "skipped"]`, `true`},
		{`parse_time(now) - parse_time(alert.received_at) >= duration("1h")`, `true`},

		// values and signs
		{`1 + 2 * 3`, `7`}, {`7 / 2`, `3.5`}, {`6 / 3`, `2`}, {`7 % 4`, `3`}, {`2 ** 10`, `1024`}, {`2 ^ 3`, `8`},
		{`0.1 + 0.2`, `0.30000000000000004`}, {`1e3`, `1000`}, {`-alert.score`, `-7`}, {`+alert.score`, `7`}, {`alert.ratio * 4`, `1`},
		{`9223372036854775807`, `9223372036854775807`}, {`0x10 + 0b11 + 0o7`, `26`}, {`1_000`, `1000`},
		{`3 == 3.0`, `true`}, {`"a" < "b"`, `true`}, {`2 >= 2.5`, `false`}, {`nil == nil`, `true`}, {`alert.host == {name: "srv-01", ip: "10.1.2.3"}`, `true`},
		{`[1, [2.0]] == [1, [2]]`, `true`}, {`[1] != [2]`, `true`}, {`{a: 1} == {b: 1}`, `false`},
		{`not true or !false and true`, `true`}, {`true && false || true`, `true`}, {`alert.closed ? "x" : "y"`, `"y"`},
		{`"a" + 'b' + ` + "`c`", `"abc"`}, {`"é\u00e9\n"`, `"éé\n"`},
		{`"n" in alert.host`, `false`}, {`"ip" in alert.host`, `true`}, {`2 in [1, 2.0]`, `true`}, {`3 not in [1]`, `true`},
		{`alert.description contains "voice"`, `true`}, {`alert.description not contains "x"`, `true`}, {`alert.description startsWith "Inv"`, `true`}, {`alert.description endsWith "d"`, `true`},
		{`alert.description matches "(?i)^invoice"`, `true`}, {`not (alert.description matches "^x")`, `true`},
		{`{a: 1, "b c": [true, nil], 3: {}}`, `{"3":{},"a":1,"b c":[true,null]}`}, {`[1, 2,]`, `[1,2]`},

		// members, absent ones too
		{`alert["host"]["name"]`, `"srv-01"`}, {`alert.urls[1]`, `"http://b.example"`}, {`alert.urls[-1]`, `"http://b.example"`},
		{`alert.raw.x.y`, `1`}, {`alert.raw.nothing`, `null`}, {`alert.raw.nothing?.more.than[3].that`, `null`}, {`alert.raw["x"]?.y`, `1`},
		{`alert.raw.a.b.c ?? "none"`, `"none"`}, {`alert.raw.a?.b.c ?? "none"`, `"none"`}, {`alert.urls[9] ?? "none"`, `"none"`}, {`alert.urls?.[9]`, `null`},
		{`steps.ask?.output.n`, `null`}, {`steps.ask.output.n ?? 3`, `3`}, {`steps.ask?.output.n ?? steps.ask?.output.n ?? 4`, `4`}, {`nil ?? nil`, `null`},
		{`[1, steps.ask?.output.n, 2]`, `[1,null,2]`}, {`len([steps.ask?.status, steps.ask?.output.n])`, `2`},
		{`map([{a: {b: {c: 1}}}, {a: nil}], .a?.b.c)`, `[1,null]`}, {`map([{a: {b: {c: 1}}}, {a: nil}], .a.b.c ?? 0)`, `[1,0]`},
		{`alert.description[1:3]`, `"nv"`}, {`"naïve"[2:-1]`, `"ïv"`}, {`[1, 2, 3][1:]`, `[2,3]`}, {`[1, 2, 3][:-1]`, `[1,2]`}, {`[1, 2][5:9]`, `[]`},

		// predicates
		{`all([], # > 1)`, `true`}, {`none([1, 2], # > 2)`, `true`}, {`one([1, 2], # > 1)`, `true`}, {`count([1, 2, 3], # > 1)`, `2`},
		{`filter(steps.scan.items, .output.malicious > 0)[0].url`, `"b"`}, {`map(steps.scan.items, len(.output.engines))`, `[0,2]`},
		{`find([1, 2, 3], # > 1)`, `2`}, {`find([1], # > 1)`, `null`}, {`find(steps.scan.items, .url == "b")?.output.malicious`, `4`},
		{`findIndex([1, 2, 3], # > 1)`, `1`}, {`findLast([1, 2, 3], # < 3)`, `2`}, {`findLastIndex([1, 2, 3], # < 3)`, `1`}, {`findLastIndex([1], # > 3) ?? -1`, `-1`},
		{`map(["a", "b"], #index)`, `[0,1]`}, {`sum([1, 2], # * 10)`, `30`}, {`sum([])`, `0`}, {`sum([1, 2.5])`, `3.5`},
		{`groupBy(["ab", "c", "ad"], #[0:1])`, `{"a":["ab","ad"],"c":["c"]}`}, {`groupBy([1, 2, 3], # > 1)`, `{"false":[1],"true":[2,3]}`},
		{`sortBy([{n: 2}, {n: 1}], .n)`, `[{"n":1},{"n":2}]`}, {`sortBy(["b", "a"], #, "desc")`, `["b","a"]`}, {`sortBy([], #)`, `[]`},
		{`1..4 | filter(# % 2 == 0) | map(# * #) | sum()`, `20`}, {`any([1, 2], let x = #; any([3, 2], # == x))`, `true`}, {`any([1], {# == 1})`, `true`},
		{`map([1, 2], map([10, 20], # + 1))`, `[[11,21],[11,21]]`}, {`let xs = [3, 1]; sort(xs)`, `[1,3]`}, {`let a = 1; let b = a + 1; [a, b]`, `[1,2]`},
		{`5..1`, `[]`}, {`-2..1`, `[-2,-1,0,1]`},
	} {
		got, err := mustCompile(t, row.src).Eval(incidentVars())
		if err != nil {
			t.Errorf("%s: %v", row.src, err)
			continue
		}
		if form := asJSON(t, got); form != row.want {
			t.Errorf("%s: got %s, want %s", row.src, form, row.want)
		}
		checkBalance(t, row.src, row.want)
	}
}

// checkBalance puts a source between two values: whatever it leaves on the stack of expr's machine
// would turn up in their place.
func checkBalance(t *testing.T, src, want string) {
	t.Helper()
	around := "[101, (" + src + "), 102]"
	program, problems := Compile(around, incidentTypes(), nil)
	if len(problems) > 0 {
		t.Errorf("%s: %s", around, problemText(problems))
		return
	}
	got, err := program.Eval(incidentVars())
	if err != nil || asJSON(t, got) != "[101,"+want+",102]" {
		t.Errorf("%s: got %v, %v", around, got, err)
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	form, err := FormatText([]any{v})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(form, "["), "]")
}

// TestObjectInPredicate: braces after the comma enclose the test, so an object needs brackets.
func TestObjectInPredicate(t *testing.T) {
	t.Parallel()
	got, err := mustCompile(t, `map([1, 2], ({v: #}))`).Eval(incidentVars())
	if err != nil || asJSON(t, got) != `[{"v":1},{"v":2}]` {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestEvalErrors lists failures with their columns. Names are untyped, as at run time.
func TestEvalErrors(t *testing.T) {
	t.Parallel()
	vars := map[string]any{"a": map[string]any{"n": 1, "text": "x", "list": []any{1}, "nothing": nil},
		"big": map[string]any{"by_reference": true, "len": 9999, "sha256": "00"}}
	cache := NewCache(100)
	for _, row := range []struct{ src, want string }{
		{`missing.x`, `there is no value called "missing"`},
		{`a.nothing.x`, `column 11: there is no value to read "x" from; use ?. or ??`},
		{`a.nothing[0]`, `column 10: there is no value to read of this name from; use ?. or ??`},
		{`a.n.x`, `column 5: a whole number has no member "x"`},
		{`a.text.x`, `column 8: text has no member "x"`},
		{`a.list.x`, `column 8: the index of a list is a whole number, but this is text`},
		{`a.list[1]`, `column 7: there is no item 1 in a list of 1`},
		{`a.list[-2]`, `column 7: there is no item -2 in a list of 1`},
		{`a[1]`, `column 2: the name of a member is text, but this is a whole number`},
		{`a.nothing > 1`, `column 11: null and a whole number cannot be put in order`},
		{`a.nothing + 1`, `column 11: + cannot be used on null and a whole number`},
		{`a.text - 1`, `column 8: - cannot be used on text and a whole number`},
		{`a.n and true`, `column 3: true or false is needed here, but got a whole number`},
		{`not a.nothing`, `column 7: true or false is needed here, but got null`},
		{`a.n ? 1 : 2`, `column 3: true or false is needed here, but got a whole number`},
		{`-a.text`, `column 1: - needs a number, but got text`},
		{`+a.text`, `column 1: + needs a number, but got text`},
		{`any(a.n, true)`, `column 7: a list is needed here, but got a whole number`},
		{`any(a.list, #)`, `column 13: true or false is needed here, but got a whole number`},
		{`upper(a.n)`, `column 1: upper() needs text for value, but got a whole number`},
		{`a.n contains "x"`, `column 5: contains needs texts, but got a whole number and text`},
		{`1 in a.n`, `column 3: in needs a list or an object on its right, but got a whole number`},
		{`a.n matches "x"`, `column 5: matches needs text, but got a whole number`},
		{`a.n[1:2]`, `column 4: [from:to] needs text or a list, but got a whole number`},
		{`a.list["a":2]`, `column 8: this must be a whole number, but it is the text "a" (use int() or float())`},
		{`a.list[a.text:2]`, `column 7: [from:to] needs whole numbers, but got text`},
		{`9223372036854775807 + a.n`, `column 21: the result is larger than a whole number can be (64 bits)`},
		{`a.n / 0`, `column 5: a number is divided by zero`},
		{`sum([a.text])`, `column 1: a number is needed here, but got text`},
		{`sortBy([a.n, a.text], #)`, `column 1: text and a whole number cannot be put in order`},
		{`sortBy([1], #, a.n)`, `column 1: the order must be text, but is a whole number`},
		{`sort([1], "up")`, `column 1: the order must be "asc" or "desc"`},
		{`policy.preauthorised("x")`, `there is no value called "policy"`},
		{`big.x`, `column 5: the value is too large to be read here; only its len and sha256 can be`},
		{`upper(big)`, `column 1: upper() needs text for value, but got a value too large to be read here (held by reference)`},
		{`big contains "x"`, `column 5: contains needs texts, but got a value too large to be read here (held by reference) and text`},
	} {
		program, err := cache.Program(row.src)
		if err == nil {
			_, err = program.Eval(vars)
		}
		if err == nil || err.Error() != row.want {
			t.Errorf("%s\n got %v\nwant %s", row.src, err, row.want)
		}
	}
}

func TestRuntimeErrorHasPlaceAndCause(t *testing.T) {
	t.Parallel()
	_, err := mustCompile(t, `len(alert.urls) + (1 / (alert.score - 7))`).Eval(incidentVars())
	var failed *RuntimeError
	if !errors.As(err, &failed) {
		t.Fatalf("got %T %v", err, err)
	}
	if failed.Column != 22 || failed.Length != 1 || failed.Err == nil {
		t.Errorf("got %+v", failed)
	}
}

func TestBool(t *testing.T) {
	t.Parallel()
	if holds, err := mustCompile(t, `alert.score > 3`).Bool(incidentVars()); !holds || err != nil {
		t.Errorf("got %v, %v", holds, err)
	}
	if _, err := mustCompile(t, `alert.score`).Bool(incidentVars()); err == nil || err.Error() != "the expression must give true or false, but gave a whole number" {
		t.Errorf("got %v", err)
	}
}

func TestResultConformsToWantedKind(t *testing.T) {
	t.Parallel()
	program, problems := Compile(`alert.raw.v`, incidentTypes(), Text())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, row := range []struct {
		value any
		want  string
	}{{"x", ""}, {5, "the expression must give text, but gave a whole number"}, {nil, "the expression must give text, but gave null"}} {
		_, err := program.Eval(map[string]any{"alert": map[string]any{"raw": map[string]any{"v": row.value}}})
		if got := errorText(err); got != row.want {
			t.Errorf("%v: got %q", row.value, got)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestEvalNeitherSharesNorChangesData(t *testing.T) {
	t.Parallel()
	vars, untouched := incidentVars(), incidentVars()
	for _, src := range []string{`alert`, `alert.urls`, `reverse(alert.urls)`, `sort(alert.urls)`, `concat(alert.urls)`, `alert.urls[0:1]`,
		`uniq(alert.urls)`, `filter(alert.urls, true)`, `sortBy(steps.scan.items, .url)`, `groupBy(steps.scan.items, .url)`} {
		result, err := mustCompile(t, src).Eval(vars)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		overwrite(result)
		if !reflect.DeepEqual(vars, untouched) {
			t.Fatalf("%s: a write to the result changed the data", src)
		}
	}
}

// overwrite writes to every list and object of a result.
func overwrite(v any) {
	switch v := v.(type) {
	case []any:
		for i := range v {
			overwrite(v[i])
			v[i] = "overwritten"
		}
	case map[string]any:
		for name := range v {
			overwrite(v[name])
			v[name] = "overwritten"
		}
	}
}

// TestForeignData: what was not normalised is read as if it was, or refused.
func TestForeignData(t *testing.T) {
	t.Parallel()
	vars := map[string]any{"a": map[string]any{"list": []string{"x", "y"}, "n": int32(5), "object": map[string]int{"k": 1}, "f": float32(2),
		"mixed": []any{int64(1), "x"}, "bytes": []byte("x"), "struct": struct{ X int }{1}}}
	cache := NewCache(10)
	for _, row := range []struct{ src, want string }{
		{`a.list`, `["x","y"]`}, {`map(a.list, # + "!")`, `["x!","y!"]`}, {`a.n + 1`, `6`}, {`a.object.k`, `1`}, {`a.f`, `2`},
		{`map(a.mixed, #)`, `[1,"x"]`}, {`a.list == ["x", "y"]`, `true`}, {`"x" in a.list`, `true`}, {`len(a.list)`, `2`},
		{`a.bytes`, `column 3: this value is not plain data: it is bytes`},
		{`a.struct.X`, `column 3: this value is not plain data: it is a Go struct`},
		{`a`, `this value is not plain data: it is bytes`},
	} {
		program, err := cache.Program(row.src)
		if err != nil {
			t.Fatal(err)
		}
		got, err := program.Eval(vars)
		form := errorText(err)
		if err == nil {
			form = asJSON(t, got)
		}
		if form != row.want {
			t.Errorf("%s: got %s, want %s", row.src, form, row.want)
		}
	}
}
