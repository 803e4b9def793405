package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Floors of what Temporal should be.
const (
	leastTemporal  = "1.32.2"
	leastRetention = 7 * 24 * time.Hour
)

func (p *patient) temporal(ctx context.Context) {
	const fix = "start Temporal, or mend temporal_address; alerts are taken in and kept, and nothing is carried out until then"
	client, err := app.OpenTemporal(p.config, slog.New(slog.DiscardHandler))
	if err != nil {
		p.fail("Temporal", said(err), "mend the settings that begin with temporal_")
		return
	}
	defer client.Close()
	if err := client.Diagnose(ctx); err != nil {
		p.fail("Temporal", p.config.TemporalAddress+": "+said(err), fix)
		return
	}
	about, err := client.Describe(ctx)
	if soar.CodeOf(err) == soar.CodeNotFound {
		p.fail("Temporal", "there is no namespace "+p.config.TemporalNamespace, "make it: temporal operator namespace create --namespace "+p.config.TemporalNamespace+" --retention 720h")
		return
	}
	if err != nil {
		p.fail("Temporal", said(err), fix)
		return
	}
	if older(about.Version, leastTemporal) {
		p.warn("Temporal", fmt.Sprintf("%s answers at %s", about.Version, p.config.TemporalAddress), "move to "+leastTemporal+" or newer, which has security fixes")
	} else {
		p.ok("Temporal", "%s answers at %s", about.Version, p.config.TemporalAddress)
	}
	if p.config.TemporalTLS.On {
		p.ok("Temporal TLS", "the connection is encrypted")
	} else {
		p.warn("Temporal TLS", "the connection is not encrypted", "fine on this machine itself; across a network set temporal_tls")
	}
	if about.Retention < leastRetention {
		p.warn("namespace", fmt.Sprintf("%s keeps ended workflows for %s", p.config.TemporalNamespace, about.Retention), "the record is kept in PostgreSQL; to look at how it ran for longer, raise the retention to 30 days")
	} else {
		p.ok("namespace", "%s keeps ended workflows for %s", p.config.TemporalNamespace, about.Retention)
	}
	if len(about.Missing) > 0 {
		p.warn("search attributes", "missing or of another type: "+strings.Join(about.Missing, ", "), "a worker registers missing ones when it starts, if it may; one of another type must be removed by hand")
	} else {
		p.ok("search attributes", "all are registered")
	}
	p.workers(about.Pollers)
}

func (p *patient) workers(seen map[string]time.Time) {
	queue := p.config.TemporalTaskQueue
	last := time.Time{}
	for _, at := range seen {
		if at.After(last) {
			last = at
		}
	}
	if silent := time.Since(last); len(seen) == 0 || silent > 2*time.Minute {
		p.fail("worker", "no worker asks for work on the task queue "+queue, `start "tocsin worker", or a server with --with-worker: incidents are open and nothing is carried out`)
		return
	}
	p.ok("worker", "%d ask for work on the task queue %s, the last %s ago", len(seen), queue, time.Since(last).Round(time.Second))
}

// older compares two versions such as 1.32.2, number by number. One that cannot be
// read, such as that of Temporal Cloud, is not old.
func older(version, least string) bool {
	return slices.Compare(numbers(version), numbers(least)) < 0
}

func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(strings.TrimPrefix(version, "v"), ".") {
		number, rest, _ := strings.Cut(part, "-")
		n, err := strconv.Atoi(number)
		if err != nil {
			return []int{1 << 30}
		}
		out = append(out, n)
		if rest != "" {
			break
		}
	}
	return out
}
