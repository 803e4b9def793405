package apifuzz

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxOffenders bounds how many are kept with their curl; all are counted.
const maxOffenders = 200

// Kinds of offenders.
const (
	KindUndocumented = "undocumented" // the description has no such answer
	KindServerError  = "server_error" // a 5xx
	KindTaken        = "taken"        // a success that should have been a refusal
)

// Report is what came of a trial.
type Report struct {
	Seed       uint64
	Operations int            // that were tried
	Requests   int            // sent
	ByStatus   map[int]int    // answers
	ByWay      map[string]int // requests, by the way in which they were right or wrong

	Undocumented int // answers that the description does not have
	ServerErrors int // answers with a 5xx
	Taken        int // wrong or forbidden requests that were answered with a success

	Uncovered []string   // operations that none of the tokens permits
	Offenders []Offender // the first 200, by operation
	Took      time.Duration
}

// Offender is one answer that should not have been given.
type Offender struct {
	Operation string
	Way       string // in which way the request was right or wrong
	Kind      string // one of the kinds above
	Status    int
	Why       string
	Curl      string // a shell command that sends it again; $TOKEN stands for the token
	Answer    string // how the answer began
}

func newReport(seed uint64, operations int) Report {
	return Report{Seed: seed, Operations: operations, ByStatus: map[int]int{}, ByWay: map[string]int{}}
}

// OK tells whether nothing offends and every operation was got into.
func (r Report) OK() bool {
	return r.Undocumented+r.ServerErrors+r.Taken == 0 && len(r.Uncovered) == 0 && r.Requests > 0
}

// Write tells the whole for people.
func (r Report) Write(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%d requests to %d operations in %s, seed %d\n", r.Requests, r.Operations, r.Took.Round(time.Millisecond), r.Seed)
	fmt.Fprintf(&out, "undocumented answers %d, server errors %d, wrong requests taken %d\n", r.Undocumented, r.ServerErrors, r.Taken)
	fmt.Fprint(&out, "answers:")
	for _, status := range slices.Sorted(maps.Keys(r.ByStatus)) {
		fmt.Fprintf(&out, " %d x %d", status, r.ByStatus[status])
	}
	fmt.Fprint(&out, "\nrequests:")
	for _, way := range slices.Sorted(maps.Keys(r.ByWay)) {
		fmt.Fprintf(&out, " %s %d", way, r.ByWay[way])
	}
	fmt.Fprintln(&out)
	if len(r.Uncovered) > 0 {
		fmt.Fprintf(&out, "no token permits: %s\n", strings.Join(r.Uncovered, ", "))
	}
	for _, o := range r.Offenders {
		fmt.Fprintf(&out, "\n%s (%s): %s: %d: %s\n  %s\n  answer: %q\n", o.Operation, o.Way, o.Kind, o.Status, o.Why, o.Curl, o.Answer)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// add counts one answer and keeps what offends.
func (r *Report) add(q request, got answer, faults []fault, offender func(kind, why string) Offender) {
	r.Requests++
	r.ByStatus[got.status]++
	r.ByWay[q.way]++
	for _, f := range faults {
		switch f.kind {
		case KindUndocumented:
			r.Undocumented++
		case KindServerError:
			r.ServerErrors++
		case KindTaken:
			r.Taken++
		}
		if len(r.Offenders) < maxOffenders {
			r.Offenders = append(r.Offenders, offender(f.kind, f.why))
		}
	}
}

func (r *Report) sort() {
	slices.Sort(r.Uncovered)
	slices.SortStableFunc(r.Offenders, func(a, b Offender) int {
		return cmp.Or(strings.Compare(a.Operation, b.Operation), strings.Compare(a.Way, b.Way), cmp.Compare(a.Status, b.Status))
	})
}
