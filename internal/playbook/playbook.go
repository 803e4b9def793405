package playbook

import (
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/checker"
	"github.com/tocsin-soar/tocsin/internal/playbook/compiler"
	"github.com/tocsin-soar/tocsin/internal/playbook/parser"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// Resolver gives the plan of a playbook that another one calls, nil when there is
// none of that name.
type Resolver = checker.Resolver

// Compile turns the text of a playbook into a sealed plan. file is the name used
// in places. The list has every fault, sorted; the plan is nil when one of them is
// an error. Warnings do not hold a playbook back.
func Compile(file string, source []byte, catalog manifest.Catalog, playbooks Resolver) (*plan.Plan, diag.List) {
	book, faults := parser.Parse(file, source)
	if book == nil {
		faults.Sort()
		return nil, faults
	}
	faults = append(faults, checker.Check(book, catalog, playbooks)...)
	faults.Sort()
	if faults.HasErrors() {
		return nil, faults
	}
	digest := func(name string) string { return playbooks(name).Digest }
	compiled, err := compiler.Compile(book, source, catalog, digest)
	if err != nil {
		at := diag.Position{File: file}
		return nil, append(faults, diag.Diagnostic{Position: at, Level: diag.Error, Rule: "compiler", Message: err.Error()})
	}
	return compiled, faults
}

// CheckManifest gives the faults of the expressions in a connector's manifest, which
// internal/manifest cannot read. An expression that is wrong there would fail when a
// measure must be taken back.
func CheckManifest(m *manifest.Manifest) diag.List { return checker.CheckManifest(m) }
