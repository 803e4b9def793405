package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Mappings of the site add to the shipped ones; what is wrong with one is told
// with its place before anything starts.
func TestSourcesOfTheSite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "doorbell.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("source: doorbell\ntitle: Doorbell\nversion: \"1\"\ntested: here\nfields: {title: body.where}\n")
	all, err := loadSources(&Config{SourcesDir: dir})
	if err != nil || all.Find("doorbell") == nil || all.Find("wazuh") == nil {
		t.Fatalf("got %v, %v", all, err)
	}
	write("source: doorbell\ntitle: Doorbell\nversion: \"1\"\ntested: here\nfields: {titel: body.where}\n")
	err = CheckConfig(&Config{SourcesDir: dir})
	faulty, ok := errors.AsType[*FaultyFile](err)
	if !ok || faulty.Faults[0].Position.File != file || faulty.Faults[0].Position.Line != 5 || faulty.Faults[0].Position.Column != 10 {
		t.Errorf("got %v", err)
	}
}
