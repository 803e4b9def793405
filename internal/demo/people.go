package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// People are the tokens of the demo, by what they stand for.
type People struct {
	Responder string `json:"responder"` // an analyst on duty who may also decide
	Admin     string `json:"admin"`     // makes tokens and publishes playbooks: who decides does not administer
	Wazuh     string `json:"wazuh"`     // the detection tool
	Generic   string `json:"generic"`   // the mail gateway's report button
}

// peopleFile keeps the demo's tokens, profileFile is what the command line reads,
// adminFile is for its --token-file.
const (
	peopleFile  = "demo-tokens.json"
	profileFile = "cli.yaml"
	adminFile   = "admin.token"
)

// introduce gives the tokens kept in dir, or makes them, and writes the profile
// of the command line.
func introduce(ctx context.Context, product *app.App, dir, url string) (People, error) {
	people, err := keptPeople(ctx, filepath.Join(dir, peopleFile), url)
	if err != nil {
		return People{}, err
	}
	if people == nil {
		if people, err = newPeople(ctx, product.Tokens(), filepath.Join(dir, peopleFile)); err != nil {
			return People{}, err
		}
	}
	profile := fmt.Sprintf("# Written by tocsin dev and tocsin demo: who the command line is in this folder.\nurl: %s\ntoken: %s\n", url, people.Responder)
	if err := os.WriteFile(filepath.Join(dir, profileFile), []byte(profile), 0o600); err != nil {
		return People{}, fmt.Errorf("write the command line's profile: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, adminFile), []byte(people.Admin+"\n"), 0o600); err != nil {
		return People{}, fmt.Errorf("write the administrator's token: %w", err)
	}
	return *people, nil
}

// keptPeople gives nil when there are no tokens yet or the database, a new one
// perhaps, does not know them.
func keptPeople(ctx context.Context, path, url string) (*People, error) {
	body, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the demo's tokens: %w", err)
	}
	var kept People
	if err := json.Unmarshal(body, &kept); err != nil {
		return nil, fmt.Errorf("read the demo's tokens in %s: %w", path, err)
	}
	if kept.Admin == "" { // of an older release
		return nil, nil
	}
	asker, err := client.New(client.Config{URL: url, Token: kept.Responder})
	if err != nil {
		return nil, err
	}
	if _, err := asker.Me(ctx); err != nil {
		fault, refused := errors.AsType[*client.Error](err)
		if refused && fault.Code == soar.CodeUnauthenticated {
			return nil, nil
		}
		return nil, err
	}
	return &kept, nil
}

func newPeople(ctx context.Context, tokens *access.Tokens, path string) (*People, error) {
	var people People
	for _, wanted := range []struct {
		into    *string
		request access.TokenRequest
	}{
		{&people.Responder, access.TokenRequest{
			Name: "SOC lead on duty (demo)", Person: "soc-lead@lab.invalid",
			Roles: []soar.Role{soar.RoleAnalyst, soar.RoleSOCLead, soar.RoleIncidentCommander},
		}},
		{&people.Admin, access.TokenRequest{
			Name: "administrator (demo)", Person: "admin@lab.invalid", Roles: []soar.Role{soar.RoleAdmin, soar.RolePlaybookEngineer},
		}},
		{&people.Wazuh, access.TokenRequest{Name: "Wazuh (demo)", Source: "wazuh"}},
		{&people.Generic, access.TokenRequest{Name: "report button (demo)", Source: "generic"}},
	} {
		issued, err := tokens.Issue(ctx, soar.System("demo"), wanted.request)
		if err != nil {
			return nil, fmt.Errorf("make the token %q: %w", wanted.request.Name, err)
		}
		*wanted.into = issued.Text.Reveal()
	}
	body, err := json.MarshalIndent(people, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return nil, fmt.Errorf("keep the demo's tokens: %w", err)
	}
	return &people, nil
}
