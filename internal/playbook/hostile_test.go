package playbook_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/parser"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

// longest is how long any text may take to be judged.
const longest = time.Second

// quickly runs judge, and again when it took too long: the machine may have had other
// things to do, but not three times.
func quickly(t testing.TB, judge func()) {
	t.Helper()
	var took time.Duration
	for range 3 {
		start := time.Now()
		judge()
		if took = time.Since(start); took <= longest {
			return
		}
	}
	t.Errorf("it took %v, three times", took)
}

const head = "tocsin: v1\nplaybook: hostile\nversion: 1.0.0\ntitle: Hostile\n"

func TestHostileTextIsRefusedQuickly(t *testing.T) {
	t.Parallel()
	catalog := playbooktest.Catalog(t)
	for name, source := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var compiled *plan.Plan
			var faults diag.List
			quickly(t, func() { compiled, faults = playbook.Compile("f.yaml", []byte(source), catalog, nil) })
			if compiled != nil || !faults.HasErrors() {
				t.Fatalf("it compiles: %v", faults)
			}
			if len(faults) > 5000 {
				t.Errorf("it has %d faults: one cause is told too often", len(faults))
			}
			wellPlaced(t, faults, source)
			renders(t, faults, source)
		})
	}
}

// hostile are texts that harm readers of YAML or of expressions.
func hostile() map[string]string {
	laughs := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		laughs += fmt.Sprintf("%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	step := func(text string) string { return head + "steps:\n  - id: a\n    set: {x: " + text + "}\n" }
	return map[string]string{
		"billion laughs":            laughs,
		"laughs in steps":           head + "x: " + strings.ReplaceAll(laughs, "\n", "\n  ") + "\nsteps: [*j]\n",
		"alias to itself":           head + "steps: &s [*s]\n",
		"long key":                  head + strings.Repeat("k", 255<<10) + ": 1\nsteps: []\n",
		"long key in a step":        step("1, " + strings.Repeat("k", 250<<10) + ": 1"),
		"long quoted key":           head + `"` + strings.Repeat(`\u0041`, 40<<10) + `": 1`,
		"long plain text":           head + "owner: " + strings.Repeat("word ", 50<<10),
		"deep brackets":             step(strings.Repeat("[", 100<<10)),
		"deep braces":               step(strings.Repeat("{a: ", 60<<10)),
		"deep dashes":               head + "steps:\n  " + strings.Repeat("- ", 100<<10),
		"deep steps":                head + deepSteps(40),
		"many keys":                 head + manyKeys(60<<10),
		"many duplicates":           head + strings.Repeat("owner: x\n", 1900),
		"question marks":            strings.Repeat("? ", 100<<10),
		"tabs":                      strings.ReplaceAll(head+"steps:\n  - id: a\n    set: {x: 1}\n", "  ", "\t"),
		"zero byte":                 head + "owner: a\x00b\nsteps: []\n",
		"only zero bytes":           strings.Repeat("\x00", 1000),
		"bad UTF-8":                 head + "owner: \xff\xfe\nsteps: []\n",
		"UTF-16":                    "\xff\xfet\x00o\x00c\x00s\x00",
		"half a character":          head + "owner: caf\xc3",
		"many hidden characters":    head + "owner: " + strings.Repeat("\u202e", 1000),
		"directives":                strings.Repeat("%TAG ! tag:x,2000:\n", 1000),
		"tags":                      step("!!python/object/apply:os.system [id]"),
		"many documents":            strings.Repeat("---\na: 1\n", 5000),
		"deep expression":           step(`"${{ ` + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000) + ` }}"`),
		"long expression":           step(`"${{ ` + strings.Repeat("1 + ", 1000) + `1 }}"`),
		"many templates":            step(`"` + strings.Repeat("${{ alert.titel }}", 400) + `"`),
		"nested templates":          step(`"` + strings.Repeat("${{ ", 1000) + `"`),
		"many unknown steps":        head + "steps:\n" + manySteps(200, "${{ steps.nothing.output.x }}"),
		"bad pattern":               head + "input: {type: object, properties: {a: {type: string, pattern: \"(((((a{1000}){1000}){1000}\"}}}\nsteps: []\n",
		"schema in a schema":        head + "input: " + strings.Repeat("{type: object, properties: {a: ", 30) + "{}" + strings.Repeat("}}", 30) + "\nsteps: []\n",
		"approval binds everything": head + "steps:\n" + binding(90),
	}
}

func deepSteps(depth int) string {
	var b strings.Builder
	for i := range depth {
		fmt.Fprintf(&b, "%ssteps:\n%s- id: s%d\n", strings.Repeat("    ", i), strings.Repeat("    ", i)+"  ", i)
	}
	return b.String()
}

func manyKeys(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	return b.String()
}

func manySteps(count int, value string) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "  - id: s%d\n    set: {x%d: %q}\n", i, i, value)
	}
	return b.String()
}

