package notify

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// follows tells a way whose alerts stay open at a service.
func (s *Service) follows(way string) bool {
	keeps, ok := s.ways[way].(interface{ Follows() bool })
	return ok && keeps.Follows()
}

// Follow compares open alerts with what they are about, as the database has it, and
// puts into the outbox what their services must be told. It looks at so many at once
// and gives where to go on; "" after the last.
func (s *Service) Follow(ctx context.Context, after string) (next string, told int, err error) {
	open, err := s.o.Ledger.Pages(ctx, after, atOnce)
	if err != nil {
		return after, 0, err
	}
	for _, one := range open {
		next = one.Key
		if !s.follows(one.Way) {
			continue // the way is not set up any more; nobody could be told
		}
		page, why, err := s.pageOf(ctx, one)
		if err != nil {
			return after, told, err
		}
		if page == "" || page == one.Page {
			continue
		}
		changed, err := s.o.Ledger.Follow(ctx, one, page, protocol.Message{
			ID: "page/" + soar.NoticeKey(one.Key, string(page), one.Way), IncidentID: one.IncidentID, About: one.About, Way: one.Way, Kind: string(page), Subject: why, At: s.now(),
		})
		if err != nil {
			return after, told, err
		}
		if changed {
			told++
		}
	}
	if len(open) < atOnce {
		next = ""
	}
	return next, told, nil
}

// pageOf gives how the alert of a delivery should stand, and why; empty when it stands
// as it did.
func (s *Service) pageOf(ctx context.Context, one soar.Notice) (page soar.PageState, why string, err error) {
	asked := messageOf(one)
	asked.Kind = "reminder" // looked at as what asks for something
	about, err := s.look(ctx, asked)
	if err != nil {
		return "", "", err
	}
	switch incident := about.incident; {
	case incident == nil:
		return soar.PageResolved, "incident " + one.IncidentID + " is not there any more", nil
	case incident.Status.Ended():
		return soar.PageResolved, "incident " + incident.ID + " is " + string(incident.Status), nil
	case about.over == "":
		return "", "", nil
	case strings.HasPrefix(one.About, "ESC-"):
		return soar.PageAcknowledged, about.over, nil
	default:
		return soar.PageResolved, about.over, nil
	}
}
