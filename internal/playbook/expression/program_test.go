package expression

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func pathsText(paths [][]string) string {
	words := make([]string, len(paths))
	for i, path := range paths {
		words[i] = strings.Join(path, ".")
	}
	return strings.Join(words, " ")
}

func TestReferences(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ src, want string }{
		{`1`, ``},
		{`now`, `now`},
		{`steps.lookup.output.score > alert.score`, `alert.score steps.lookup.output.score`},
		{`steps["lookup"]["output"].score`, `steps.lookup.output.score`},
		{`steps.ask?.output.n ?? 1`, `steps.ask.output.n`},
		{`steps.scan.items[0].url`, `steps.scan.items`},
		{`alert.urls[incident.id].x`, `alert.urls incident.id`},
		{`get(alert.raw, input.host)`, `alert.raw input.host`},
		{`any(steps.scan.items, .output.malicious >= alert.score)`, `alert.score steps.scan.items`},
		{`let s = steps.lookup; s.output.score`, `steps.lookup`},
		{`policy.preauthorised("x")`, `policy.preauthorised`},
		{`alert.host.name + alert.host.name`, `alert.host.name`},
		{`alert.host.name in keys(alert.host)`, `alert.host alert.host.name`},
		{`{alert: 1, b: input.host}`, `input.host`},
		{`alert.description[1:incident.id]`, `alert.description incident.id`},
		{`alert.closed ? now : link`, `alert.closed link now`},
	} {
		program, err := NewCache(1).Program(row.src)
		if err != nil {
			t.Fatalf("%s: %v", row.src, err)
		}
		if got := pathsText(program.References()); got != row.want {
			t.Errorf("%s: got %q, want %q", row.src, got, row.want)
		}
	}
}

func TestReferencesAreACopy(t *testing.T) {
	t.Parallel()
	program := mustCompile(t, `alert.score`)
	program.References()[0][0] = "changed"
	if got := pathsText(program.References()); got != "alert.score" {
		t.Errorf("got %s", got)
	}
}

// TestTypedAndUntypedAgree: what is checked at publish time is what runs.
func TestTypedAndUntypedAgree(t *testing.T) {
	t.Parallel()
	cache := NewCache(10)
	for _, src := range []string{`steps.ask.output.n ?? 3`, `any(steps.scan.items, .output.malicious >= 3)`, `policy.preauthorised("x")`,
		`let x = alert.score; x * 2 > 3 and not alert.closed`, `alert.description matches "^I"`, `sortBy(steps.scan.items, .url, "desc")`} {
		typed := mustCompile(t, src)
		untyped, err := cache.Program(src)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(typed.code.Bytecode, untyped.code.Bytecode) || !reflect.DeepEqual(typed.code.Arguments, untyped.code.Arguments) || typed.work != untyped.work {
			t.Errorf("%s: the programs differ", src)
		}
	}
}

// TestDeterminism evaluates what Go's maps could disturb 200 times.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	object := map[string]any{}
	for i := range 60 {
		object[fmt.Sprintf("key%02d", (i*37)%60)] = map[string]any{"n": i % 7, "f": float64(i) * 0.1}
	}
	vars := map[string]any{"o": object, "list": []any{object, object}}
	cache := NewCache(20)
	for _, src := range []string{`keys(o)`, `values(o)`, `toPairs(o)`, `first(keys(o))`, `sum(values(o), .f)`, `mean(map(values(o), .f))`,
		`groupBy(values(o), .n)`, `keys(groupBy(values(o), .n))`, `toJSON(o)`, `string(list)`, `uniq(map(values(o), .n))`, `sortBy(values(o), .n)`,
		`fromPairs(toPairs(o))`, `flatten([values(o), keys(o)]) | take(5)`, `o == list[0]`, `find(values(o), .n == 3)`, `join(keys(o))`} {
		program, err := cache.Program(src)
		if err != nil {
			t.Fatal(err)
		}
		wantForm, wantWork := evaluated(t, program, vars)
		for range 200 {
			if form, work := evaluated(t, program, vars); form != wantForm || work != wantWork {
				t.Fatalf("%s: %d units %s, then %d units %s", src, wantWork, wantForm, work, form)
			}
		}
	}
}

