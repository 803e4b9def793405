package soar

import "time"

// RosterOverride puts a person on call instead of whoever a roster names. Where
// several cover an instant, the one made last counts.
type RosterOverride struct {
	ID        string     `json:"id"` // OVR-<10 of Crockford base 32>
	Roster    string     `json:"roster"`
	Person    string     `json:"person"`
	From      time.Time  `json:"from"`
	Until     time.Time  `json:"until"`
	Reason    string     `json:"reason"`
	By        Actor      `json:"by"`
	At        time.Time  `json:"at"` // when it was made
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

// RosterShift is a span in which one person, or nobody, is on call by a roster.
type RosterShift struct {
	Roster   string    `json:"roster"`
	Zone     string    `json:"zone"`                // IANA, of the roster
	Person   string    `json:"person,omitempty"`    // empty: nobody
	Layer    string    `json:"layer,omitempty"`     // of the roster; empty: by an override, or nobody
	Override string    `json:"override,omitempty"`  // id of the override it comes from
	StandsIn string    `json:"stands_in,omitempty"` // who is away, and named the person as delegate
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
}
