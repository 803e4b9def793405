package people

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// lookEvery is how often Watch looks. What was said is not said again.
const lookEvery = time.Hour

// Watch looks at once and then every hour until ctx ends, and tells how many classes
// fewer people may decide than their least. Any number of processes may watch: each
// warning goes out once.
func (s *Service) Watch(ctx context.Context, log *slog.Logger, tell func(below int)) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if below, err := s.Look(ctx); err == nil {
			tell(below)
		} else if ctx.Err() == nil {
			log.WarnContext(ctx, "who is qualified could not be looked at", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Look warns the person and the SOC leads before a qualification ends, a week before, a
// day before and when it has ended, and alarms the leads once a day while fewer people
// than a class's least may decide it. It gives how many classes that are. What people
// are told is in the outbox and in the system's chain when it returns.
func (s *Service) Look(ctx context.Context) (below int, err error) {
	now := s.now()
	if len(s.o.Policy.Classes) == 0 {
		return 0, nil
	}
	slate, err := s.slate(ctx, s.o.Policy.Classes, now)
	if err != nil {
		return 0, err
	}
	held, err := s.o.Store.Qualifications(ctx, "")
	if err != nil {
		return 0, err
	}
	people, err := s.everybody(ctx, now)
	if err != nil {
		return 0, err
	}
	for i, class := range slate.Classes {
		if class.Alarm {
			below++
			if err := s.warn(ctx, tooFew(class, now)); err != nil {
				return below, err
			}
		}
		for _, person := range people {
			if notice, ok := ending(s.o.Policy.Classes[i], person, held, now); ok {
				if err := s.warn(ctx, notice); err != nil {
					return below, err
				}
			}
		}
	}
	return below, nil
}

func (s *Service) warn(ctx context.Context, message protocol.Message) error {
	_, err := s.o.Store.Warn(ctx, message, record.Payload{
		At: message.At, Kind: protocol.EventCompetenceWarned, By: soar.System("people"), Text: soar.Shorten(message.Subject, 500),
		Data: data(map[string]any{"message": message.ID, "about": message.About}),
	})
	return err
}

func tooFew(class soar.ClassSlate, now time.Time) protocol.Message {
	var lines []string
	for _, role := range class.Roles {
		for _, s := range role.Able {
			lines = append(lines, fmt.Sprintf("- %s may decide, as %s", s.Person, role.Role))
		}
		for _, s := range role.Unable {
			lines = append(lines, fmt.Sprintf("- %s may not, as %s: %s", s.Person, role.Role, s.Why))
		}
	}
	if len(lines) == 0 {
		lines = []string{"- nobody holds a role that decides"}
	}
	return protocol.Message{
		ID: "competence/" + now.Format(time.DateOnly) + "/few/" + class.Class, Kind: "note", Urgent: true, About: class.Class, At: now,
		To:      []soar.Approver{{Role: soar.RoleSOCLead}, {Role: soar.RoleCISO}},
		Subject: fmt.Sprintf("Too few people may approve %s: %d of at least %d", class.Class, class.Able, class.Least),
		Body: fmt.Sprintf("%s (%s): %d people may decide at %s, competence.yaml asks for %d.\n\n%s\n\nSee it with: tocsin approval who --class %s\n",
			class.Title, class.Class, class.Able, now.Format("2006-01-02 15:04 MST"), class.Least, strings.Join(lines, "\n"), class.Class),
	}
}

// ending gives the warning that is due about what one person is qualified for. Only
// who may decide in some role is warned.
func ending(class policy.Class, p soar.Person, held []soar.Qualification, now time.Time) (protocol.Message, bool) {
	if !p.Active {
		return protocol.Message{}, false
	}
	until, id := lastOf(held, p.ID, class.Name, now)
	left := until.Sub(now)
	var stage string
	switch {
	case id == "" || left < -7*24*time.Hour || left > class.WarnBefore:
		return protocol.Message{}, false
	case left <= 0:
		stage = "ended"
	case left <= 24*time.Hour:
		stage = "day"
	case left <= 7*24*time.Hour:
		stage = "week"
	default:
		stage = "first"
	}
	verb := "ends"
	if stage == "ended" {
		verb = "ended"
	}
	when := Local(until, p.Zone)
	return protocol.Message{
		ID: "competence/" + id + "/" + stage, Kind: "note", About: id, At: now, Urgent: stage == "ended" || stage == "day",
		To:      []soar.Approver{{Person: p.ID}, {Role: soar.RoleSOCLead}},
		Subject: fmt.Sprintf("Qualification of %s for %s %s %s", p.ID, class.Name, verb, when),
		Body: fmt.Sprintf("%s (%s): the qualification %s of %s %s %s. Without a new one %s may not decide these approvals.\n\nRecord a new one with: tocsin qualification record %s %s\n",
			class.Title, class.Name, id, p.ID, verb, when, p.ID, p.ID, class.Name),
	}, true
}

// lastOf gives the end of what a person is qualified for in a class, without a gap
// from now on or the last that was, and the qualification that sets it.
func lastOf(held []soar.Qualification, person, class string, now time.Time) (until time.Time, id string) {
	end, ok := qualified(held, person, class, now)
	for _, q := range held {
		if q.Person != person || q.Class != class || q.RevokedAt != nil {
			continue
		}
		if ok && q.ValidUntil.Equal(end) || !ok && q.ValidUntil.After(until) && !q.ValidUntil.After(now) {
			until, id = q.ValidUntil, q.ID
		}
	}
	return until, id
}
