package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/lab"
	"github.com/tocsin-soar/tocsin/internal/record"
)

// verify fetches an incident's record and checks its chain here, as anyone can.
func (w *walk) verify(ctx context.Context, id string) error {
	body, err := w.responder.Record(ctx, id)
	if err != nil {
		return err
	}
	defer body.Close()
	reports, err := record.VerifyAll(record.Read(body))
	if err != nil {
		return fmt.Errorf("the record of %s cannot be read: %w", id, err)
	}
	if len(reports) != 1 || !reports[0].OK() {
		return fmt.Errorf("the record of %s does not verify: %+v", id, reports)
	}
	w.detail("record verifies: %d entries, head %s", reports[0].Entries, reports[0].Head)
	return nil
}

// labState shows what really happened out there, from the lab's own file, and
// fails when one action happened twice.
func (w *walk) labState() error {
	effects, err := lab.ReadEffects(EffectsFile(w.machine.options.Dir))
	if err != nil {
		return fmt.Errorf("look at the lab: %w", err)
	}
	w.say("What really happened in the lab (%s):", w.machine.LabURL)
	seen := map[string]bool{}
	var faults []error
	for _, effect := range effects {
		w.detail("%s  %-26s %s", effect.At.Local().Format("15:04:05 MST"), effect.Action, safe(effect.Target))
		if effect.Key != "" && seen[effect.Key] {
			faults = append(faults, fmt.Errorf("%s on %s happened twice under one key", effect.Action, effect.Target))
		}
		seen[effect.Key] = true
	}
	return errors.Join(faults...)
}
