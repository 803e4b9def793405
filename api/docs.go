package api

import (
	"bytes"
	"context"
	"embed"
	"io"
	"net/http"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

//go:embed docs
var docsFiles embed.FS

// docsPolicy lets the page load its own files and ask its own server.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type docsRoutes struct{}

// ShowSpec gives openapi.yaml.
func (docsRoutes) ShowSpec(context.Context, gen.ShowSpecRequestObject) (gen.ShowSpecResponseObject, error) {
	return gen.ShowSpec200ApplicationOpenapiYamlResponse{Body: bytes.NewReader(description), ContentLength: int64(len(description))}, nil
}

// ShowDocs gives the page.
func (docsRoutes) ShowDocs(context.Context, gen.ShowDocsRequestObject) (gen.ShowDocsResponseObject, error) {
	page, err := docsFiles.ReadFile("docs/index.html")
	return docsFile{"text/html; charset=utf-8", page}, err
}

// ShowDocsFile gives one of the page's own files.
func (docsRoutes) ShowDocsFile(_ context.Context, request gen.ShowDocsFileRequestObject) (gen.ShowDocsFileResponseObject, error) {
	mediaType := docsMediaType(request.File)
	if mediaType == "" {
		return nil, soar.Errorf(soar.CodeNotFound, "api.ShowDocsFile", "there is no such file")
	}
	content, err := docsFiles.ReadFile("docs/" + request.File)
	return docsFile{mediaType, content}, err
}

// docsMediaType lists what is served, and as what.
func docsMediaType(file string) string {
	switch file {
	case "swagger-ui.css":
		return "text/css; charset=utf-8"
	case "swagger-ui-bundle.js", "start.js":
		return "text/javascript; charset=utf-8"
	case "favicon-32x32.png":
		return "image/png"
	case "swagger-ui-bundle.js.LICENSE.txt", "LICENSE", "NOTICE":
		return "text/plain; charset=utf-8"
	default:
		return ""
	}
}

type docsFile struct {
	mediaType string
	content   []byte
}

// VisitShowDocsResponse writes the page.
func (f docsFile) VisitShowDocsResponse(w http.ResponseWriter) error { return f.write(w) }

// VisitShowDocsFileResponse writes a file of the page.
func (f docsFile) VisitShowDocsFileResponse(w http.ResponseWriter) error { return f.write(w) }

func (f docsFile) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", f.mediaType)
	w.Header().Set("Content-Security-Policy", docsPolicy)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, err := io.Copy(w, bytes.NewReader(f.content))
	return err
}
