package duty

import (
	"cmp"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
)

// NotAdvice is shown wherever a duty is shown.
const NotAdvice = "Not legal advice. Terms are data with a source; have counsel confirm what applies to you."

// Status says whether a regime is law.
type Status string

// Statuses. Only a regime in force has a running clock.
const (
	InForce   Status = "in_force"
	Proposed  Status = "proposed"  // a bill or a draft: shown, never counted
	Voluntary Status = "voluntary" // may be done, nothing is due
)

// Verification says what a regime was checked against.
type Verification string

// Verifications, the best first.
const (
	Primary    Verification = "primary"    // a text that quotes or cites the law itself
	Secondary  Verification = "secondary"  // a text about the law
	Unverified Verification = "unverified" // no text was at hand: check before use
)

// Regime is one duty to notify with all its stages.
type Regime struct {
	ID           string
	Name         string
	Pack         string // "name version" of the pack it came from
	Jurisdiction string
	Where        []string // words of the fact jurisdictions that it belongs to; empty: everywhere
	Status       Status
	Remark       string // shown beside the status
	Trigger      string // what sets it off, in words
	When         *Condition
	Unless       *Condition // takes it out when it is known to hold; nil: nothing does
	Applies      Application
	Zone         string // IANA zone that days are counted in; empty: that of the site
	Calendar     string // of working days; empty: Monday to Friday
	Source       string
	Verification Verification
	AsOf         calendar.Date // when the source was looked at
	Notes        string
	Stages       []Stage
}

// Application is from when a regime applies. The zero Application is always.
type Application struct {
	From  calendar.Date
	Later []LaterStart // for some: from later on
}

// LaterStart moves the first day for those whom the condition names.
type LaterStart struct {
	When *Condition
	From calendar.Date
}

// Stage is one notice or report.
type Stage struct {
	ID        string
	Name      string
	Recipient string
	Note      string
	When      *Condition
	Start     Start
	Term      Term
	Factors   []Factor
	Caps      []Cap
	Closed    calendar.Closed // how working days count from a closed day
	Relief    *Relief
	Keys      []string // names that test vectors give its due time
	Sent      []string // names that facts give its submission, beside ID_submitted
	Main      bool     // what "due" alone means
	Draft     string   // template of the notice; empty: the general one
}

// Start is what a clock runs from: a fact, the submission of another stage, or the
// limit of another stage.
type Start struct {
	Fact      string
	Submitted string // id of a stage
	LimitOf   string // id of a stage
	YearEnd   bool   // from the end of the calendar year of it
	UntilThen string // a fact to count from while the other is not known; empty: wait
}

// Term is how long a stage has. One of the numbers is set, or Words.
type Term struct {
	Hours       int
	Days        int
	WorkingDays int
	Months      int
	Words       string // no fixed term: "without undue delay"
}

// Factor multiplies the term for some.
type Factor struct {
	When  *Condition
	Times int
}

// Cap is a second term; the earlier of the two counts. With UnlessLater a clock
// that starts after the cap is not held by it.
type Cap struct {
	Start       Start
	Term        Term
	UnlessLater bool
}

// Relief moves a limit that falls on a closed day to a time of the next working
// day, unless it is withdrawn.
type Relief struct {
	At        int // minutes after midnight
	Withdrawn *Condition
}

// follows names the stage that a clock waits for; empty when it waits for none.
func (s Start) follows() string { return cmp.Or(s.Submitted, s.LimitOf) }

// Fixed tells whether the term is a number.
func (t Term) Fixed() bool { return t.Hours > 0 || t.Days > 0 || t.WorkingDays > 0 || t.Months > 0 }

func (t Term) times(n int) Term {
	return Term{Hours: t.Hours * n, Days: t.Days * n, WorkingDays: t.WorkingDays * n, Months: t.Months * n, Words: t.Words}
}

// Stage gives the stage of this id, or nil.
func (r *Regime) Stage(id string) *Stage {
	at := slices.IndexFunc(r.Stages, func(s Stage) bool { return s.ID == id })
	if at < 0 {
		return nil
	}
	return &r.Stages[at]
}

// Facts lists the facts that a regime reads, in their order of appearance, each
// once; submissions of its own stages are not among them.
func (r *Regime) Facts() []string {
	var names []string
	add := func(more ...string) {
		for _, name := range more {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, s := range r.Stages {
		add(s.Start.Fact, s.Start.UntilThen)
		for _, limit := range s.Caps {
			add(limit.Start.Fact, limit.Start.UntilThen)
		}
	}
	add(r.When.Facts()...)
	add(r.Unless.Facts()...)
	for _, later := range r.Applies.Later {
		add(later.When.Facts()...)
	}
	for _, s := range r.Stages {
		add(s.When.Facts()...)
		for _, f := range s.Factors {
			add(f.When.Facts()...)
		}
		if s.Relief != nil {
			add(s.Relief.Withdrawn.Facts()...)
		}
	}
	return names
}
