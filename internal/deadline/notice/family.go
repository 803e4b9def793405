package notice

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// Families of notices; each has a template of its name.
const (
	BreachAuthority      = "breach_authority" // of personal data, to an authority or a controller
	BreachPeople         = "breach_people"    // to the people themselves
	EarlyWarning         = "early_warning"
	IncidentNotification = "incident_notification"
	FinalReport          = "final_report"
	SEC8K                = "sec_8k"
	Sector               = "sector" // everything else
)

// Families lists them.
func Families() []string { return duty.NoticeFamilies() }

// Family gives the family that a stage belongs to. It follows from whom the notice
// goes to, what sets the regime off and which stage it is.
func Family(regime *duty.Regime, stage *duty.Stage) string {
	switch {
	case strings.HasPrefix(regime.ID, "us-sec-8k"):
		return SEC8K
	case toPeople(stage.Recipient):
		return BreachPeople
	case personal(regime):
		return BreachAuthority
	case slices.Contains([]string{"early_warning", "initial", "alert", "first", "immediate", "preliminary"}, stage.ID):
		return EarlyWarning
	case strings.HasPrefix(stage.ID, "final") || slices.Contains([]string{"root_cause", "complete", "summary", "progress"}, stage.ID):
		return FinalReport
	case slices.Contains([]string{"notification", "intermediate", "second", "details", "detailed", "full"}, stage.ID):
		return IncidentNotification
	default:
		return Sector
	}
}

// toPeople tells whether a notice goes to people and to no authority with them.
func toPeople(recipient string) bool {
	for _, who := range []string{"the people", "the residents affected", "the users", "the subscribers", "the customers", "prominent media"} {
		if strings.HasPrefix(recipient, who) {
			return true
		}
	}
	return false
}

// personal tells whether a breach of data about people sets the regime off.
func personal(regime *duty.Regime) bool {
	triggers := []string{"personal_data_breach", "phi_breach", "phr_breach", "resident_data_breach", "customer_information_breach", "law_enforcement_data", "adverse_effect"}
	return slices.ContainsFunc(regime.When.Facts(), func(name string) bool { return slices.Contains(triggers, name) })
}
