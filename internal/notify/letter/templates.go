package letter

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	html "html/template"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	text "text/template"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

//go:embed shipped
var shipped embed.FS

// Dir is where a site's templates stand below its policy folder: KIND.txt and
// KIND.html, or any other NAME of small letters that notify.send names.
const Dir = "templates"

const (
	fileMost = 64 << 10
	rule     = "template"
	head     = "head.html"
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// placeForm finds line and column in what the template packages say.
var placeForm = regexp.MustCompile(`^(?:html/)?template: ?[^:]*:(\d+):(?:(\d+):)? ?(.*)$`)

// Letter is one message, written.
type Letter struct {
	Subject  string // one line, without the label
	Text     string
	HTML     string // empty when its template has none
	Template string // name@version
}

type pair struct {
	text    *text.Template
	html    *html.Template // nil: text only
	version string
}

// Templates are all that can be written with. They never change.
type Templates struct{ pairs map[string]pair }

// Load reads the shipped templates and those of policyDir/templates, and tries each
// on facts of every shape. The templates are nil when the list has errors.
func Load(policyDir string) (*Templates, diag.List) {
	t := &Templates{pairs: map[string]pair{}}
	sub, err := fs.Sub(shipped, "shipped")
	if err != nil {
		return nil, diag.List{fault("shipped", err.Error(), "")}
	}
	faults := t.add(sub, "shipped", []string{"message", "approval", "summary"})
	if policyDir == "" {
		return t, faults
	}
	dir := filepath.Join(policyDir, Dir)
	names, wrong := siteNames(dir)
	faults = append(faults, wrong...)
	if len(names) > 0 {
		faults = append(faults, t.add(os.DirFS(dir), dir, names)...)
	}
	if faults.HasErrors() {
		faults.Sort()
		return nil, faults
	}
	return t, faults
}

// siteNames lists the templates of a folder that need not be there.
func siteNames(dir string) (names []string, faults diag.List) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, diag.List{fault(dir, "the folder of templates cannot be read", "")}
	}
	for _, entry := range entries {
		file := entry.Name()
		name, extension := strings.TrimSuffix(file, filepath.Ext(file)), filepath.Ext(file)
		switch {
		case entry.IsDir() || !nameForm.MatchString(name) || extension != ".txt" && extension != ".html":
			faults = append(faults, fault(filepath.Join(dir, file), "this is no template", "write KIND.txt and KIND.html, such as approval_requested.txt"))
		case extension == ".txt":
			names = append(names, name)
		case !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name+".txt" }):
			faults = append(faults, fault(filepath.Join(dir, file), "there is no "+name+".txt beside it", "every message needs its plain text, too"))
		}
	}
	return names, faults
}

func fault(file, message, hint string) diag.Diagnostic {
	return diag.Diagnostic{Position: diag.Position{File: file}, Level: diag.Error, Rule: rule, Message: message, Hint: hint}
}

func (t *Templates) add(folder fs.FS, shown string, names []string) (faults diag.List) {
	for _, name := range names {
		p, problem := parse(folder, shown, name)
		if problem != nil {
			faults = append(faults, *problem)
			continue
		}
		t.pairs[name] = p
	}
	return faults
}

func parse(folder fs.FS, shown, name string) (p pair, problem *diag.Diagnostic) {
	sum := sha256.New()
	plain, err := read(folder, name+".txt")
	if err == nil {
		p.text, err = text.New(name).Option("missingkey=error").Parse(plain)
	}
	if err != nil {
		return p, placed(filepath.Join(shown, name+".txt"), err)
	}
	fmt.Fprintf(sum, "%d\n%s", len(plain), plain)
	file := filepath.Join(shown, name+".html")
	rich, err := read(folder, name+".html")
	if err == nil {
		base, headErr := fs.ReadFile(shipped, "shipped/"+head)
		if headErr != nil {
			return p, placed(file, headErr)
		}
		fmt.Fprintf(sum, "%s%s", base, rich)
		p.html, err = html.Must(html.New(head).Option("missingkey=error").Parse(string(base))).New(name).Parse(rich)
	}
	if err != nil && !os.IsNotExist(err) {
		return p, placed(file, err)
	}
	p.version = hex.EncodeToString(sum.Sum(nil))[:12]
	for _, facts := range samples() {
		if _, _, err := p.write(facts); err != nil {
			if strings.Contains(err.Error(), ".html") || strings.HasPrefix(err.Error(), "html/") {
				return p, placed(file, err)
			}
			return p, placed(filepath.Join(shown, name+".txt"), err)
		}
	}
	return p, nil
}

func read(folder fs.FS, name string) (string, error) {
	body, err := fs.ReadFile(folder, name)
	if err == nil && len(body) > fileMost {
		return "", fmt.Errorf("the template is longer than %d bytes", fileMost)
	}
	return string(body), err
}

// placed turns an error of the template packages into a fault with its place.
func placed(file string, err error) *diag.Diagnostic {
	one := fault(file, err.Error(), "what a template may use stands in the documentation of internal/notify/letter.Facts")
	if parts := placeForm.FindStringSubmatch(err.Error()); parts != nil {
		one.Line, _ = strconv.Atoi(parts[1]) // digits by the form
		one.Column, _ = strconv.Atoi(parts[2])
		one.Column = max(one.Column, 1)
		one.Message = parts[3]
	}
	return &one
}

func (p pair) write(facts Facts) (plain, rich string, err error) {
	var out bytes.Buffer
	if err := p.text.Execute(&out, facts); err != nil {
		return "", "", err
	}
	plain = strings.TrimSpace(out.String()) + "\n"
	if p.html == nil {
		return plain, "", nil
	}
	out.Reset()
	if err := p.html.ExecuteTemplate(&out, p.html.Name(), facts); err != nil {
		return "", "", fmt.Errorf("html/%w", err)
	}
	return plain, out.String(), nil
}

// Write writes a message with the template that it names, with that of its kind, or
// with the shipped one that fits the facts.
func (t *Templates) Write(named string, facts Facts) (Letter, error) {
	name := "message"
	switch {
	case facts.Kind == "summary":
		name = "summary"
	case facts.Approval != nil:
		name = "approval"
	}
	for _, better := range []string{facts.Kind, named} {
		if _, known := t.pairs[better]; known {
			name = better
		}
	}
	p := t.pairs[name]
	plain, rich, err := p.write(facts)
	if err != nil {
		return Letter{}, err
	}
	return Letter{Subject: subject(facts), Text: plain, HTML: rich, Template: name + "@" + p.version}, nil
}

// subject is what is told in one line.
func subject(f Facts) string {
	if f.Subject != "" {
		return f.Subject
	}
	var parts []string
	if f.Incident != nil {
		parts = append(parts, f.Incident.ID)
		if f.Incident.Severity != "" {
			parts = append(parts, "("+f.Incident.Severity+")")
		}
	}
	return strings.TrimSpace(strings.Join(append(parts, strings.ReplaceAll(f.Kind, "_", " ")), " "))
}
