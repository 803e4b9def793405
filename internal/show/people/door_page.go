package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/people/link"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// pageDoor holds links as the mail carries them.
type pageDoor struct {
	house *house
	links *link.Links
}

// noTokens: the people of the cases stand in the directory.
type noTokens struct{}

// TokenList gives nobody.
func (noTokens) TokenList(context.Context) ([]soar.Token, error) { return nil, nil }

func openPage(_ context.Context, _ options, h *house, _ cases.World) (cases.Door, error) {
	directory := people.New(people.Options{Store: h.people, Tokens: noTokens{}, Policy: &policy.Policy{}, Now: time.Now})
	return &pageDoor{h, link.New(link.Options{Store: h.people, Approvals: h.store, People: directory, PublicURL: h.URL, Now: time.Now})}, nil
}

var (
	sealField   = regexp.MustCompile(`name="seal" value="([^"]*)"`)
	digestField = regexp.MustCompile(`name="digest" value="([^"]*)"`)
	toldLine    = regexp.MustCompile(`(?s)role="(?:alert|status)"[^>]*>(.*?)</`)
	tags        = regexp.MustCompile(`<[^>]*>`)
)

// Decide opens the link, and sends the form with the digest that the case has.
func (d *pageDoor) Decide(ctx context.Context, c cases.Case) (bool, string, error) {
	address, err := d.links.Link(ctx, c.ApprovalID, c.By.ID)
	if err != nil {
		return verdict(err)
	}
	status, page, err := d.visit(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false, "", err
	}
	seal, shown := field(sealField, page), field(digestField, page)
	if seal == "" {
		return false, text(page), want(status != http.StatusServiceUnavailable, "the page is out of order")
	}
	form := url.Values{"seal": {seal}, "digest": {shown}, "reason": {c.Reason}, "do": {"deny"}}
	if c.Approve {
		form.Set("do", "approve")
	}
	if c.Kind != cases.Genuine && c.Digest != shown {
		form.Set("digest", c.Digest)
	}
	status, page, err = d.visit(ctx, http.MethodPost, address, form)
	if err == nil && status == http.StatusServiceUnavailable {
		err = fmt.Errorf("the page is out of order")
	}
	return status == http.StatusOK, text(page), err
}

func (d *pageDoor) visit(ctx context.Context, method, address string, form url.Values) (status int, page string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		request.Header.Set("Origin", d.house.URL)
	}
	response, err := d.house.HTTP.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func field(form *regexp.Regexp, page string) string {
	if found := form.FindStringSubmatch(page); found != nil {
		return html.UnescapeString(found[1])
	}
	return ""
}

// text is what a person reads on the page.
func text(page string) string {
	if found := toldLine.FindStringSubmatch(page); found != nil {
		page = found[1]
	}
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}
