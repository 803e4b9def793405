package follow

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	readMost = 500  // entries of one read
	keepMost = 2000 // entries of which the last are shown
)

// tell writes what is new in the record into the thread below the incident's head,
// all of it in one message and not more often than every tellEvery. Again is when to
// come back for what could not be told yet. What is TLP:RED is told nobody in a channel.
func (f *Follower) tell(ctx context.Context, s *scene) (again *time.Time, err error) {
	thread, found := s.thread()
	if !found || s.detail.Incident.TLP == soar.TLPRed || s.room.ToldSeq >= s.room.HeadSeq {
		return nil, nil
	}
	if at := f.lastTold(s.room.IncidentID).Add(tellEvery); at.After(s.look.Now) {
		return &at, nil
	}
	entries, last, err := f.news(ctx, s.room.IncidentID, s.room.ToldSeq)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		if _, err := f.Chat.Post(ctx, thread.Channel, thread.TS, s.look.Timeline(s.room.IncidentID, entries)); err != nil {
			if errors.Is(err, MessageGone) || errors.Is(err, ChannelGone) {
				return nil, nil // the head is written again with the next change
			}
			return nil, err
		}
		f.mu.Lock()
		f.told[s.room.IncidentID] = s.look.Now
		f.mu.Unlock()
	}
	s.room.ToldSeq = last
	return nil, f.Rooms.Save(context.WithoutCancel(ctx), s.room)
}

func (f *Follower) lastTold(incidentID string) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told[incidentID]
}

// thread is below which message the timeline stands.
func (s *scene) thread() (post soar.ChatPost, found bool) {
	for _, key := range []string{keyOwnHead, keyHead} {
		if at := slices.IndexFunc(s.room.Posts, func(p soar.ChatPost) bool { return p.Key == key }); at >= 0 {
			return s.room.Posts[at], true
		}
	}
	return soar.ChatPost{}, false
}

// news gives the entries after a number that people care for, and the last number.
func (f *Follower) news(ctx context.Context, incidentID string, after int64) (entries []record.Payload, last int64, err error) {
	last = after
	for {
		page, err := f.Incidents.RecordList(ctx, incidentID, last, readMost)
		if err != nil {
			return nil, 0, err
		}
		for _, entry := range page {
			last = entry.Seq
			payload, err := record.ParsePayload(entry.Payload)
			if err == nil && told(payload.Kind) { // what cannot be read is the verification's to report
				entries = append(entries, payload)
			}
		}
		if len(entries) > keepMost {
			entries = entries[len(entries)-keepMost:]
		}
		if len(page) < readMost {
			return entries, last, nil
		}
	}
}

// told tells which entries people want to read. The others say how something was
// done, of which the outcome is told.
func told(kind string) bool {
	switch kind {
	case protocol.EventStepStarted, protocol.EventStepEnded, protocol.EventActionIntent, protocol.EventCommand, protocol.EventCommandRefused,
		protocol.EventNotified, protocol.EventObjectiveMet, protocol.EventApprovalReminded, protocol.EventPlaybooksMatched:
		return false
	default:
		return true
	}
}
