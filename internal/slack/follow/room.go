package follow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	maxNames   = 9    // channels that are tried while names are taken
	maxInvites = 1000 // accounts of one call
)

// bring makes the workspace show one incident as it is now. What was done is noted
// at once, so that a failure later repeats none of it.
func (f *Follower) bring(ctx context.Context, room soar.ChatRoom, known []Account) error {
	detail, err := f.Incidents.IncidentDetail(ctx, room.IncidentID)
	if err != nil {
		return err
	}
	s := scene{look: card.Look{Zone: f.Zone, Now: f.Now().UTC()}, detail: detail, room: room, soc: f.SOC, known: known}
	if err := f.open(ctx, &s); err != nil {
		return err
	}
	for _, w := range s.wants() {
		if err := f.show(ctx, &s, w); err != nil {
			if errors.Is(err, ChannelGone) && w.at.channel != "" && w.at.channel == s.room.Channel {
				return f.lost(ctx, s)
			}
			return fmt.Errorf("%s: %w", w.key, err)
		}
	}
	again, err := f.tell(ctx, &s)
	if err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	return f.settle(ctx, s, again)
}

// lost notes that the incident's own channel cannot be written to any more. What
// stood there is written elsewhere in the next pass.
func (f *Follower) lost(ctx context.Context, s scene) error {
	f.Logger.WarnContext(ctx, "the channel of an incident is gone", "incident", s.room.IncidentID, "channel", s.room.Channel)
	for _, post := range s.room.Posts {
		if post.Channel != s.room.Channel {
			continue
		}
		post.TS = ""
		if err := f.Rooms.Posted(ctx, s.room.IncidentID, post); err != nil {
			return err
		}
	}
	s.room.Archived = true
	if err := f.Rooms.Save(ctx, s.room); err != nil {
		return err
	}
	return f.Rooms.Retry(ctx, s.room.IncidentID, 0)
}

// open makes the incident's own channel, when it is to have one, and calls in who
// belongs there.
func (f *Follower) open(ctx context.Context, s *scene) error {
	i := s.detail.Incident
	deserves := f.Channels.Valid() && i.Severity.Rank() >= f.Channels.Rank()
	if s.room.Channel == "" && deserves && !i.Status.Ended() {
		channel, err := f.create(ctx, i.ID)
		if err != nil {
			return err
		}
		s.room.Channel = channel
		if err := f.Rooms.Save(ctx, s.room); err != nil {
			return err
		}
	}
	if s.own() == "" || i.Status.Ended() {
		return nil
	}
	crew := s.crew()
	if len(crew) == 0 {
		return nil
	}
	crew = crew[:min(len(crew), maxInvites)]
	if err := f.Chat.Invite(ctx, s.room.Channel, crew); err != nil {
		if errors.Is(err, ChannelGone) {
			return nil // the first message finds out, too
		}
		return err
	}
	s.room.Invited = append(slices.Clone(s.room.Invited), crew...)
	return f.Rooms.Save(ctx, s.room)
}