// binding is many approvals that each bind many steps, in the worst order.
func binding(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "  - id: a%d\n    approval: {approvers: [{role: ciso}], bind: [b%d], expires_in: 5m, on_expire: deny}\n", i, count-1-i)
	}
	for i := range count {
		fmt.Fprintf(&b, "  - id: b%d\n    action: firewall.block_address\n    with: {address: \"${{ steps.b%d.output.address }}\"}\n", i, max(i-1, 0))
	}
	return b.String()
}

// wellPlaced checks that every fault says something and stands in the file.
func wellPlaced(t *testing.T, faults diag.List, source string) {
	t.Helper()
	lines := diag.SplitLines(source)
	for _, fault := range faults {
		if fault.Message == "" || fault.Rule == "" || fault.File != "f.yaml" {
			t.Fatalf("a fault says nothing: %+v", fault)
		}
		if len(fault.Message) > 2000 || len(fault.Hint) > 2000 {
			t.Fatalf("rule %s: a message of %d bytes, a hint of %d", fault.Rule, len(fault.Message), len(fault.Hint))
		}
		if fault.Line == 0 {
			continue
		}
		if fault.Line > len(lines) || fault.Column < 1 || fault.Column > len([]rune(lines[fault.Line-1]))+1 {
			t.Fatalf("fault %v stands outside of the file", fault)
		}
	}
}

func renders(t *testing.T, faults diag.List, source string) {
	t.Helper()
	var out bytes.Buffer
	sources := func(string) ([]byte, bool) { return []byte(source), true }
	if err := diag.WriteText(&out, faults, sources); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), diag.Hidden) {
		t.Error("the rendering has characters that cannot be seen")
	}
}

// The largest playbook that is allowed, with expressions that read everything.
func TestLargestPlaybookCompilesQuickly(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(head + "steps:\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  - id: s%d\n    action: edr.host_info\n    with: {host: \"${{ steps.s%d?.output?.name ?? 'x' }}\"}\n", i, max(i-1, 0))
	}
	source := strings.Replace(b.String(), "steps.s0?.output?.name ?? 'x'", "alert.host.name", 1)
	catalog := playbooktest.Catalog(t)
	var compiled *plan.Plan
	var faults diag.List
	quickly(t, func() { compiled, faults = playbook.Compile("f.yaml", []byte(source), catalog, nil) })
	if compiled == nil {
		t.Fatal(faults[:min(len(faults), 3)])
	}
}

// How lines end and whether the file begins with a byte order mark changes nothing
// that runs.
func TestLineEndsChangeNothing(t *testing.T) {
	t.Parallel()
	source := string(playbooktest.Read(t, "testdata/ok/every_kind.yaml"))
	want, _ := compile(t, "f.yaml", []byte(source))
	for name, other := range map[string]string{
		"windows":         strings.ReplaceAll(source, "\n", "\r\n"),
		"byte order mark": "\ufeff" + source,
		"start marker":    "---\n" + source,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, faults := compile(t, "f.yaml", []byte(other))
			if got == nil {
				t.Fatal(faults)
			}
			if got.Source == want.Source {
				t.Error("the digest of the source is the same for another text")
			}
			if len(got.Steps) != len(want.Steps) || got.Steps[0].Column != want.Steps[0].Column {
				t.Errorf("it has %d steps, the first in column %d; want %d, %d", len(got.Steps), got.Steps[0].Column, len(want.Steps), want.Steps[0].Column)
			}
		})
	}
}

// Playbooks of other tools are answered with faults, each quickly.
func TestForeignPlaybooks(t *testing.T) {
	t.Parallel()
	root := "../../../shared/corpora/playbooks"
	if _, err := os.Stat(root); err != nil {
		t.Skip("the corpus is not here")
	}
	catalog, seen := playbooktest.Catalog(t), 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		var compiled *plan.Plan
		var faults diag.List
		quickly(t, func() { compiled, faults = playbook.Compile("f.yaml", source, catalog, nil) })
		if compiled != nil || !faults.HasErrors() {
			t.Errorf("%s compiles", path)
		}
		wellPlaced(t, faults, string(source))
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d files seen: %v", seen, err)
	}
}

func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, source []byte) {
		var book *ast.Playbook
		var faults diag.List
		quickly(t, func() { book, faults = parser.Parse("f.yaml", source) })
		if book == nil && !faults.HasErrors() {
			t.Fatal("no tree and no fault")
		}
		wellPlaced(t, faults, string(source))
	})
}

func FuzzCompile(f *testing.F) {
	seed(f)
	catalog := playbooktest.Catalog(f)
	f.Fuzz(func(t *testing.T, source []byte) {
		var compiled *plan.Plan
		var faults diag.List
		quickly(t, func() { compiled, faults = playbook.Compile("f.yaml", source, catalog, playbooktest.Playbooks) })
		if (compiled == nil) != faults.HasErrors() {
			t.Fatalf("there is a plan: %v; faults: %v", compiled != nil, faults)
		}
		wellPlaced(t, faults, string(source))
	})
}

func seed(f *testing.F) {
	for _, pattern := range []string{"testdata/ok/*.yaml", "testdata/err/*.yaml"} {
		for _, file := range playbooktest.Files(f, pattern) {
			if source := playbooktest.Read(f, file); len(source) < 8<<10 {
				f.Add(source)
			}
		}
	}
}
