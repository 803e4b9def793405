package playbook_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/format"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

// rounds is how many broken texts are made of each fixture.
const rounds = 12

// A text that was nearly right breaks in other places than random bytes do: keys go,
// values are of another form, lines stand too deep. Nothing may panic, faults stand
// in the file, and what still compiles can be formatted.
func TestBrokenPlaybooks(t *testing.T) {
	t.Parallel()
	catalog := playbooktest.Catalog(t)
	for i, file := range playbooktest.Files(t, "testdata/ok/*.yaml") {
		t.Run(playbooktest.Name(file), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(7, uint64(i)))
			lines := strings.Split(string(playbooktest.Read(t, file)), "\n")
			for range rounds {
				source := strings.Join(broken(random, lines), "\n")
				var compiled *plan.Plan
				var faults diag.List
				quickly(t, func() { compiled, faults = playbook.Compile("f.yaml", []byte(source), catalog, playbooktest.Playbooks) })
				if (compiled == nil) != faults.HasErrors() {
					t.Fatalf("there is a plan: %v; faults: %v\n%s", compiled != nil, faults, source)
				}
				wellPlaced(t, faults, source)
				if compiled == nil {
					continue
				}
				text, unkept := format.Format("f.yaml", []byte(source))
				if unkept.HasErrors() {
					t.Errorf("it compiles and cannot be formatted: %v\n%s", unkept, source)
				} else if again, _ := format.Format("f.yaml", text); string(again) != string(text) {
					t.Errorf("formatting twice changes it again:\n%s", text)
				}
			}
		})
	}
}

// broken changes one to three lines.
func broken(random *rand.Rand, lines []string) []string {
	out := append([]string{}, lines...)
	for range 1 + random.IntN(3) {
		at := random.IntN(len(out))
		line := out[at]
		switch random.IntN(7) {
		case 0: // gone
			out = append(out[:at:at], out[at+1:]...)
		case 1: // twice
			out = append(out[:at+1:at+1], out[at:]...)
		case 2: // deeper, or less deep
			out[at] = "  " + line
		case 3:
			out[at] = strings.TrimPrefix(line, "  ")
		case 4: // another value
			if key, _, found := strings.Cut(line, ": "); found {
				out[at] = key + ": " + value(random)
			}
		case 5: // another key
			if _, rest, found := strings.Cut(line, ":"); found {
				indent := line[:len(line)-len(strings.TrimLeft(line, " -"))]
				out[at] = indent + key(random) + ":" + rest
			}
		case 6: // one character gone
			if len(line) > 0 {
				cut := random.IntN(len(line))
				out[at] = line[:cut] + line[cut+1:]
			}
		}
		if len(out) == 0 {
			return lines
		}
	}
	return out
}

func value(random *rand.Rand) string {
	values := []string{"", "~", "true", "5", "-1.5", "text", `""`, "[]", "{}", "[a, b]", "{a: 1}", "[{a: [1]}]", "{role: ciso}", "[{role: ciso}]",
		`"${{ alert.title }}"`, `"${{ steps.look.output.x }}"`, `"${{"`, "alert.severity == \"high\"", "5m", "edr.host_info", "2024-01-01", "|", ">-", "&a b", "*a", "!x", "{{ x }}", "'", "# x", "all", "3"}
	return values[random.IntN(len(values))]
}

func key(random *rand.Rand) string {
	keys := []string{"id", "action", "with", "when", "switch", "parallel", "for_each", "as", "repeat", "approval", "task", "wait", "call", "escalate",
		"declare", "set", "close", "fail", "steps", "timeout", "retry", "undo", "title", "bind", "else", "input", "trigger", "x", "until", "default", "properties"}
	return keys[random.IntN(len(keys))]
}
