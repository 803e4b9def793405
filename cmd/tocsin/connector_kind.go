package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/connectors"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
)

// kindView is a kind of connector as --output json gives it.
type kindView struct {
	Connector   string        `json:"connector"`
	Version     string        `json:"version"`
	Title       string        `json:"title"`
	Description string        `json:"description"`
	Tested      string        `json:"tested"`
	Settings    []settingView `json:"settings"`
	Actions     []actionView  `json:"actions"`
}

type settingView struct {
	Name        string `json:"name"`
	Required    bool   `json:"required"`
	Secret      bool   `json:"secret"`
	Default     string `json:"default,omitempty"`
	Description string `json:"description"`
}

type actionView struct {
	Name        string         `json:"name"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Risk        string         `json:"risk"`
	Target      string         `json:"target,omitempty"`
	Undo        string         `json:"undo,omitempty"`
	Reconcile   string         `json:"reconcile,omitempty"`
	Idempotent  bool           `json:"idempotent"`
	Input       map[string]any `json:"input"`
	Output      map[string]any `json:"output"`
}

func viewOf(m *manifest.Manifest) kindView {
	view := kindView{Connector: m.Connector, Version: m.Version, Title: m.Title, Description: m.Description, Tested: m.Tested, Settings: []settingView{}}
	for _, s := range m.Settings {
		view.Settings = append(view.Settings, settingView{s.Name, s.Required, s.Secret, s.Default, s.Description})
	}
	for _, a := range m.Actions {
		one := actionView{Name: a.Name, Title: a.Title, Description: a.Description, Risk: string(a.Risk), Target: a.Target, Idempotent: a.Idempotent, Input: a.Input, Output: a.Output}
		if a.Undo != nil {
			one.Undo = a.Undo.Action
		}
		if a.Reconcile != nil {
			one.Reconcile = a.Reconcile.Action
		}
		view.Actions = append(view.Actions, one)
	}
	return view
}

// kinds gives the connectors of this build and of a folder.
func (c *cli) kinds(cmd *cobra.Command, folder string) ([]*manifest.Manifest, error) {
	all, err := connectors.All(connectors.Options{Dir: folder})
	if faulty, ok := errors.AsType[*connectors.SiteError](err); ok {
		printFaults(cmd, faulty.Faults)
		return nil, &exit{code: exitFailed, message: "the connector files have " + faulty.Faults.Summary()}
	}
	if err != nil {
		return nil, usage("%v", err)
	}
	var kinds []*manifest.Manifest
	for _, kind := range all {
		kinds = append(kinds, kind.Manifest())
	}
	return kinds, nil
}

func folderFlag(command *cobra.Command, folder *string) {
	command.Flags().StringVar(folder, "dir", "", "folder with connector files of your own, to be listed, too")
}

func newConnectorKindsCommand(c *cli) *cobra.Command {
	var folder string
	command := &cobra.Command{
		Use:     "kinds",
		Short:   "List the kinds of connectors that can be configured, and what each was run against",
		Long:    "List the kinds of connectors that a configuration can name under use:, and what each\nwas run against. Works without a server.",
		Example: "  tocsin connector kinds\n  tocsin connector kinds --dir connectors/",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := c.kinds(cmd, folder)
			if err != nil {
				return err
			}
			views := make([]kindView, len(all))
			for i, kind := range all {
				views[i] = viewOf(kind)
			}
			return c.show(cmd, map[string]any{"items": views}, func(p *printer) {
				var rows [][]any
				for _, view := range views {
					rows = append(rows, []any{view.Connector, view.Title, len(view.Actions), cut(view.Tested, 90)})
				}
				p.list([]string{"KIND", "TITLE", "ACTIONS", "RUN AGAINST"}, rows, nil)
			})
		},
	}
	folderFlag(command, &folder)
	return command
}

func newConnectorShowCommand(c *cli) *cobra.Command {
	var folder string
	command := &cobra.Command{
		Use:     "show KIND",
		Short:   "Show the settings and actions of a kind of connector",
		Long:    "Show the settings and actions of a kind of connector, and what it was run against.\nWorks without a server; --output json also gives the schemas.",
		Example: "  tocsin connector show crowdstrike\n  tocsin connector show acme --dir connectors/ -o json",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := c.kinds(cmd, folder)
			if err != nil {
				return err
			}
			var names []string
			for _, kind := range all {
				names = append(names, kind.Connector)
			}
			i := slices.Index(names, args[0])
			if i < 0 {
				hint := diag.DidYouMean(args[0], names)
				if hint == "" {
					hint = "try: tocsin connector kinds"
				}
				return &exit{code: exitNotFound, message: "there is no kind of connector named " + args[0] + "; " + hint}
			}
			view := viewOf(all[i])
			return c.show(cmd, view, func(p *printer) { printKind(p, view) })
		},
	}
	folderFlag(command, &folder)
	return command
}

func printKind(p *printer, view kindView) {
	p.fields("kind", view.Connector, "version", view.Version, "title", view.Title, "description", view.Description, "tested", view.Tested)
	p.section("Settings")
	var rows [][]any
	for _, s := range view.Settings {
		need := "optional"
		if s.Required {
			need = "required"
		}
		if s.Secret {
			need += ", secret"
		}
		rows = append(rows, []any{s.Name, need, orDash(s.Default), s.Description})
	}
	p.list([]string{"SETTING", "NEEDED", "DEFAULT", "MEANING"}, rows, nil)
	p.section("Actions")
	rows = nil
	for _, a := range view.Actions {
		rows = append(rows, []any{a.Name, a.Risk, orDash(a.Target), orDash(a.Undo), orDash(a.Reconcile), a.Title})
	}
	p.list([]string{"ACTION", "RISK", "TARGET", "UNDO", "CHECKED BY", "TITLE"}, rows, nil)
}
