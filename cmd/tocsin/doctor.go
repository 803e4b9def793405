package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/doctor"
)

// mostSkew is how far two clocks may differ before times in a record mislead.
const mostSkew = 2 * time.Second

func newDoctorCommand(c *cli) *cobra.Command {
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong and say how to mend it",
		Long: `Look at the installation from this machine, when a configuration is given by
--config, TOCSIN_CONFIG or TOCSIN_DATABASE_URL: configuration, disk, database (version, TLS,
migrations, role, clock), Temporal (version, namespace, retention, search attributes, workers),
connectors (whether their address takes connections; nothing is sent), Slack when it is on
(token, scopes, way in, channel of who is on duty; nothing is posted), checkpoints of the record,
outbox, actions whose effect is unknown.

Then ask the server, as any client does: whether it can be reached, what it says of itself,
whether the token is good, whether the clocks agree. --local leaves that out.

Each line is ok, warn or fail, and says what to do. Exit code 1 when one is fail.`,
		Example: "  tocsin doctor\n  tocsin doctor --config /etc/tocsin/tocsin.yaml --local\n  tocsin doctor --url https://tocsin.example.com -o json",
		Args:    words(0, 0),
	}
	addConfigFlag(command)
	local := command.Flags().Bool("local", false, "look from this machine only, and do not ask the server")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		findings, err := c.findings(cmd, *local)
		if err != nil {
			return err
		}
		if err := c.show(cmd, findings, func(p *printer) { printFindings(p, findings) }); err != nil {
			return err
		}
		if slices.ContainsFunc(findings, func(one doctor.Finding) bool { return one.Level == doctor.Fail }) {
			return &exit{code: exitFailed, message: "something is wrong; see above"}
		}
		return nil
	}
	return command
}

func (c *cli) findings(cmd *cobra.Command, local bool) ([]doctor.Finding, error) {
	var findings []doctor.Finding
	_, database := os.LookupEnv(app.EnvName("database_url"))
	if cmd.Flag("config").Value.String() != "" || database || local {
		config, err := loadConfig(cmd)
		if err != nil {
			return nil, err
		}
		findings = doctor.Examine(cmd.Context(), config)
	}
	if local {
		return findings, nil
	}
	asked, err := c.examine(cmd.Context())
	return append(findings, asked...), err
}

func printFindings(p *printer, findings []doctor.Finding) {
	marks := map[string]styled{doctor.OK: p.paint("ok  ", "2"), doctor.Warn: p.paint("warn", "3"), doctor.Fail: p.paint("FAIL", "1")}
	for _, one := range findings {
		p.line("%s  %s: %s", marks[one.Level], one.Name, one.Text)
		if one.Fix != "" {
			p.line("      %s", one.Fix)
		}
	}
}

// verdict makes a finding that is ok or a failure.
func verdict(name string, ok bool, text, fix string) doctor.Finding {
	if ok {
		return doctor.Finding{Name: name, Level: doctor.OK, Text: text}
	}
	return doctor.Finding{Name: name, Level: doctor.Fail, Text: text, Fix: fix}
}

// examine asks the server as any client does.
func (c *cli) examine(ctx context.Context) ([]doctor.Finding, error) {
	server, err := c.connect()
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	health, clock, err := server.Ready(ctx)
	if err != nil {
		return []doctor.Finding{unreachable(err)}, nil //nolint:nilerr // that it cannot be reached is the finding
	}
	took := time.Since(asked)
	findings := []doctor.Finding{verdict("server", true, fmt.Sprintf("%s answers in %s, version %s", server.URL(), took.Round(time.Millisecond), health.Version), "")}
	for _, check := range health.Checks {
		found := verdict(check.Name, check.Ok, "the server says that it is well", "look at "+check.Name+" and at the server's log")
		if !check.Ok {
			found.Text = first(text(check.Message), "the server says that it is not well")
		}
		if !check.Ok && !check.Vital {
			found.Level = doctor.Warn
		}
		findings = append(findings, found)
	}
	return append(findings, clocks(asked, took, clock), who(ctx, server)), nil
}

func unreachable(err error) doctor.Finding {
	return verdict("server", false, err.Error(), `start one with "tocsin dev", or say where it is with --url or TOCSIN_URL`)
}

// clocks compares the server's clock, told in whole seconds, with ours half way
// through the question.
func clocks(asked time.Time, took time.Duration, clock time.Time) doctor.Finding {
	const name, fix = "clock", "synchronise both with NTP: times in the record would mislead"
	if clock.IsZero() {
		return verdict(name, false, "the server does not tell its time", fix)
	}
	skew := clock.Add(time.Second / 2).Sub(asked.Add(took / 2)).Abs()
	if skew > mostSkew+took {
		return verdict(name, false, fmt.Sprintf("differs from the server's by %s", skew.Round(time.Second)), fix)
	}
	return verdict(name, true, fmt.Sprintf("within %s of the server's", (mostSkew+took).Round(time.Second)), "")
}

func who(ctx context.Context, server *client.Client) doctor.Finding {
	me, err := server.Me(ctx)
	if err != nil {
		return verdict("token", false, err.Error(), "give a token with --token-file, TOCSIN_TOKEN or ~/.config/tocsin/cli.yaml")
	}
	roles := ""
	for _, role := range me.Roles {
		roles = join(", ", roles, string(role))
	}
	return verdict("token", true, fmt.Sprintf("you are %s with the roles: %s", actor(me.Actor), orDash(roles)), "")
}
