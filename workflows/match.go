package workflows

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

const matchPause = 30 * time.Second // between tries while the playbooks cannot be asked

// matchLoop asks which further playbooks fit whenever an alert was added or the
// severity or category changed, and starts them.
func (i *incident) matchLoop(ctx workflow.Context) {
	match := &i.Case.Match
	for {
		ready := func() bool { return match.Wanted > match.Done && !i.Draining() && !i.ending() }
		if err := workflow.Await(ctx, ready); err != nil {
			return
		}
		if match.Wake != nil {
			interpreter.WaitUntil(ctx, *match.Wake, "Store is away: match playbooks again", i.ending)
			match.Wake = nil
			continue
		}
		i.matchOnce(ctx)
	}
}

func (i *incident) ending() bool { return i.Case.Closing != nil || i.Case.Ended() }

func (i *incident) matchOnce(ctx workflow.Context) {
	match := &i.Case.Match
	wanted := match.Wanted
	request := protocol.MatchRequest{Incident: i.Case.Incident, Alert: match.Alert, Already: i.Case.Playbooks()}
	var found protocol.MatchResult
	err := i.Lookup(ctx, protocol.ActivityMatch, request, &found)
	i.Touch()
	if err != nil {
		wake := i.Now().Add(matchPause)
		match.Wake = &wake
		workflow.GetLogger(ctx).Warn("Playbooks cannot be matched now.", "incident", i.Case.Incident.ID, "error", err)
		return
	}
	match.Done = wanted
	if !i.ending() {
		i.startMatched(found.Runs)
	}
}

// startMatched starts what is not running and did not run.
func (i *incident) startMatched(pins []protocol.RunPin) {
	var names []string
	for _, pin := range pins {
		if slices.Contains(i.Case.Playbooks(), pin.Playbook) {
			continue
		}
		if pin.By.Kind == "" {
			pin.By = soar.System("match")
		}
		names = append(names, pin.Playbook)
		i.StartRun(i.Case.AddRun(pin, i.Now()))
	}
	if len(names) > 0 {
		i.Tell(state.Entry{Kind: protocol.EventPlaybooksMatched, By: soar.System("match"), Text: "Also fitting now: " + strings.Join(names, ", ")})
	}
}
