package format

import (
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook/parser"
)

// Format gives the canonical text of a playbook. A file with faults that the parser
// sees is not formatted: the text is nil then and the list says why. file is the name
// used in places.
func Format(file string, source []byte) ([]byte, diag.List) {
	_, faults := parser.Parse(file, source)
	if faults.HasErrors() {
		faults.Sort()
		return nil, faults
	}
	lines := diag.SplitLines(string(source))
	return []byte(strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"), nil
}
