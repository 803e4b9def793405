package policy

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Matrix gives the severity for each pair of impact and urgency.
type Matrix struct {
	Version string
	cells   map[soar.Level]map[soar.Level]soar.Severity // impact, then urgency
}

// Of gives the severity. A level that is not set counts as the worst: what nobody
// has said yet is not taken lightly.
func (m Matrix) Of(impact, urgency soar.Level) soar.Severity {
	return m.cells[orHigh(impact)][orHigh(urgency)]
}

func orHigh(level soar.Level) soar.Level {
	if !level.Valid() {
		return soar.LevelHigh
	}
	return level
}

func (s *sheet) matrix(root *strictyaml.Node) Matrix {
	m := Matrix{cells: map[soar.Level]map[soar.Level]soar.Severity{}}
	keys := []string{"version", "impact"}
	if !s.Keys(root, "the file", keys, keys) {
		return m
	}
	m.Version = s.version(root.Get("version"))
	rows := root.Get("impact")
	if rows == nil || !s.Keys(rows, "impact", words(soar.Levels()), words(soar.Levels())) {
		return m
	}
	for _, impact := range soar.Levels() {
		m.cells[impact] = s.matrixRow(rows.Get(string(impact)), impact)
	}
	if !s.List.HasErrors() {
		s.monotone(rows, m)
	}
	return m
}

func (s *sheet) matrixRow(row *strictyaml.Node, impact soar.Level) map[soar.Level]soar.Severity {
	cells := map[soar.Level]soar.Severity{}
	what := fmt.Sprintf("the row of impact %s", impact)
	if row == nil || !s.Is(row, strictyaml.Map, what) {
		return cells
	}
	s.Keys(row, what, words(soar.Levels()), nil)
	for _, urgency := range soar.Levels() {
		cell := row.Get(string(urgency))
		if cell == nil {
			s.Report(row.Pos, row.Length(), ruleTotal, fmt.Sprintf("%s has no severity for urgency %s", what, urgency), "every pair of impact and urgency needs one")
			continue
		}
		cells[urgency] = soar.Severity(s.Choice(cell, "severity", words(soar.Severities())))
	}
	return cells
}

// monotone warns where more impact or more urgency gives less severity.
func (s *sheet) monotone(rows *strictyaml.Node, m Matrix) {
	levels := soar.Levels()
	for i, impact := range levels {
		for j, urgency := range levels {
			here := m.Of(impact, urgency).Rank()
			lessImpact := i > 0 && m.Of(levels[i-1], urgency).Rank() > here
			lessUrgency := j > 0 && m.Of(impact, levels[j-1]).Rank() > here
			if lessImpact || lessUrgency {
				s.warn(rows.Get(string(impact)).Get(string(urgency)), ruleOrder,
					fmt.Sprintf("impact %s with urgency %s is less severe than the step below", impact, urgency), "")
			}
		}
	}
}
