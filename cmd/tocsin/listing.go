package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// pageFlags adds the flags that all lists have.
func pageFlags(command *cobra.Command, page *client.Page) {
	command.Flags().IntVarP(&page.Limit, "limit", "n", 50, "rows at most")
	command.Flags().StringVar(&page.After, "after", "", "go on after the page before")
}

// span reads the ends of a span of time: each a time, or a while before now.
func span(since, until string, now time.Time) (from, to *time.Time, err error) {
	if from, err = before("--since", since, now); err != nil {
		return nil, nil, err
	}
	to, err = before("--until", until, now)
	return from, to, err
}

func before(flag, text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if while, err := time.ParseDuration(text); err == nil && while > 0 {
		return given(now.Add(-while).UTC().Truncate(time.Second)), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, usage("%s is %q, expected a time such as 2026-02-01T08:00:00Z or a while such as 24h", flag, text)
	}
	return given(at.UTC()), nil
}

// list writes a table and how to see more.
func (p *printer) list(head []string, rows [][]any, next *string) {
	if len(rows) == 0 {
		p.line("nothing found")
		return
	}
	p.table(head, rows)
	if next != nil {
		p.line("more with: --after %s", *next)
	}
}

// values writes a map sorted by name, each value as JSON on one line.
func (p *printer) values(values map[string]any) {
	pairs := []any{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		pairs = append(pairs, string(p.name(name)), asText(values[name]))
	}
	p.fields(pairs...)
}

func (p *printer) name(name string) styled { return p.paint(name, "") }

// asText shows text as it is and everything else as JSON.
func asText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(body)
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// join puts what is not empty together.
func join(between string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return part == "" }), between)
}

func actor(a soar.Actor) string {
	if a.ID == "" {
		return "-"
	}
	return join(" ", a.String(), a.Name)
}

func approvers(who []soar.Approver) string {
	names := make([]string, len(who))
	for i, one := range who {
		names[i] = join(" ", string(one.Role), one.Person)
		if one.Roster != "" {
			names[i] = join(" ", names[i], "roster:"+one.Roster)
		}
	}
	return strings.Join(names, ", ")
}
