package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// mostSkew is how far two clocks may differ before times in a record mislead.
const mostSkew = 2 * time.Second

// finding is one line of the doctor.
type finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"`
}

func newDoctorCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong and say how to mend it",
		Long: `Ask whether the server can be reached, whether it can reach what it needs (its
database, Temporal), whether the token is good, and whether the clocks agree.
Exit code 1 when something is wrong.`,
		Example: "  tocsin doctor\n  tocsin doctor --url https://tocsin.example.com -o json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings, err := c.examine(cmd.Context())
			if err != nil {
				return err
			}
			if err := c.show(cmd, findings, func(p *printer) { printFindings(p, findings) }); err != nil {
				return err
			}
			for _, one := range findings {
				if !one.OK {
					return &exit{code: exitFailed, message: "something is wrong; see above"}
				}
			}
			return nil
		},
	}
}

func printFindings(p *printer, findings []finding) {
	for _, one := range findings {
		mark := p.paint("ok  ", "2")
		if !one.OK {
			mark = p.paint("FAIL", "1")
		}
		p.line("%s  %s: %s", mark, one.Name, one.Text)
		if !one.OK && one.Fix != "" {
			p.line("      %s", one.Fix)
		}
	}
}

func (c *cli) examine(ctx context.Context) ([]finding, error) {
	server, err := c.connect()
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	health, clock, err := server.Ready(ctx)
	if err != nil {
		return []finding{unreachable(err)}, nil //nolint:nilerr // that it cannot be reached is the finding
	}
	took := time.Since(asked)
	findings := []finding{{Name: "server", OK: true, Text: fmt.Sprintf("%s answers in %s, version %s", server.URL(), took.Round(time.Millisecond), health.Version)}}
	for _, check := range health.Checks {
		found := finding{Name: check.Name, OK: check.Ok, Text: "the server reaches it"}
		if !check.Ok {
			found.Text, found.Fix = first(text(check.Message), "the server does not reach it"), "look at "+check.Name+" and at the server's log"
		}
		findings = append(findings, found)
	}
	return append(findings, clocks(asked, took, clock), who(ctx, server)), nil
}

func unreachable(err error) finding {
	return finding{Name: "server", Text: err.Error(), Fix: `start one with "tocsin dev", or say where it is with --url or TOCSIN_URL`}
}

// clocks compares the server's clock, told in whole seconds, with ours half way
// through the question.
func clocks(asked time.Time, took time.Duration, clock time.Time) finding {
	if clock.IsZero() {
		return finding{Name: "clock", Text: "the server does not tell its time"}
	}
	skew := clock.Add(time.Second / 2).Sub(asked.Add(took / 2)).Abs()
	found := finding{Name: "clock", OK: skew <= mostSkew+took, Text: fmt.Sprintf("within %s of the server's", (mostSkew + took).Round(time.Second))}
	if !found.OK {
		found.Text, found.Fix = fmt.Sprintf("differs from the server's by %s", skew.Round(time.Second)), "synchronise both with NTP: times in the record would mislead"
	}
	return found
}

func who(ctx context.Context, server *client.Client) finding {
	me, err := server.Me(ctx)
	if err != nil {
		found := finding{Name: "token", Text: err.Error()}
		if soar.CodeOf(err) == soar.CodeInternal {
			found.Fix = "give a token with --token-file, TOCSIN_TOKEN or ~/.config/tocsin/cli.yaml"
		}
		return found
	}
	roles := ""
	for _, role := range me.Roles {
		roles = join(", ", roles, string(role))
	}
	return finding{Name: "token", OK: true, Text: fmt.Sprintf("you are %s with the roles: %s", actor(me.Actor), orDash(roles))}
}
