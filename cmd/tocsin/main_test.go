package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tocsin": main})
}

// fakeKey finds the fake behind a script.
type fakeKey struct{}

// TestScripts runs testdata/script/*.txtar: the real command line in its own
// process, against a served fake. $TOKEN is a token of a SOC lead; "fake" changes
// what the server does; "asked" looks at what it was asked.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			fake := apitest.NewFake()
			server := apitest.Serve(t, fake, api.Options{Version: "v0.0.0-test", Health: health.New(time.Now, apitest.Healthy("database"), apitest.Healthy("temporal"))})
			env.Values[fakeKey{}] = fake
			env.Setenv("TZ", "UTC")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("URL", server.URL)
			env.Setenv("TOCSIN_URL", server.URL)
			env.Setenv("TOKEN", apitest.Token(soar.RoleSOCLead))
			env.Setenv("ADMIN", apitest.Token(soar.RoleAdmin))
			env.Setenv("CUSTODIAN", apitest.Token(soar.RoleEvidenceCustodian))
			env.Setenv("AUTHOR", apitest.Token(soar.RolePlaybookEngineer))
			env.Setenv("TOOL", apitest.Token(soar.RoleTool))
			env.Setenv("TOCSIN_TOKEN", apitest.Token(soar.RoleSOCLead))
			env.Setenv("INC", apitest.IncidentID)
			env.Setenv("APR", apitest.ApprovalID)
			env.Setenv("TSK", apitest.TaskID)
			env.Setenv("EVD", apitest.EvidenceID)
			env.Setenv("ALR", apitest.AlertID)
			env.Setenv("DIGEST", apitest.Digest)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"fake": fakeCommand, "asked": askedCommand, "rc": rcCommand},
	})
}

// fakeCommand changes the fake: fail NAME CODE MESSAGE, append TEXT, close,
// tamper SEQ, revoke TOKEN, content TEXT.
func fakeCommand(ts *testscript.TestScript, _ bool, args []string) {
	fake, ok := ts.Value(fakeKey{}).(*apitest.Fake)
	if !ok || len(args) == 0 {
		ts.Fatalf("usage: fake fail|append|close|tamper|revoke ...")
	}
	switch args[0] {
	case "fail":
		fake.Fail(args[1], soar.Errorf(soar.Code(args[2]), "fake", "%s", strings.Join(args[3:], " ")))
	case "append":
		fake.Append(protocol.EventNote, strings.Join(args[1:], " "))
	case "close":
		fake.Append(protocol.EventIncidentClosed, "Incident closed: resolved.")
	case "tamper":
		seq, err := strconv.ParseInt(args[1], 10, 64)
		ts.Check(err)
		fake.Tamper(seq)
	case "revoke":
		fake.Revoke(args[1])
	case "content":
		fake.SetContent([]byte(strings.Join(args[1:], " ")))
	default:
		ts.Fatalf("fake %s: unknown", args[0])
	}
}

// askedCommand looks for text in what the use cases were asked.
func askedCommand(ts *testscript.TestScript, neg bool, args []string) {
	fake, ok := ts.Value(fakeKey{}).(*apitest.Fake)
	if !ok {
		ts.Fatalf("no fake")
	}
	calls := strings.Join(fake.Calls(), "\n")
	if strings.Contains(calls, strings.Join(args, " ")) == neg {
		ts.Fatalf("the use cases were asked:\n%s", calls)
	}
}

// rcCommand runs a command that must end with this exit code: rc CODE COMMAND.
func rcCommand(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var status interface{ ExitCode() int }
		if !errors.As(err, &status) {
			ts.Fatalf("%v", err)
		}
		got = status.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	walk(newRootCommand(), func(path string, command commandText) {
		if command.short == "" || strings.HasSuffix(command.short, ".") {
			t.Errorf("%s: Short is %q; one line without a full stop", path, command.short)
		}
		if !command.generated && !strings.Contains(command.example, "tocsin ") {
			t.Errorf("%s has no example", path)
		}
		for _, line := range strings.Split(command.long, "\n") {
			if len(line) > 100 {
				t.Errorf("%s: a line of the help is %d bytes long", path, len(line))
			}
		}
	})
}

func TestTimesSayTheirZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := when(at); !strings.HasSuffix(got, at.Local().Format("MST")) || len(got) < len("2026-01-02 03:04:05 Z") {
		t.Errorf("got %q", got)
	}
	if got := when(time.Time{}); got != "-" {
		t.Errorf("no time gives %q", got)
	}
}

// TestNothingHiddenIsPrinted runs hostile text through every way of printing.
func TestNothingHiddenIsPrinted(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{"\x1b[2J", "a\rb", "a\nb", "\u202eevil", "\u2066x\u2069", "\u200b", "\x9b31m", "\ufeff", "\xff\xfe", "\U000e0041", "\x00", "\x07", "tab\tx"} {
		var out strings.Builder
		p := newPrinter(&out)
		p.line("%s", hostile)
		p.line("%s %s", fmt.Errorf("x %s", hostile), soar.Severity(hostile))
		p.table([]string{"A", "B"}, [][]any{{hostile, p.state(hostile)}, {cut(hostile, 5), p.severity(soar.Severity(hostile))}})
		p.fields("name", hostile)
		p.values(map[string]any{hostile: map[string]any{hostile: hostile}})
		p.section(hostile)
		if err := writeJSON(&out, map[string]any{hostile: []string{hostile}}); err != nil {
			t.Fatal(err)
		}
		p.write(compactJSON(map[string]string{hostile: hostile}))
		tell(&out, hostile, hostile)
		for _, r := range out.String() {
			if r != '\n' && isHidden(r) {
				t.Errorf("%q came out as %U in %q", hostile, r, out.String())
				break
			}
		}
	}
}

var update = flag.Bool("update", false, "write the golden files again")
