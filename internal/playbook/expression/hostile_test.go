package expression

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A case of testdata/hostile/*.txt is a heading and a source:
//
//	=== name | outcome
//	source, up to the next heading; <<3:ab>> stands for ababab
//
// outcome is problem (found by the compiler), result, error (of the evaluation) or any.
type hostileCase struct {
	name, outcome, source string
}

const (
	hostileTime  = 500 * time.Millisecond // of computing: 100 ms, five times over for a slow machine
	hostileBytes = 16 << 20
)

// TestHostileCorpus must not run in parallel with others: it measures what the process allocates.
func TestHostileCorpus(t *testing.T) {
	vars := hostileData()
	env := Environment{}
	for name := range vars {
		env[name] = Any()
	}
	env["missing"] = Any()
	cases := readHostile(t)
	if len(cases) < 150 {
		t.Fatalf("only %d cases", len(cases))
	}
	measures := make([]measure, 0, len(cases))
	for _, c := range cases {
		m := runHostile(c, env, vars)
		measures = append(measures, m)
		if m.took > hostileTime || m.bytes > hostileBytes {
			t.Errorf("%s: took %s and allocated %d bytes", c.name, m.took, m.bytes)
		}
		if again := runHostile(c, env, vars); again.work != m.work || again.detail != m.detail {
			t.Errorf("%s: two runs differ: %d units, %s; %d units, %s", c.name, m.work, m.detail, again.work, again.detail)
		}
		if c.outcome != m.outcome && c.outcome != "any" {
			t.Errorf("%s: want %s, got %s: %s", c.name, c.outcome, m.outcome, m.detail)
		}
		if len(m.detail) > 700 {
			t.Errorf("%s: the message has %d bytes", c.name, len(m.detail))
		}
	}
	logWorst(t, measures)
}

type measure struct {
	name, outcome, detail string
	took                  time.Duration
	bytes                 uint64
	work                  int
}

func runHostile(c hostileCase, env Environment, vars map[string]any) measure {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cpuTime()
	m := measure{name: c.name, outcome: "problem"}
	program, problems := Compile(c.source, env, nil)
	if len(problems) > 0 {
		m.detail = problems[0].String()
	} else {
		result, meter, err := program.eval(vars)
		m.outcome, m.detail = "result", fmt.Sprintf("%.50s", fmt.Sprint(result))
		if err != nil {
			m.outcome, m.detail = "error", err.Error()
		}
		m.work, _ = meter.Spent()
	}
	m.took = cpuTime() - start
	runtime.ReadMemStats(&after)
	m.bytes = after.TotalAlloc - before.TotalAlloc
	return m
}

func logWorst(t *testing.T, measures []measure) {
	slices.SortFunc(measures, func(a, b measure) int { return int(b.took - a.took) })
	for _, m := range measures[:12] {
		t.Logf("time  %8s %9d bytes %7d units  %s: %s", m.took.Round(time.Microsecond), m.bytes, m.work, m.name, m.detail)
	}
	slices.SortFunc(measures, func(a, b measure) int { return int(b.bytes) - int(a.bytes) })
	for _, m := range measures[:12] {
		t.Logf("bytes %8s %9d bytes %7d units  %s: %s", m.took.Round(time.Microsecond), m.bytes, m.work, m.name, m.detail)
	}
}

func readHostile(t testing.TB) []hostileCase {
	t.Helper()
	files, err := filepath.Glob("testdata/hostile/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []hostileCase
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split("\n"+string(content), "\n=== ")[1:] {
			heading, source, _ := strings.Cut(block, "\n")
			name, outcome, _ := strings.Cut(heading, " | ")
			cases = append(cases, hostileCase{name, outcome, expand(strings.TrimSuffix(source, "\n"))})
		}
	}
	return cases
}

var repeated = regexp.MustCompile(`(?s)<<(\d+):((?:[^<>]|<[^<]|>[^>])*?)>>`)

// expand writes repetitions out, the inner ones first.
func expand(source string) string {
	for repeated.MatchString(source) {
		source = repeated.ReplaceAllStringFunc(source, func(found string) string {
			parts := repeated.FindStringSubmatch(found)
			count, _ := strconv.Atoi(parts[1])
			return strings.Repeat(parts[2], count)
		})
	}
	return source
}

// hostileData fills the bounds of the data, and holds Go values that should never be there.
func hostileData() map[string]any {
	long := strings.Repeat("a", MaxTextBytes)
	alerts, rows, numbers, ranges := make([]any, 256), make([]any, 256), make([]any, 256), make([]any, 256)
	for i := range alerts {
		// Texts that only differ at the end, so that a comparison reads all of each.
		alerts[i] = map[string]any{"description": long[:MaxTextBytes-3] + fmt.Sprintf("%03d", i)}
		rows[i] = map[string]any{"n": 1000 + i}
		numbers[i] = 100_000 - i
		ranges[i] = fmt.Sprintf("192.168.%d.0/24", i)
	}
	return map[string]any{
		"alerts": alerts,
		"alert":  map[string]any{"description": long, "host": map[string]any{"name": "h"}},
		"texts": map[string]any{
			"long": long, "nearly": long[:4000] + "b", "greek": strings.Repeat("ά", MaxTextBytes/2),
			"commas": strings.Repeat(",", MaxTextBytes), "controls": strings.Repeat("\x01", MaxTextBytes),
			"dots": strings.Repeat("[.]", MaxTextBytes/3), "digits": strings.Repeat("9", MaxTextBytes),
			"json": "[" + strings.Repeat("{},", MaxTextBytes/3-1) + "0]",
		},
		"lists": map[string]any{"rows": rows, "numbers": numbers, "ranges": ranges,
			"square": square(), "twin": square(), "triangle": triangle()},
		"deep": nested(MaxDepth), "deeptwin": nested(MaxDepth), "wide": wide(), "widetwin": wide(),
		"numbers": map[string]any{"n": 1}, "nothing": nil,
		"big":     map[string]any{"by_reference": true, "len": 9000, "sha256": "00"},
		"foreign": foreign(),
	}
}

func square() []any {
	rows := make([]any, 256)
	for i := range rows {
		row := make([]any, 256)
		for j := range row {
			row[j] = j
		}
		rows[i] = row
	}
	return rows
}

// triangle has lists of one length that differ in the last item only.
func triangle() []any {
	rows := square()
	for i, row := range rows {
		row.([]any)[255] = -i
	}
	return rows
}

func nested(depth int) any {
	var v any = "leaf"
	for range depth {
		v = []any{v, map[string]any{"a": v}}
	}
	return v
}

func wide() map[string]any {
	object := map[string]any{}
	for i := range MaxMembers {
		object[fmt.Sprintf("member_%04d", i)] = i
	}
	return object
}

type withMethod struct{ Name string }

func (withMethod) String() string { return "called" }

func foreign() map[string]any {
	return map[string]any{
		"struct": withMethod{"x"}, "pointer": &withMethod{"x"}, "method": withMethod{"x"}, "function": func() int { return 1 },
		"list": []string{"a", "b"}, "object": map[string]int{"a": 1}, "bytes": []byte("abc"),
		"nan": math.NaN(), "inf": math.Inf(1),
	}
}

// TestKillers runs what ended the process or held it for minutes with expr alone.
func TestKillers(t *testing.T) {
	long := strings.Repeat("a", 100_000)
	vars := map[string]any{"s": long, "alerts": make([]any, 300)}
	for name, src := range map[string]string{
		"brackets": strings.Repeat("(", 500_000),
		"signs":    strings.Repeat("-", 1_000_000),
		"replace":  `replace(s, "a", s)`,
		"reduce":   `len(reduce(1..27, #acc + #acc, "ab"))`,
		"loops":    `count(alerts, any(alerts, any(alerts, .n > 5000)))`,
	} {
		program, problems := Compile(src, Environment{"s": Text(), "alerts": ListOf(nil)}, nil)
		if len(problems) > 0 {
			continue
		}
		if result, err := program.Eval(vars); err == nil {
			t.Errorf("%s: gave %.40v", name, result)
		}
	}
}

func TestBudgetIsAnError(t *testing.T) {
	t.Parallel()
	vars := hostileData()
	for _, row := range []struct {
		src  string
		want error
	}{
		{`count(1..256, any(1..256, lists.square == lists.twin))`, ErrTooMuchWork},
		{`map(1..256, texts.long + texts.long)`, ErrTooMuchText},
	} {
		program, err := NewCache(4).Program(row.src)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := program.Eval(vars); !errors.Is(err, row.want) {
			t.Errorf("%s: want %v, got %v", row.src, row.want, err)
		}
	}
}
