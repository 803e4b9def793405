package connectors

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/declared"
	"github.com/tocsin-soar/tocsin/internal/diag"
)

// SiteError says that connector files of the site cannot be used.
type SiteError struct{ Faults diag.List }

// Error gives the first fault and how many there are.
func (e *SiteError) Error() string {
	return fmt.Sprintf("connector files: %s, the first: %s: %s", e.Faults.Summary(), e.Faults[0].Position, e.Faults[0].Message)
}

// site reads the connector files of a folder. None may take the name of one that
// ships: a playbook would run something else than its reviewers know.
func site(folder string, shipped []connector.Connector) ([]connector.Connector, error) {
	if folder == "" {
		return nil, nil
	}
	read, faults, err := declared.ReadFolder(os.DirFS(folder), folder)
	if err != nil {
		if missing, ok := errors.AsType[*fs.PathError](err); ok {
			err = missing.Err
		}
		return nil, fmt.Errorf("connectors_dir %s: %w", folder, err)
	}
	taken := map[string]bool{}
	for _, kind := range shipped {
		taken[kind.Manifest().Connector] = true
	}
	var kinds []connector.Connector
	for i, kind := range read.Kinds {
		if name := kind.Manifest().Connector; taken[name] {
			faults = append(faults, diag.Diagnostic{Position: diag.Position{File: read.Files[i], Line: 1, Column: 1}, Level: diag.Error, Rule: declared.RuleHTTP,
				Message: fmt.Sprintf("a connector named %s ships with Tocsin", name), Hint: "give yours another name"})
		}
		kinds = append(kinds, kind)
	}
	if faults.HasErrors() {
		return nil, &SiteError{faults}
	}
	return kinds, nil
}
