package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TestOnlyYesIsYes: whatever else is typed, nothing is sent.
func TestOnlyYesIsYes(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bool{"yes\n": true, "YES \n": true, "yes": true, "y\n": false, "\n": false, "": false, "no\n": false, "yes please\n": false} {
		var out bytes.Buffer
		err := ask(strings.NewReader(typed), &out, "really? ")
		if (err == nil) != want {
			t.Errorf("%q: %v", typed, err)
		}
		if own, ok := errors.AsType[*exit](err); err != nil && (!ok || own.code != exitFailed) {
			t.Errorf("%q: got %v", typed, err)
		}
		if out.String() != "really? " {
			t.Errorf("asked %q", out.String())
		}
	}
}

func TestWhatIsSettledBeforeADecision(t *testing.T) {
	t.Parallel()
	pending := gen.Approval{ID: "APR-1", Status: soar.ApprovalPending, Digest: apitest.Digest}
	decided := pending
	decided.Status = soar.ApprovalDenied
	for _, row := range []struct {
		name     string
		decision decision
		approval gen.Approval
		code     int
	}{
		{"deny asks nothing", decision{word: gen.Deny}, pending, exitOK},
		{"approve with yes", decision{word: gen.Approve, yes: true}, pending, exitOK},
		{"approve without a terminal", decision{word: gen.Approve}, pending, exitUsage},
		{"the digest that was seen", decision{word: gen.Approve, yes: true, digest: apitest.Digest}, pending, exitOK},
		{"another digest", decision{word: gen.Approve, yes: true, digest: "00"}, pending, exitIntegrity},
		{"decided already", decision{word: gen.Approve, yes: true}, decided, exitIntegrity},
		{"denied already", decision{word: gen.Deny}, decided, exitIntegrity},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cmd := &cobra.Command{}
			cmd.SetIn(strings.NewReader("yes\n")) // no terminal: nobody is asked
			cmd.SetErr(&bytes.Buffer{})
			err := row.decision.settle(cmd, row.approval)
			code := exitOK
			if own, ok := errors.AsType[*exit](err); ok {
				code = own.code
			} else if err != nil {
				t.Fatal(err)
			}
			if code != row.code {
				t.Errorf("exit code %d, want %d: %v", code, row.code, err)
			}
		})
	}
}

func TestWhatPairsMean(t *testing.T) {
	t.Parallel()
	got, err := pairs("--set", []string{"a=1", "b=text", "c=[1,2]", "d=", "e=x=y", "f=true", `g="1"`})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"a": 1.0, "b": "text", "d": "", "e": "x=y", "f": true, "g": "1"} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for _, wrong := range [][]string{{"a"}, {"=1"}, {"a=1", "a=2"}} {
		if _, err := pairs("--set", wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
