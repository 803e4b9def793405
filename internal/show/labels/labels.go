package labels

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Label is one value that a reader found in a payload.
type Label struct {
	File  string // below the folder of payloads, with slashes
	Class string // what the payload is: alert, log, envelope, intel ...
	Field string // one of Fields
	Path  string // where the value stands, such as alerts[0].id
	Value string // as it stands there
}

// Fields lists the fields that labels are of.
func Fields() []string {
	return []string{"vendor_id", "title", "severity", "event_time", "host", "user", "src_ip", "indicator", "technique"}
}

// Load reads the labels of a file.
func Load(path string) ([]Label, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	defer file.Close()
	all, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("labels: %s: %w", path, err)
	}
	return all, nil
}

// Read reads labels. The first line names the columns; file, field and value must
// be among them. An unknown field is an error: it would count for nothing.
func Read(from io.Reader) ([]Label, error) {
	rows, err := Table(from)
	if err != nil {
		return nil, err
	}
	all := make([]Label, 0, len(rows))
	for i, row := range rows {
		l := Label{File: row["file"], Class: row["class"], Field: row["field"], Path: row["json_path"], Value: row["value"]}
		switch {
		case l.File == "" || l.Field == "":
			return nil, fmt.Errorf("line %d: file and field must be set", i+2)
		case !slices.Contains(Fields(), l.Field):
			return nil, fmt.Errorf("line %d: %q is no field; expected one of %s", i+2, l.Field, strings.Join(Fields(), ", "))
		}
		all = append(all, l)
	}
	return all, nil
}

// Table reads tab-separated lines by the names of the first one. Quotes are text.
func Table(from io.Reader) ([]map[string]string, error) {
	reader := csv.NewReader(from)
	reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = '\t', true, -1
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("line 1: expected the names of the columns")
	}
	rows := make([]map[string]string, 0, len(lines)-1)
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			if i < len(line) {
				row[name] = line[i]
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

var firstIndex = regexp.MustCompile(`\[(\d+)\]`)

// Position says which alert of a payload with several the label is of, counted
// from 0: the first index in its path.
func (l Label) Position() int {
	match := firstIndex.FindStringSubmatch(l.Path)
	if match == nil {
		return 0
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return n
}
