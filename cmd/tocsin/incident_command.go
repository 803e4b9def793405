package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// order describes a subcommand that sends one command to one incident.
type order struct {
	use, short, long, example string
	args                      cobra.PositionalArgs
	reason                    string // "": takes none; "optional"; "required"
	flags                     func(*cobra.Command)
	// build makes the command from the arguments after the incident's id.
	build func(args []string, reason string) (client.Command, error)
}

func (c *cli) orderCommand(o order) *cobra.Command {
	var reason string
	command := &cobra.Command{
		Use: o.use, Short: o.short, Long: o.long, Example: o.example, Args: o.args, ValidArgsFunction: c.incidentIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			built, err := o.build(args[1:], reason)
			if err != nil {
				return err
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			reply, err := server.Command(cmd.Context(), args[0], client.NewKey(), built)
			if err != nil {
				return err
			}
			return c.show(cmd, reply, func(p *printer) {
				p.line("%s  %s", args[0], reply.Message)
				if reply.RunID != "" {
					p.line("run %s", reply.RunID)
				}
			})
		},
	}
	if o.flags != nil {
		o.flags(command)
	}
	if o.reason != "" {
		command.Flags().StringVarP(&reason, "reason", "r", "", "why; it goes into the record")
	}
	if o.reason == "required" {
		_ = command.MarkFlagRequired("reason") // the flag is defined above
	}
	return command
}

func newNoteCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "note INCIDENT TEXT...", short: "Add a remark to the timeline", args: words(2, manyWords),
		example: "  tocsin incident note INC-2026-0A1B2C called the owner, laptop is in the office",
		build: func(args []string, _ string) (client.Command, error) {
			return gen.NoteCommand{Text: strings.Join(args, " ")}, nil
		},
	})
}

func newAckCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "ack INCIDENT", short: "Say that you have taken notice", args: words(1, 1), reason: "optional",
		example: "  tocsin incident ack INC-2026-0A1B2C",
		build: func(_ []string, why string) (client.Command, error) {
			return client.Acknowledge{Reason: given(why)}, nil
		},
	})
}

func newPauseCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "pause INCIDENT", short: "Start no further step until resumed", args: words(1, 1), reason: "required",
		example: "  tocsin incident pause INC-2026-0A1B2C --reason \"waiting for the owner\"",
		build:   func(_ []string, why string) (client.Command, error) { return client.Pause{Reason: why}, nil },
	})
}

func newResumeCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "resume INCIDENT", short: "Go on after a pause", args: words(1, 1), reason: "optional",
		example: "  tocsin incident resume INC-2026-0A1B2C",
		build:   func(_ []string, why string) (client.Command, error) { return client.Resume{Reason: given(why)}, nil },
	})
}

func newCancelCommand(c *cli) *cobra.Command {
	var compensate bool
	return c.orderCommand(order{
		use: "cancel INCIDENT", short: "Stop all runs, and undo what they did when asked to", args: words(1, 1), reason: "required",
		example: "  tocsin incident cancel INC-2026-0A1B2C --undo --reason \"wrong host\"",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().BoolVar(&compensate, "undo", false, "undo what the runs did, last first")
		},
		build: func(_ []string, why string) (client.Command, error) {
			return gen.CancelCommand{Reason: why, Compensate: given(compensate)}, nil
		},
	})
}

func newCloseCommand(c *cli) *cobra.Command {
	var resolution string
	return c.orderCommand(order{
		use: "close INCIDENT", short: "End the incident", args: words(1, 1), reason: "required",
		example: "  tocsin incident close INC-2026-0A1B2C --resolution false_positive --reason \"a test of the backup\"",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&resolution, "resolution", "", "resolved, false_positive, benign, duplicate or cancelled")
			_ = cmd.MarkFlagRequired("resolution") // the flag is defined above
		},
		build: func(_ []string, why string) (client.Command, error) {
			if !soar.Resolution(resolution).Valid() {
				return nil, usage("--resolution is %q, expected resolved, false_positive, benign, duplicate or cancelled", resolution)
			}
			return gen.CloseCommand{Resolution: gen.Resolution(resolution), Reason: why}, nil
		},
	})
}

func newDeclareCommand(c *cli) *cobra.Command {
	var severity, impact, urgency, category, status, tlp, title, owner string
	var facts []string
	return c.orderCommand(order{
		use: "declare INCIDENT", short: "Change what is known of the incident", args: words(1, 1), reason: "optional",
		long:    "Change what is known of the incident. What is left out stays as it is. Clocks,\napprovers and playbooks follow a new severity or category.",
		example: "  tocsin incident declare INC-2026-0A1B2C --severity critical --reason \"domain admin involved\"\n  tocsin incident declare INC-2026-0A1B2C --owner analyst@lab.invalid --fact mails=3",
		flags: func(cmd *cobra.Command) {
			flags := cmd.Flags()
			flags.StringVar(&severity, "severity", "", "informational, low, medium, high or critical")
			flags.StringVar(&impact, "impact", "", "low, medium or high")
			flags.StringVar(&urgency, "urgency", "", "low, medium or high")
			flags.StringVar(&category, "category", "", "as brute_force")
			flags.StringVar(&status, "status", "", "as contained")
			flags.StringVar(&tlp, "tlp", "", "clear, green, amber, amber+strict or red")
			flags.StringVar(&title, "title", "", "in one line")
			flags.StringVar(&owner, "owner", "", "a person's id")
			flags.StringArrayVar(&facts, "fact", nil, "name=value, the value as JSON or text; may be repeated")
		},
		build: func(_ []string, why string) (client.Command, error) {
			known, err := pairs("--fact", facts)
			return gen.DeclareCommand{
				Reason: given(why), Title: given(title), Owner: given(owner), Facts: known,
				Severity: given(gen.Severity(severity)), Impact: given(gen.Level(impact)), Urgency: given(gen.Level(urgency)),
				Category: given(gen.Category(category)), Status: given(gen.IncidentStatus(status)), TLP: given(gen.TLP(tlp)),
			}, err
		},
	})
}

func newRetryStepCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "retry-step INCIDENT STEP", short: "Run a failed step again", args: words(2, 2), reason: "required",
		example: "  tocsin incident retry-step INC-2026-0A1B2C r1/isolate --reason \"the EDR is back\"",
		build: func(args []string, why string) (client.Command, error) {
			return client.RetryStep{Key: args[0], Reason: why}, nil
		},
	})
}

func newSkipStepCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "skip-step INCIDENT STEP", short: "Go on without a step", args: words(2, 2), reason: "required",
		example: "  tocsin incident skip-step INC-2026-0A1B2C r1/isolate --reason \"pulled the cable by hand\"",
		build: func(args []string, why string) (client.Command, error) {
			return client.SkipStep{Key: args[0], Reason: why}, nil
		},
	})
}

func newMarkDoneCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "mark-done INCIDENT STEP", short: "Say that an action whose outcome is not known did happen", args: words(2, 2), reason: "required",
		long:    "For a step that waits because nobody can tell whether its action was carried out.\nIt did not happen: retry-step does it, skip-step goes on without it.",
		example: "  tocsin incident mark-done INC-2026-0A1B2C r1/isolate --reason \"the EDR's console shows it isolated\"",
		build: func(args []string, why string) (client.Command, error) {
			return client.MarkDone{Key: args[0], Reason: why}, nil
		},
	})
}

func newAddAlertCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "add-alert INCIDENT ALERT", short: "Put an alert into the incident", args: words(2, 2), reason: "required",
		example: "  tocsin incident add-alert INC-2026-0A1B2C ALR-0123456789 --reason \"the same attacker\"",
		build: func(args []string, why string) (client.Command, error) {
			return gen.AddAlertCommand{AlertID: args[0], Reason: why}, nil
		},
	})
}

func newRunCommand(c *cli) *cobra.Command {
	var version string
	var inputs []string
	return c.orderCommand(order{
		use: "run INCIDENT PLAYBOOK", short: "Start one more playbook in the incident", args: words(2, 2), reason: "optional",
		example: "  tocsin incident run INC-2026-0A1B2C phishing --input mailbox=finance@lab.invalid",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&version, "version", "", "left out: the active version")
			cmd.Flags().StringArrayVarP(&inputs, "input", "i", nil, "name=value, the value as JSON or text; may be repeated")
		},
		build: func(args []string, why string) (client.Command, error) {
			input, err := pairs("--input", inputs)
			return gen.RunPlaybookCommand{Playbook: args[0], Version: given(version), Input: input, Reason: given(why)}, err
		},
	})
}

func newReleaseCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "release INCIDENT CONTAINMENT", short: "Take one containment back now", args: words(2, 2), reason: "required",
		example: "  tocsin incident release INC-2026-0A1B2C 3f2a... --reason \"host was reinstalled\"",
		build: func(args []string, why string) (client.Command, error) {
			return gen.ReleaseCommand{ContainmentID: args[0], Reason: why}, nil
		},
	})
}

func newExtendCommand(c *cli) *cobra.Command {
	var until string
	return c.orderCommand(order{
		use: "extend INCIDENT CONTAINMENT", short: "Hold a containment longer", args: words(2, 2), reason: "required",
		example: "  tocsin incident extend INC-2026-0A1B2C 3f2a... --until 24h --reason \"not clean yet\"\n  tocsin incident extend INC-2026-0A1B2C 3f2a... --until 2026-02-01T08:00:00Z --reason \"over the weekend\"",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&until, "until", "", "a time (RFC 3339) or a while from now as 24h; left out: until somebody releases it")
		},
		build: func(args []string, why string) (client.Command, error) {
			at, err := moment(until, time.Now())
			return gen.ExtendCommand{ContainmentID: args[0], Until: at, Reason: why}, err
		},
	})
}

// moment reads a time, or a while from now.
func moment(text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if while, err := time.ParseDuration(text); err == nil && while > 0 {
		return given(now.Add(while).UTC().Truncate(time.Second)), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, usage("--until is %q, expected a time such as 2026-02-01T08:00:00Z or a while such as 24h", text)
	}
	return given(at.UTC()), nil
}

func newEventCommand(c *cli) *cobra.Command {
	var data []string
	return c.orderCommand(order{
		use: "event INCIDENT NAME", short: "Tell the incident something that a step waits for", args: words(2, 2), reason: "optional",
		example: "  tocsin incident event INC-2026-0A1B2C user.called --data confirmed=true",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringArrayVarP(&data, "data", "d", nil, "name=value, the value as JSON or text; may be repeated")
		},
		build: func(args []string, why string) (client.Command, error) {
			values, err := pairs("--data", data)
			return gen.EventCommand{Name: args[0], Data: values, Reason: given(why)}, err
		},
	})
}

// pairs reads name=value. A value that is JSON is taken as such, everything else
// as text.
func pairs(flag string, given []string) (map[string]any, error) {
	if len(given) == 0 {
		return nil, nil
	}
	values := map[string]any{}
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usage("%s is %q, expected name=value", flag, pair)
		}
		if _, twice := values[name]; twice {
			return nil, usage("%s names %q twice", flag, name)
		}
		var parsed any
		if err := json.Unmarshal([]byte(value), &parsed); err != nil {
			parsed = value
		}
		values[name] = parsed
	}
	return values, nil
}
