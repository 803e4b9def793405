package guard

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Window is the time over which Limit.PerHour is counted.
const Window = time.Hour

// Limit bounds how often one action may be begun. It is data: policy files may
// replace the defaults. Action is the name after the dot, so that two instances
// of one product share it; an empty Action makes it the limit of all actions of
// that Risk which have no row of their own. Zero means never.
type Limit struct {
	Action      string    `json:"action,omitempty"`
	Risk        soar.Risk `json:"risk,omitempty"`
	PerIncident int       `json:"per_incident"`
	PerHour     int       `json:"per_hour"` // over all incidents
}

// DefaultLimits are for a site that has set none. They are counted on intents
// that did not surely fail.
func DefaultLimits() []Limit {
	return []Limit{
		{Action: "isolate_host", PerIncident: 5, PerHour: 20},
		{Action: "disable_user", PerIncident: 5, PerHour: 20},
		{Action: "reset_password", PerIncident: 5, PerHour: 20},
		{Action: "revoke_sessions", PerIncident: 10, PerHour: 50},
		{Action: "block_address", PerIncident: 20, PerHour: 100},
		{Action: "quarantine_messages", PerIncident: 20, PerHour: 100},
		{Risk: soar.RiskChange, PerIncident: 50, PerHour: 200},
		{Risk: soar.RiskDestroy, PerIncident: 1, PerHour: 2},
	}
}

// Counts says how many intents there are, the asking one included.
type Counts struct {
	Incident int
	Hour     int
}

// LimitOf finds the limit of an action by its name after the dot, else by its
// risk. Without any row the limit is zero: what nobody has bounded does not run.
func LimitOf(limits []Limit, action string, risk soar.Risk) Limit {
	for _, limit := range limits {
		if limit.Action != "" && limit.Action == action {
			return limit
		}
	}
	for _, limit := range limits {
		if limit.Action == "" && limit.Risk == risk {
			return limit
		}
	}
	return Limit{Action: action, Risk: risk}
}

// Within says whether the blast radius holds. It is asked after the intent is
// committed and counts it, so that of two that race at the limit at least one
// sees the other and gives way.
func Within(limit Limit, action string, counts Counts) Verdict {
	if counts.Incident > limit.PerIncident {
		return refuse(RuleBudget, "%s would run %d times in this incident; the limit is %d", action, counts.Incident, limit.PerIncident)
	}
	if counts.Hour > limit.PerHour {
		return refuse(RuleBudget, "%s would run %d times within an hour over all incidents; the limit is %d", action, counts.Hour, limit.PerHour)
	}
	return allow()
}
