package letter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/notify/letter"
)

// site writes templates below a policy folder.
func site(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, letter.Dir), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, letter.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestSite: a site's template stands in the place of the shipped one for its kind, or
// for those that name it; its version changes with its text.
func TestSite(t *testing.T) {
	t.Parallel()
	letters, faults := letter.Load(site(t, map[string]string{
		"note.txt": "Ours: {{.Subject}}", "note.html": `{{template "head" .}}<p>{{.Subject}}</p>{{template "act" .}}`, "board.txt": "For the board: {{.Subject}}",
	}))
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	for _, row := range []struct{ kind, named, text, template string }{
		{"note", "", "Ours: <b>x</b>\n", "note@"},
		{"note", "board", "For the board: <b>x</b>\n", "board@"},
		{"note", "unknown", "Ours: <b>x</b>\n", "note@"},
		{"reminder", "", "This still waits.", "message@"},
	} {
		written, err := letters.Write(row.named, letter.Facts{Kind: row.kind, Lead: letter.Lead(row.kind), Subject: "<b>x</b>"})
		if err != nil || !strings.Contains(written.Text, row.text) || !strings.HasPrefix(written.Template, row.template) {
			t.Errorf("%s %s: %q with %s, %v", row.kind, row.named, written.Text, written.Template, err)
		}
		if row.template == "note@" && !strings.Contains(written.HTML, "<p>&lt;b&gt;x&lt;/b&gt;</p>") {
			t.Errorf("HTML %s", written.HTML)
		}
	}
	changed, _ := letter.Load(site(t, map[string]string{"note.txt": "Ours, changed: {{.Subject}}"}))
	first, _ := letters.Write("", letter.Facts{Kind: "note"})
	second, _ := changed.Write("", letter.Facts{Kind: "note"})
	if first.Template == second.Template {
		t.Errorf("both are %s", first.Template)
	}
}

// TestBadSite: each fault is told at the start, with file and line.
func TestBadSite(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		files map[string]string
		place string
		says  string
	}{
		"no such fact":         {map[string]string{"note.txt": "a\nb {{.Nope}}"}, "note.txt:2:4", "can't evaluate field Nope"},
		"does not parse":       {map[string]string{"note.txt": "a\n\n{{if}}"}, "note.txt:3:1", "missing value for if"},
		"not there for all":    {map[string]string{"note.txt": "{{.Incident.ID}}"}, "note.txt:1:11", "nil pointer"},
		"no such function":     {map[string]string{"note.txt": "{{exec `id`}}"}, "note.txt:1:1", `function "exec" not defined`},
		"HTML that is at odds": {map[string]string{"note.txt": "a", "note.html": "<p>\n<a href=\"{{if .Link}}x\" {{end}}>"}, "note.html", "branches"},
		"HTML alone":           {map[string]string{"note.html": "<p>"}, "note.html", "there is no note.txt beside it"},
		"another file":         {map[string]string{"note.md": "a"}, "note.md", "this is no template"},
		"a name that is none":  {map[string]string{"No te.txt": "a"}, "No te.txt", "this is no template"},
		"far too long":         {map[string]string{"note.txt": strings.Repeat("a", 65<<10)}, "note.txt", "longer than 65536 bytes"},
	} {
		letters, faults := letter.Load(site(t, row.files))
		if letters != nil || len(faults) == 0 {
			t.Errorf("%s: taken", name)
			continue
		}
		place := faults[0].Position.String()
		if !strings.Contains(place, row.place) || !strings.Contains(faults[0].Message, row.says) {
			t.Errorf("%s: %s: %s", name, place, faults[0].Message)
		}
	}
	if _, faults := letter.Load(t.TempDir()); len(faults) != 0 {
		t.Errorf("a policy folder without templates: %v", faults)
	}
}
