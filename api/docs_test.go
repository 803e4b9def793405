package api_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api"
)

func TestServedDescriptionIsTheFile(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, api.Options{})
	got := w.send(ask{Path: "/openapi.yaml"})
	if got.Text != string(file) {
		t.Error("the served description is not openapi.yaml")
	}
	if !strings.HasPrefix(got.Text, "openapi: 3.1") {
		t.Error("the description is not OpenAPI 3.1")
	}
}

// TestDocsWorkAlone: the page names only files that this server serves, and its
// policy lets nothing else in.
func TestDocsWorkAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	page := w.send(ask{Path: "/docs"})
	policy := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || regexp.MustCompile(`<script>|<style|style=|onload=|https?://`).MatchString(page.Text) {
		t.Errorf("the page has something inline or from elsewhere:\n%s", page.Text)
	}
	for _, match := range regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(page.Text, -1) {
		if got := w.send(ask{Path: "/" + match[1]}); got.StatusCode != http.StatusOK {
			t.Errorf("%s gives %d", match[1], got.StatusCode)
		}
	}
	for _, file := range []string{"LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"} {
		if got := w.send(ask{Path: "/docs/" + file}); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s gives %d %s", file, got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
	if got := w.send(ask{Path: "/docs/SHA256SUMS"}); got.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is not of the page gives %d", got.StatusCode)
	}
}

func TestVendoredFilesAreUnchanged(t *testing.T) {
	t.Parallel()
	sums, err := os.Open(filepath.Join("docs", "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	defer sums.Close()
	files := 0
	for lines := bufio.NewScanner(sums); lines.Scan(); files++ {
		want, name, _ := strings.Cut(lines.Text(), "  ")
		content, err := os.ReadFile(filepath.Join("docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not as it was vendored", name)
		}
	}
	if files != 6 {
		t.Errorf("%d files are listed, want 6", files)
	}
}
