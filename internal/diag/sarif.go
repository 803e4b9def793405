package diag

import (
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Tool names the program in a SARIF log, with the rules it knows. Rules may be empty;
// rules that results use are added by name.
type Tool struct {
	Name    string
	Version string
	URL     string
	Rules   []ToolRule
}

// ToolRule describes one rule in a SARIF log.
type ToolRule struct {
	Name    string
	Summary string // one sentence
	URL     string // where it is explained; may be empty
}

// WriteSARIF writes a SARIF 2.1.0 log with one run, as code scanning services read
// it. Columns are counted in Unicode code points and the log says so.
func WriteSARIF(w io.Writer, list List, tool Tool) error {
	rules, index := sarifRules(list, tool.Rules)
	results := make([]sarifResult, 0, len(list))
	for _, d := range list {
		results = append(results, sarifResultOf(d, index[d.Rule]))
	}
	log := sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool: sarifTool{Driver: sarifDriver{
				Name: tool.Name, Version: tool.Version, InformationURI: tool.URL, Rules: rules,
			}},
			ColumnKind: "unicodeCodePoints",
			Results:    results,
		}},
	}
	return writeJSON(w, log)
}

// sarifRules puts the known rules first and then those that only results name.
func sarifRules(list List, known []ToolRule) ([]sarifRule, map[string]int) {
	rules, index := make([]sarifRule, 0, len(known)), map[string]int{}
	add := func(rule ToolRule) {
		if _, there := index[rule.Name]; there {
			return
		}
		index[rule.Name] = len(rules)
		entry := sarifRule{ID: rule.Name, HelpURI: rule.URL}
		if rule.Summary != "" {
			entry.ShortDescription = &sarifText{Text: rule.Summary}
		}
		rules = append(rules, entry)
	}
	for _, rule := range known {
		add(rule)
	}
	var more []string
	for _, d := range list {
		more = append(more, d.Rule)
	}
	slices.Sort(more)
	for _, name := range more {
		add(ToolRule{Name: name})
	}
	return rules, index
}

func sarifResultOf(d Diagnostic, rule int) sarifResult {
	text := Escape(d.Message)
	if d.Hint != "" {
		text += " (" + Escape(d.Hint) + ")"
	}
	location := sarifPhysical{Artifact: sarifArtifact{URI: fileURI(d.File)}}
	if d.Line > 0 {
		location.Region = &sarifRegion{
			StartLine: d.Line, StartColumn: max(d.Column, 1),
			EndLine: d.Line, EndColumn: max(d.Column, 1) + max(d.Length, 1),
		}
	}
	return sarifResult{
		RuleID: d.Rule, RuleIndex: rule, Level: string(d.Level), Message: sarifText{Text: text},
		Locations: []sarifLocation{{Physical: location}},
	}
}

// fileURI makes a relative path a relative URI and an absolute one a file URI.
func fileURI(file string) string {
	slashed := filepath.ToSlash(file)
	if strings.HasPrefix(slashed, "/") {
		return (&url.URL{Scheme: "file", Path: slashed}).String()
	}
	return (&url.URL{Path: slashed}).String()
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool     `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri,omitempty"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string     `json:"id"`
	ShortDescription *sarifText `json:"shortDescription,omitempty"`
	HelpURI          string     `json:"helpUri,omitempty"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}
