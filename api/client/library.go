package client

import (
	"bytes"
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
)

const yamlType = "text/yaml"

// Playbooks gives one page of versions.
func (c *Client) Playbooks(ctx context.Context, page Page) (*gen.PlaybookPage, error) {
	r, err := c.api.ListPlaybooksWithResponse(ctx, &gen.ListPlaybooksParams{Limit: page.limit(), After: page.after()})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Playbook gives one version; the active one when version is empty.
func (c *Client) Playbook(ctx context.Context, name, version string) (*gen.PlaybookDetail, error) {
	r, err := c.api.ShowPlaybookWithResponse(ctx, name, &gen.ShowPlaybookParams{Version: optional(version)})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// PlaybookPublish publishes a text. With a digest it does so only while that is
// still the active version's.
func (c *Client) PlaybookPublish(ctx context.Context, name, digest string, source []byte) (*gen.PublishResult, error) {
	var match *string
	if digest != "" {
		match = optional(`"` + digest + `"`)
	}
	r, err := c.api.PublishPlaybookWithBodyWithResponse(ctx, name, &gen.PublishPlaybookParams{IfMatch: match, IdempotencyKey: fresh()}, yamlType, bytes.NewReader(source))
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// PlaybookLint checks a text against the server's connectors.
func (c *Client) PlaybookLint(ctx context.Context, source []byte) (*gen.LintResult, error) {
	r, err := c.api.LintPlaybookWithBodyWithResponse(ctx, yamlType, bytes.NewReader(source))
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Connectors gives what playbooks can act on.
func (c *Client) Connectors(ctx context.Context) (*gen.ConnectorList, error) {
	r, err := c.api.ListConnectorsWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}
