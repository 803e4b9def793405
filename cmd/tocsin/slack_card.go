package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newSlackManifestCommand() *cobra.Command {
	var base string
	command := &cobra.Command{
		Use:   "manifest",
		Short: "Print the manifest of the Slack app",
		Long: `Print the manifest of the Slack app, to paste into "Create New App", "From a manifest".
Without --http it is for Socket Mode, which needs no public address. It holds no secret.`,
		Example: "  tocsin slack manifest\n  tocsin slack manifest --http https://tocsin.example.org",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := manifest.Make(base)
			if err != nil {
				return usage("%s", soar.MessageOf(err))
			}
			_, err = cmd.OutOrStdout().Write(made)
			return err
		},
	}
	command.Flags().StringVar(&base, "http", "", "public URL of the product, for events by HTTP")
	return command
}

// previews are the kinds of cards, in the order of the help.
func previews() []string {
	return []string{"approval", "approve", "decide", "task", "complete", "incident", "home", "report"}
}

func newSlackPreviewCommand(c *cli) *cobra.Command {
	var kind, from string
	command := &cobra.Command{
		Use:   "preview",
		Short: "Show a card as JSON for Slack's Block Kit Builder",
		Long: `Show a card, modal or App Home as JSON for Slack's Block Kit Builder. Needs no Slack and
no token of it. Without --from it is made of an example; --from is a file with the JSON of an
approval, task or incident as the API gives it, or the id of an approval on the server.`,
		Example: "  tocsin slack preview\n  tocsin slack preview --kind home\n  tocsin approval show APR-0123456789 -o json | tocsin slack preview --from -\n  tocsin slack preview --kind approve --from APR-0123456789",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			example, err := exampleCards(c, cmd, from)
			if err != nil {
				return err
			}
			shown, err := example.show(kind)
			if err != nil {
				return err
			}
			raw, err := card.JSON(shown)
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), string(raw))
			}
			return err
		},
	}
	command.Flags().StringVar(&kind, "kind", "approval", diag.OneOf(previews()))
	command.Flags().StringVar(&from, "from", "", "file with JSON, - for standard input, or the id of an approval; empty: an example")
	return command
}

// cards are what is shown, on one incident.
type cards struct {
	look     card.Look
	incident soar.Incident
	approval soar.Approval
	task     soar.Task
}

// exampleCards is an example, with what --from says in its place.
func exampleCards(c *cli, cmd *cobra.Command, from string) (cards, error) {
	now := time.Now().UTC()
	person := soar.Actor{Kind: soar.ActorPlaybook, ID: "malware_on_endpoint"}
	example := cards{
		look:     card.Look{Now: now},
		incident: soar.Incident{ID: "INC-2026-0A1B2C", Title: "Beaconing from web-1", Status: soar.StatusAssessed, Severity: soar.SeverityHigh, Category: "infected_system", TLP: soar.TLPAmber, OpenedBy: soar.System("intake"), OpenedAt: now},
		approval: soar.Approval{
			ID: "APR-0123456789", IncidentID: "INC-2026-0A1B2C", Title: "Isolate web-1?", Status: soar.ApprovalPending, Quorum: 2, OnExpire: "deny", Digest: strings.Repeat("5f", 32),
			Approvers: []soar.Approver{{Role: soar.RoleSOCLead}, {Role: soar.RoleIncidentCommander}}, RequestedBy: person, RequestedAt: now, ExpiresAt: now.Add(25 * time.Minute),
			Bound: []soar.BoundAction{{StepPath: "isolate", Action: "edr.isolate", Args: map[string]any{"host": "web-1"}}},
			Shown: []soar.ShownAction{{StepPath: "isolate", Action: "edr.isolate", Title: "Isolate a host", Target: "web-1", Why: "it beacons to a known server", Risk: soar.RiskChange, Undo: "edr.release", ExpiresIn: 8 * time.Hour}},
		},
		task: soar.Task{ID: "TSK-0123456789", IncidentID: "INC-2026-0A1B2C", Title: "Call the owner of web-1", Status: soar.TaskOpen, Assignee: soar.Approver{Role: soar.RoleAnalyst}, CreatedAt: now,
			Form: map[string]any{"type": "object", "required": []any{"reached"}, "properties": map[string]any{"reached": map[string]any{"type": "boolean", "title": "Was the owner reached"}, "says": map[string]any{"type": "string", "title": "What the owner says"}}}},
	}
	if from == "" {
		return example, nil
	}
	raw, err := previewSource(c, cmd, from)
	if err != nil {
		return cards{}, err
	}
	return example, example.take(from, raw)
}

func previewSource(c *cli, cmd *cobra.Command, from string) ([]byte, error) {
	if from == "-" {
		return io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
	}
	if !strings.HasPrefix(from, "APR-") {
		raw, err := os.ReadFile(from)
		if err != nil {
			return nil, usage("%v", err)
		}
		return raw, nil
	}
	server, err := c.connect()
	if err != nil {
		return nil, err
	}
	approval, err := server.Approval(cmd.Context(), from)
	if err != nil {
		return nil, err
	}
	return json.Marshal(approval)
}

// take puts what was read in the place of the example, by its id.
func (e *cards) take(from string, raw []byte) error {
	var head struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(raw, &head)
	switch {
	case err != nil:
	case strings.HasPrefix(head.ID, "APR-"):
		e.approval = soar.Approval{}
		err = json.Unmarshal(raw, &e.approval)
	case strings.HasPrefix(head.ID, "TSK-"):
		e.task = soar.Task{}
		err = json.Unmarshal(raw, &e.task)
	case strings.HasPrefix(head.ID, "INC-"):
		e.incident = soar.Incident{}
		err = json.Unmarshal(raw, &e.incident)
	default:
		err = fmt.Errorf("want the JSON of an approval, task or incident, with its id")
	}
	if err != nil {
		return usage("%s: %v", from, err)
	}
	return nil
}

func (e *cards) show(kind string) (any, error) {
	approval, task := card.ApprovalCard{Approval: e.approval, Incident: e.incident}, card.TaskCard{Task: e.task, Incident: e.incident}
	message := func(m card.Message) (any, error) { return m, card.Validate(m) }
	modal := func(m slackgo.ModalViewRequest) (any, error) { return m, card.ValidateModal(m) }
	switch kind {
	case "approval":
		return message(e.look.Approval(approval))
	case "approve":
		return modal(e.look.Approve(approval, card.Ref{Approval: e.approval.ID}))
	case "decide":
		return modal(e.look.Decide(approval, card.Ref{Approval: e.approval.ID}))
	case "task":
		return message(e.look.Task(task))
	case "complete":
		return modal(e.look.Complete(task, card.Ref{Task: e.task.ID}))
	case "incident":
		return message(e.look.Incident(card.IncidentCard{Incident: e.incident}))
	case "home":
		home := e.look.Home(card.HomePage{Person: soar.Person{ID: "you"}, Approvals: []card.ApprovalCard{approval}, Tasks: []card.TaskCard{task}})
		return home, card.ValidateHome(home)
	case "report":
		return modal(e.look.Report())
	default:
		return nil, usage("%q is no kind of card; there are %s", kind, diag.OneOf(previews()))
	}
}
