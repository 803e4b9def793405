package policy

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/oncall"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

//go:embed defaults/*.yaml
var defaults embed.FS

// Policy is all policy files together.
type Policy struct {
	Assessment    Assessment
	Severity      Matrix
	Objectives    protocol.ObjectivePolicy
	Correlation   Correlation
	Audiences     []Audience
	Preauthorised []Preauthorisation
	Protected     []soar.Protected
	Approvals     []protocol.ApprovalRule // what asks for more approval than a playbook
	Classes       []Class                 // of actions that only qualified people decide
	Rosters       []oncall.Roster
	Escalation    []protocol.EscalationPolicy
	Notifications Notifications
	Digest        string   // SHA-256 hex over names and bytes of all files, for the record
	Shipped       []string // names of files that came from the defaults, sorted
}

// The files, in the order in which they are read.
const (
	fileAssessment    = "assessment.yaml"
	fileSeverity      = "severity.yaml"
	fileObjectives    = "objectives.yaml"
	fileCorrelation   = "correlation.yaml"
	fileAudiences     = "audiences.yaml"
	filePreauthorised = "preauthorised.yaml"
	fileProtected     = "protected.yaml"
	fileCompetence    = "competence.yaml"
	fileApprovals     = "approvals.yaml"
	fileRosters       = "rosters.yaml"
	fileEscalation    = "escalation.yaml" // names rosters: read after them
	fileNotifications = "notifications.yaml"
)

// Files lists the names of the policy files.
func Files() []string {
	return []string{fileAssessment, fileSeverity, fileObjectives, fileCorrelation, fileAudiences, filePreauthorised, fileProtected, fileCompetence, fileApprovals,
		fileRosters, fileEscalation, fileNotifications}
}

// Load reads the policy files of dir; what is not there comes from the defaults,
// and an empty dir means defaults only. The policy is nil when the list has
// errors.
func Load(dir string) (*Policy, diag.List) {
	if dir == "" {
		return load(nil, "")
	}
	return load(os.DirFS(dir), dir)
}

func load(site fs.FS, dir string) (*Policy, diag.List) {
	policy, list := &Policy{}, strayFiles(site, dir)
	var later []*sheet
	digest := sha256.New()
	for _, name := range Files() {
		source, shown, faults := policy.open(site, dir, name)
		list = append(list, faults...)
		if faults.HasErrors() {
			continue
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(source), source)
		one := policy.take(name, shown, source)
		list, later = append(list, one.List...), append(later, one)
	}
	if !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Level == diag.Error && filepath.Base(d.File) == fileEscalation }) {
		for _, s := range later {
			list = append(list, policy.known(s)...)
		}
	}
	list.Sort()
	if list.HasErrors() {
		return nil, list
	}
	policy.Digest = hex.EncodeToString(digest.Sum(nil))
	return policy, list
}

// open gives a file's bytes and the name to show in diagnostics.
func (p *Policy) open(site fs.FS, dir, name string) (source []byte, shown string, faults diag.List) {
	shown = filepath.Join(dir, name)
	err := fs.ErrNotExist
	if site != nil {
		source, err = fs.ReadFile(site, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		p.Shipped = append(p.Shipped, name)
		slices.Sort(p.Shipped)
		shown = "defaults/" + name
		source, err = defaults.ReadFile(shown)
	}
	if err != nil {
		return nil, shown, fileFault(shown, "the file cannot be read", "")
	}
	return source, shown, nil
}

// strayFiles reports YAML files that nothing would read, such as a misspelt name.
func strayFiles(site fs.FS, dir string) diag.List {
	if site == nil {
		return nil
	}
	entries, err := fs.ReadDir(site, ".")
	if err != nil {
		return fileFault(dir, "the folder of policy files cannot be read", "give a folder that exists, or none for the shipped policy")
	}
	var faults diag.List
	for _, entry := range entries {
		extension := strings.ToLower(filepath.Ext(entry.Name()))
		if entry.IsDir() || (extension != ".yaml" && extension != ".yml") || slices.Contains(Files(), entry.Name()) {
			continue
		}
		hint := diag.DidYouMean(entry.Name(), Files())
		if hint == "" {
			hint = "known files: " + diag.OneOf(Files())
		}
		faults = append(faults, fileFault(filepath.Join(dir, entry.Name()), "this is not a policy file, nothing would read it", hint)...)
	}
	return faults
}

func fileFault(file, message, hint string) diag.List {
	return diag.List{{Position: diag.Position{File: file}, Level: diag.Error, Rule: ruleFile, Message: message, Hint: hint}}
}

// known refuses names of escalation policies that there are not.
func (p *Policy) known(s *sheet) diag.List {
	s.List = nil
	names := p.EscalationNames()
	for _, n := range s.escalates {
		if !n.Bad && !slices.Contains(names, n.Text) {
			s.Fault(n, ruleUnknown, fmt.Sprintf("there is no escalation policy %.60q", n.Text), hintOf(n.Text, names, "policies of "+fileEscalation))
		}
	}
	return s.List
}

func (p *Policy) read(name, shown string, source []byte) diag.List {
	return p.take(name, shown, source).List
}

// take reads one file, and gives its faults and what it names of other files.
func (p *Policy) take(name, shown string, source []byte) *sheet {
	s, root := openSheet(shown, source)
	if root == nil {
		return s
	}
	switch name {
	case fileAssessment:
		p.Assessment = s.assessment(root)
	case fileSeverity:
		p.Severity = s.matrix(root)
	case fileObjectives:
		p.Objectives = s.objectives(root)
	case fileCorrelation:
		p.Correlation = s.correlation(root)
	case fileAudiences:
		p.Audiences = s.audiences(root)
	case filePreauthorised:
		p.Preauthorised = s.preauthorised(root)
	case fileProtected:
		p.Protected = s.protected(root)
	case fileCompetence:
		p.Classes = s.classes(root)
	case fileApprovals:
		p.Approvals = s.approvals(root)
	case fileRosters:
		p.Rosters = s.rosters(root)
	case fileEscalation:
		p.Escalation = s.escalation(root, p.Rosters)
	case fileNotifications:
		p.Notifications = s.notifications(root)
	}
	return s
}
