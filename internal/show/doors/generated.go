package main

import (
	"context"
	"fmt"
	"io"
)

// generated is what came of requests that were made from the OpenAPI document.
type generated struct {
	requests, undocumented int
	offenders              []string
}

func (g *generated) faults() []string { return g.offenders }

func (g *generated) write(w io.Writer) {
	fmt.Fprintf(w, "requests generated %d, undocumented answers %d\n", g.requests, g.undocumented)
}

// generated sends requests that are made from the API's own description.
func (p *product) generated(_ context.Context, _ int) (*generated, error) {
	return nil, nil
}
