package objective

import (
	"strings"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// over tells whether what is not met ends now.
func (s *step) over() bool { return s.Ends && s.situation.Incident.Status.Ended() }

// end ends a clock with its incident. A pause ends with it, so that it can be seen by
// how much it was early or late.
func (s *step) end(rule *protocol.ObjectiveRule, clock *Clock) {
	if clock.Paused() && rule != nil && !clock.Breached {
		s.resume(rule, clock)
	}
	as, why := s.ending(rule, clock)
	clock.Ended = &soar.ObjectiveEnd{At: s.now, As: as, Why: why}
	s.tell(Ended, clock)
}

// ending says what the end of the incident means for a clock that it did not meet.
// Where there was no incident, nothing had to be done. What nobody had to do yet, as
// to acknowledge what a playbook settled in a minute, is not missed either. All else
// was wanted and is not there.
func (s *step) ending(rule *protocol.ObjectiveRule, clock *Clock) (soar.EndedAs, string) {
	incident := s.situation.Incident
	closed := "closed as " + strings.ReplaceAll(string(incident.Resolution), "_", " ")
	switch {
	case incident.Resolution.NotIncident():
		return soar.EndedDropped, closed + ": there was no incident"
	case rule == nil:
		return soar.EndedDropped, closed + ", and no rule of the policy fits"
	case rule.Stop != "":
		return soar.EndedUnmet, closed + ", and this did not hold: " + rule.Stop
	case clock.Name == Acknowledge && !clock.Breached:
		return soar.EndedDropped, closed + " before anybody had to acknowledge it"
	case clock.Name == Acknowledge:
		return soar.EndedUnmet, closed + ", and nobody acknowledged it"
	case clock.Name == Report:
		return soar.EndedUnmet, closed + ", and the rule does not say what stops it"
	default:
		return soar.EndedUnmet, closed + ", and the incident never was " + reachedBy(clock.Name)
	}
}

// reachedBy names the status that an objective is named after.
func reachedBy(name string) string {
	switch name {
	case Contain:
		return string(soar.StatusContained)
	case Eradicate:
		return string(soar.StatusEradicated)
	case Recover:
		return string(soar.StatusRecovered)
	default:
		return name
	}
}
