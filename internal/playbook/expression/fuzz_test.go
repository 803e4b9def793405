package expression

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

// addSeeds gives the fuzzers the shorter sources of the hostile corpus and some ordinary ones.
func addSeeds(f *testing.F) {
	for _, c := range readHostile(f) {
		if len(c.source) <= 512 {
			f.Add(c.source)
		}
	}
	for _, src := range []string{`any(steps.scan.items, .output.malicious >= 3)`, `steps.ask?.output.n ?? 3`, `let x = 1; x + 1`,
		`alert.description[1:3] matches "^a+$"`, `{a: [1, 2.5, "x"], b: nil}.a[0]`, `1..5 | map(# * 2) | sum()`} {
		f.Add(src)
	}
}

// FuzzCompile: every source ends with a program or with problems that lie inside it.
func FuzzCompile(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		program, problems := Compile(src, incidentTypes(), nil)
		if (program == nil) != (len(problems) > 0) {
			t.Fatalf("%v and %v", program, problems)
		}
		checkProblems(t, src, problems)
	})
}

func checkProblems(t *testing.T, src string, problems []Problem) {
	t.Helper()
	runes := utf8.RuneCountInString(src)
	for _, p := range problems {
		if p.Column < 1 || p.Column > runes+1 || p.Length < 1 || p.Message == "" || len(p.Message) > 300 || len(p.Hint) > 300 {
			t.Errorf("%+v in %d runes", p, runes)
		}
		if !utf8.ValidString(p.Message) || !utf8.ValidString(p.Hint) {
			t.Errorf("%+v is not UTF-8", p)
		}
	}
}

// FuzzEval: every evaluation ends with plain data or a RuntimeError, twice the same, and stays below
// the bound of memory. Fuzzers count what the process allocates, hence the margin.
func FuzzEval(f *testing.F) {
	addSeeds(f)
	vars := hostileData()
	for name, value := range incidentVars() {
		vars[name] = value
	}
	f.Fuzz(func(t *testing.T, src string) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		program, err := new(Cache).Program(src)
		if err != nil {
			return
		}
		result, err := program.Eval(vars)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 2*hostileBytes {
			t.Errorf("allocated %d bytes", allocated)
		}
		again, errAgain := program.Eval(vars)
		if errorText(err) != errorText(errAgain) {
			t.Fatalf("%v, then %v", err, errAgain)
		}
		if err != nil {
			var failed *RuntimeError
			if !errors.As(err, &failed) || len(failed.Message) > 300 {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if form := asJSONBytes(t, result); form != asJSONBytes(t, again) {
			t.Fatalf("%s differs from %s", form, asJSONBytes(t, again))
		}
	})
}

// asJSONBytes allows for a result that is just within its bound, and beyond it once escaped.
func asJSONBytes(t *testing.T, v any) string {
	t.Helper()
	form, err := FormatText(v)
	if err != nil && !strings.Contains(err.Error(), "longer than") {
		t.Fatal(err)
	}
	return form
}

// FuzzTemplate: parts stand in the source where their columns say, in order.
func FuzzTemplate(f *testing.F) {
	for _, src := range []string{`a ${{ b }} c`, `${{ "}}" }}`, `{{ x }}`, `${{`, `${{ {a: {b: 1}} }}é${{c}}`, "${{\n a\n}}", `${{ ${{ }} }}`, `$${{a}}`, "${{`}}`}}", `{{${{}}0`, "{{\xff"} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		parts, problems := ParseTemplate(src)
		checkProblems(t, src, problems)
		if !utf8.ValidString(src) {
			return
		}
		runes, end := []rune(src), 0
		for _, part := range parts {
			text := []rune(part.Text)
			start := part.Column - 1
			if start < end || start+len(text) > len(runes) || string(runes[start:start+len(text)]) != part.Text {
				t.Fatalf("part %+v is not at its column", part)
			}
			end = start + len(text)
		}
		if template, problems := CompileTemplate(src, incidentTypes(), nil); len(problems) == 0 {
			_, _ = template.Eval(incidentVars())
		}
	})
}
