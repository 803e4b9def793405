package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// wallet gives each sender a token, once.
type wallet struct {
	house  *house
	tokens map[string]string
}

func (w *wallet) token(ctx context.Context, c cases.Case) (string, error) {
	key := fmt.Sprint(c.By.String(), c.Roles)
	if token, ok := w.tokens[key]; ok {
		return token, nil
	}
	request := access.TokenRequest{Name: c.By.ID, Person: c.By.ID, Roles: c.Roles}
	if c.By.Kind == soar.ActorTool {
		request = access.TokenRequest{Name: c.By.ID, Source: "generic"}
	}
	token, err := w.house.Token(ctx, request)
	if err == nil {
		w.tokens[key] = token
	}
	return token, err
}

type apiDoor struct{ wallet }

func openAPI(_ context.Context, _ options, h *house, _ cases.World) (cases.Door, error) {
	return &apiDoor{wallet{h, map[string]string{}}}, nil
}

// Decide sends the answer as a program would.
func (d *apiDoor) Decide(ctx context.Context, c cases.Case) (bool, string, error) {
	token, err := d.token(ctx, c)
	if err != nil {
		return verdict(err) // there is no token for such a person
	}
	sender, err := client.New(client.Config{URL: d.house.URL, Token: token})
	if err != nil {
		return false, "", err
	}
	word := gen.Deny
	if c.Approve {
		word = gen.Approve
	}
	body := gen.DecisionInput{Decision: word, Reason: c.Reason}
	if c.Digest != "" {
		body.Digest = &c.Digest
	}
	_, err = sender.Decide(ctx, c.ApprovalID, c.DecisionID, body)
	return verdict(err)
}

// verdict tells a refusal from a door that does not work.
func verdict(err error) (bool, string, error) {
	if err == nil {
		return true, "", nil
	}
	code, told := soar.CodeOf(err), soar.MessageOf(err)
	if answered, ok := errors.AsType[*client.Error](err); ok {
		code, told = answered.Code, answered.Error()
	}
	if code == soar.CodeInternal || code == soar.CodeUnavailable {
		return false, "", err
	}
	return false, told, nil
}

type cliDoor struct {
	wallet
	tool string
}

func openCLI(_ context.Context, o options, h *house, _ cases.World) (cases.Door, error) {
	if _, err := exec.LookPath(o.tocsin); err != nil {
		return nil, fmt.Errorf("the command line tool is not there: make build, or -tocsin FILE: %w", err)
	}
	return &cliDoor{wallet{h, map[string]string{}}, o.tocsin}, nil
}

// Exit codes of the tool that say that it did not work, rather than no.
const exitUnavailable = 8

// Decide runs the tool as a person would.
func (d *cliDoor) Decide(ctx context.Context, c cases.Case) (bool, string, error) {
	token, err := d.token(ctx, c)
	if err != nil {
		return verdict(err)
	}
	arguments := []string{"deny", c.ApprovalID, "--reason", c.Reason}
	if c.Approve {
		arguments = []string{"approve", c.ApprovalID, "--reason", c.Reason, "--yes", "--digest", c.Digest}
	}
	var told bytes.Buffer
	command := exec.CommandContext(ctx, d.tool, arguments...) //nolint:gosec // our own tool
	command.Env = []string{"TOCSIN_URL=" + d.house.URL, "TOCSIN_TOKEN=" + token, "HOME=" + d.house.Dir, "NO_COLOR=1"}
	command.Stdout, command.Stderr = &told, &told
	err = command.Run()
	if command.ProcessState == nil || command.ProcessState.ExitCode() == exitUnavailable {
		return false, "", fmt.Errorf("tocsin %s: %w: %s", arguments[0], err, told.String())
	}
	return err == nil, strings.TrimSpace(told.String()), nil
}