func evaluated(t *testing.T, program *Program, vars map[string]any) (form string, work int) {
	t.Helper()
	result, meter, err := program.eval(vars)
	if err != nil {
		t.Fatal(err)
	}
	work, _ = meter.Spent()
	return asJSON(t, result), work
}

func TestProgramIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	program := mustCompile(t, `map(steps.scan.items, .url) | join("+")`)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 200 {
				if got, err := program.Eval(incidentVars()); got != "a+b" || err != nil {
					t.Errorf("got %v, %v", got, err)
					return
				}
			}
		})
	}
	wait.Wait()
}

func TestCache(t *testing.T) {
	t.Parallel()
	cache := NewCache(2)
	first, err := cache.Program(`1 + 1`)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := cache.Program(`1 + 1`); again != first {
		t.Error("compiled twice")
	}
	for _, src := range []string{`1 + 2`, `1 + 3`} {
		if _, err := cache.Program(src); err != nil {
			t.Fatal(err)
		}
	}
	if again, _ := cache.Program(`1 + 1`); again == first {
		t.Error("the oldest was not dropped")
	}
	if len(cache.entries) != 2 || len(cache.order) != 2 {
		t.Errorf("holds %d and %d", len(cache.entries), len(cache.order))
	}
}

func TestCacheKeepsExpressionsAndTemplatesApart(t *testing.T) {
	t.Parallel()
	cache := NewCache(8)
	program, err := cache.Program(`1`)
	if err != nil {
		t.Fatal(err)
	}
	template, err := cache.Template(`1`)
	if err != nil {
		t.Fatal(err)
	}
	number, _ := program.Eval(nil)
	text, _ := template.Eval(nil)
	if number != 1 || text != "1" {
		t.Errorf("got %v and %v", number, text)
	}
	if again, _ := cache.Template(`1`); again != template {
		t.Error("compiled twice")
	}
}

func TestCacheAppliesLimits(t *testing.T) {
	t.Parallel()
	var none Cache // the zero value keeps nothing
	for _, src := range []string{`now()`, `1..300`, `$env`, strings.Repeat("(", 5000)} {
		if _, err := none.Program(src); err == nil {
			t.Errorf("%.20s: no error", src)
		}
		if _, err := none.Template("${{ " + src + " }}"); err == nil {
			t.Errorf("%.20s: no error in a template", src)
		}
	}
	if _, err := none.Program(`anything.goes`); err != nil {
		t.Error(err)
	}
}

func TestCacheConcurrently(t *testing.T) {
	t.Parallel()
	cache := NewCache(4)
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			for i := range 100 {
				src := fmt.Sprintf("%d + 1", (worker+i)%6)
				program, err := cache.Program(src)
				if err != nil {
					t.Errorf("%s: %v", src, err)
					return
				}
				if got, _ := program.Eval(nil); got != (worker+i)%6+1 {
					t.Errorf("%s: got %v", src, got)
				}
			}
		})
	}
	wait.Wait()
	if len(cache.entries) > 4 {
		t.Errorf("holds %d", len(cache.entries))
	}
}

// TestExamplesOfFunctions runs the example of every documented function, typed and untyped.
func TestExamplesOfFunctions(t *testing.T) {
	t.Parallel()
	for _, doc := range Functions() {
		program, problems := Compile(doc.Example, Environment{}, nil)
		if len(problems) > 0 {
			t.Errorf("%s: %s", doc.Name, problemText(problems))
			continue
		}
		got, err := program.Eval(nil)
		if err != nil || asJSON(t, got) != doc.Result {
			t.Errorf("%s: %s gives %v, %v, want %s", doc.Name, doc.Example, got, err, doc.Result)
		}
		if !strings.HasPrefix(doc.Signature, doc.Name+"(") || !strings.HasSuffix(doc.Doc, ".") {
			t.Errorf("%s: malformed documentation: %+v", doc.Name, doc)
		}
		if !strings.Contains(doc.Example, doc.Name+"(") {
			t.Errorf("%s: the example does not call it", doc.Name)
		}
	}
}
