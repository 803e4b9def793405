package soar

import "time"

// ChatRoom is what a chat shows of one incident, and how far: the place for it and
// the messages there. Messages are brought to what the incident is now.
type ChatRoom struct {
	IncidentID string
	Channel    string   // the incident's own; empty: it has none
	Archived   bool     // the own channel was archived, or is gone: nothing more goes there
	Invited    []string // accounts that were invited; who leaves is not called back
	SeenSeq    int64    // the record's entry up to which the messages show the incident
	ToldSeq    int64    // the entry up to which the timeline was told
	HeadSeq    int64    // the record's last entry when the room was claimed
	Failures   int      // attempts in a row that did not end well
	Done       bool     // the incident has ended and all is shown
	NextAt     *time.Time
	Posts      []ChatPost
}

// ChatPost is one message that is kept up to date.
type ChatPost struct {
	Key     string // what it shows: incident, approval/APR-..., task/TSK-..., with the account when it went to one person
	Channel string
	TS      string // the message's id in the channel; empty: it is gone
	Digest  string // SHA-256 hex of what it shows
}
