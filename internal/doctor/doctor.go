package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Levels of a finding.
const (
	OK   = "ok"
	Warn = "warn" // it works, and will bite one day
	Fail = "fail" // it does not work
)

// Finding is one line.
type Finding struct {
	Name  string `json:"name"`
	Level string `json:"level"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"` // what to do; empty when ok
}

// within bounds one part of the examination.
const within = 15 * time.Second

// patient is what is examined, with what was found.
type patient struct {
	config   *app.Config
	findings []Finding
}

func (p *patient) ok(name, format string, args ...any) {
	p.findings = append(p.findings, Finding{Name: name, Level: OK, Text: fmt.Sprintf(format, args...)})
}

func (p *patient) warn(name, text, fix string) {
	p.findings = append(p.findings, Finding{Name: name, Level: Warn, Text: text, Fix: fix})
}

func (p *patient) fail(name, text, fix string) {
	p.findings = append(p.findings, Finding{Name: name, Level: Fail, Text: text, Fix: fix})
}

// Examine looks at everything that the configuration names.
func Examine(ctx context.Context, config *app.Config) []Finding {
	p := &patient{config: config}
	for _, look := range []func(context.Context){p.files, p.disk, p.database, p.temporal, p.connectors, p.slack, p.checkpoints} {
		part, cancel := context.WithTimeout(ctx, within)
		look(part)
		cancel()
	}
	return p.findings
}

// said gives the sentence of an error and, for an operator on the machine itself,
// its cause.
func said(err error) string {
	if coded := soar.MessageOf(err); soar.CodeOf(err) != soar.CodeInternal {
		return coded
	}
	return err.Error()
}
