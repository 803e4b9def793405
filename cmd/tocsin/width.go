package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"golang.org/x/term"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

const (
	usualWidth  = 120 // where there is no terminal
	columnLeast = 12
)

// size gives the terminal's width and height; height is 0 where there is none.
func (p *printer) size() (width, height int) {
	if file, ok := p.out.(*os.File); ok {
		if w, h, err := term.GetSize(int(file.Fd())); err == nil && w > 0 {
			return w, h
		}
	}
	return usualWidth, 0
}

// fit cuts one column of a table so that its rows fit into the width.
func (p *printer) fit(head []string, rows [][]any, column int) {
	width, _ := p.size()
	width -= beside(head, rows, column)
	for _, row := range rows {
		row[column] = cutWidth(fmt.Sprint(row[column]), max(columnLeast, width))
	}
}

// beside gives the width of all columns but one, with the spaces between them.
func beside(head []string, rows [][]any, column int) int {
	sum := 0
	for i, name := range head {
		if i == column {
			continue
		}
		widest := lipgloss.Width(name)
		for _, row := range rows {
			widest = max(widest, lipgloss.Width(fmt.Sprint(escaped(row[i : i+1])[0])))
		}
		sum += widest + 2
	}
	return sum
}

// without leaves a column out.
func without(head []string, rows [][]any, name string) ([]string, [][]any) {
	at := slices.Index(head, name)
	fewer := make([][]any, len(rows))
	for i, row := range rows {
		fewer[i] = slices.Concat(row[:at], row[at+1:])
	}
	return slices.Concat(head[:at], head[at+1:]), fewer
}

// cutWidth shortens text to so many columns of a terminal; some characters take two.
func cutWidth(text string, most int) string {
	text = diag.Escape(text)
	if lipgloss.Width(text) <= most {
		return text
	}
	var out strings.Builder
	taken := 0
	for _, r := range text {
		if taken += lipgloss.Width(string(r)); taken > most-1 {
			break
		}
		out.WriteRune(r)
	}
	return out.String() + "…"
}
