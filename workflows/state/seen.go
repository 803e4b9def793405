package state

import "github.com/tocsin-soar/tocsin/internal/protocol"

// Seen is an update that was done, with its answer.
type Seen struct {
	ID    string         `json:"id"`
	Reply protocol.Reply `json:"reply"`
}

// Answered gives the answer to an update that was done before, marked as such.
func (c *Case) Answered(id string) (protocol.Reply, bool) {
	for _, seen := range c.Seen {
		if id != "" && seen.ID == id {
			reply := seen.Reply
			reply.Already = true
			return reply, true
		}
	}
	return protocol.Reply{}, false
}

// Remember keeps the answer to an update: the last 1,000 are kept. Temporal
// drops duplicates within one run; this drops them across continue-as-new.
func (c *Case) Remember(id string, reply protocol.Reply) {
	c.Seen = append(c.Seen, Seen{ID: id, Reply: reply})
	if len(c.Seen) > maxSeen {
		c.Seen = c.Seen[len(c.Seen)-maxSeen:]
	}
}