// create makes a channel named after the incident; a name that is taken gets a number.
func (f *Follower) create(ctx context.Context, incidentID string) (channel string, err error) {
	base := "inc-" + strings.TrimPrefix(strings.ToLower(incidentID), "inc-")
	for n := 1; n <= maxNames; n++ {
		name := base
		if n > 1 {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		if channel, err = f.Chat.CreateChannel(ctx, name); !errors.Is(err, NameTaken) {
			return channel, err
		}
	}
	return "", err
}

// show brings one message to what it ought to show, if it differs.
func (f *Follower) show(ctx context.Context, s *scene, w wanted) error {
	digest, err := w.digest()
	if err != nil {
		return err
	}
	if err := card.Validate(w.m); err != nil {
		return soar.Wrap(soar.CodeInternal, "follow.show", err, "the card %s is not what Slack takes", w.key)
	}
	at := slices.IndexFunc(s.room.Posts, func(p soar.ChatPost) bool { return p.Key == w.key })
	if at >= 0 {
		post := s.room.Posts[at]
		if post.Digest == digest {
			return nil
		}
		err := f.Chat.Update(ctx, slack.Posted{Channel: post.Channel, TS: post.TS}, w.m)
		switch {
		case err == nil:
			post.Digest = digest
			return f.noted(ctx, s, post)
		case !errors.Is(err, MessageGone):
			return err
		}
		post.TS = "" // somebody deleted it
		if err := f.noted(ctx, s, post); err != nil {
			return err
		}
	}
	if !w.open {
		return nil
	}
	return f.write(ctx, s, w, digest)
}

// write posts a message that is not there.
func (f *Follower) write(ctx context.Context, s *scene, w wanted, digest string) error {
	posted, err := f.Chat.Post(ctx, cmp.Or(w.at.user, w.at.channel), "", w.m)
	if err != nil {
		return err
	}
	if err := f.noted(ctx, s, soar.ChatPost{Key: w.key, Channel: posted.Channel, TS: posted.TS, Digest: digest}); err != nil {
		return err
	}
	if !w.pin {
		return nil
	}
	// The pin and the topic are for convenience: without them everything is there.
	if err := errors.Join(f.Chat.Pin(ctx, posted), f.Chat.Topic(ctx, posted.Channel, card.Topic(s.detail.Incident))); err != nil {
		f.Logger.WarnContext(ctx, "the head of an incident is not pinned", "incident", s.room.IncidentID, "error", err)
	}
	return nil
}

// noted keeps what was done, also when the process is about to end.
func (f *Follower) noted(ctx context.Context, s *scene, post soar.ChatPost) error {
	s.room.Posts = slices.DeleteFunc(s.room.Posts, func(p soar.ChatPost) bool { return p.Key == post.Key })
	if post.TS != "" {
		s.room.Posts = append(s.room.Posts, post)
	}
	return f.Rooms.Posted(context.WithoutCancel(ctx), s.room.IncidentID, post)
}

// settle ends the claim, and closes the room when nothing more comes.
func (f *Follower) settle(ctx context.Context, s scene, again *time.Time) error {
	i, next := s.detail.Incident, again
	due := func(at time.Time) {
		if next == nil || at.Before(*next) {
			next = &at
		}
	}
	waits := slices.ContainsFunc(s.detail.Approvals, func(a soar.Approval) bool { return a.Status == soar.ApprovalPending }) ||
		slices.ContainsFunc(s.detail.Tasks, func(t soar.Task) bool { return t.Status == soar.TaskOpen })
	if waits && !i.Status.Ended() {
		due(s.look.Now.Add(lookAgain))
	}
	s.room.SeenSeq = s.room.HeadSeq
	if i.Status.Ended() {
		over := s.look.Now
		if i.ClosedAt != nil {
			over = i.ClosedAt.Add(cmp.Or(f.ArchiveAfter, afterEnd))
		}
		if over.After(s.look.Now) {
			due(over)
		} else if again == nil {
			return f.close(ctx, s)
		}
	}
	s.room.NextAt = next
	return f.Rooms.Settle(ctx, s.room)
}

// close archives the incident's channel, unless channels are to stay, and looks after
// the room no more. A workspace that does not permit it keeps the channel.
func (f *Follower) close(ctx context.Context, s scene) error {
	if own := s.own(); own != "" && f.ArchiveAfter > 0 {
		err := f.Chat.Archive(ctx, own)
		switch {
		case err == nil || errors.Is(err, ChannelGone):
			s.room.Archived = true
		case soar.CodeOf(err) == soar.CodeDenied:
			f.Logger.WarnContext(ctx, "the channel of an incident stays open: archiving is not permitted", "incident", s.room.IncidentID, "channel", own, "error", err)
		default:
			return fmt.Errorf("archive: %w", err)
		}
		if err := f.Rooms.Save(ctx, s.room); err != nil {
			return err
		}
	}
	f.mu.Lock()
	delete(f.told, s.room.IncidentID)
	f.mu.Unlock()
	s.room.Done, s.room.NextAt = true, nil
	return f.Rooms.Settle(ctx, s.room)
}
