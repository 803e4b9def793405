package duty

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

func utc() *time.Location { return time.UTC }

func hintFor(name string, known []string) string { return diag.DidYouMean(name, known) }

// pack reads a file of regimes.
func (r *reader) pack(root *strictyaml.Node) {
	keys := []string{"pack", "version", "as_of", "regimes"}
	if !r.Keys(root, "the file", keys, keys) {
		return
	}
	name := r.text(root.Get("pack"), "pack") + " " + r.text(root.Get("version"), "version")
	asOf := calendar.ReadDate(&r.Reader, root.Get("as_of"), "as_of")
	for _, item := range r.items(root.Get("regimes"), "regimes") {
		regime, ok := r.regime(item)
		if !ok || !r.first(item.Get("id"), "regime", regime.ID) {
			continue
		}
		regime.Pack = name
		if regime.AsOf.IsZero() {
			regime.AsOf = asOf
		}
		library := r.builder.library
		library.Regimes = append(slices.DeleteFunc(library.Regimes, func(x Regime) bool { return x.ID == regime.ID }), regime)
	}
}

func (r *reader) regime(n *strictyaml.Node) (Regime, bool) {
	known := []string{"id", "name", "jurisdiction", "where", "status", "remark", "trigger", "when", "unless", "applies_from", "later_for", "zone", "calendar",
		"source", "verification", "as_of", "notes", "stages"}
	if !r.Keys(n, "a regime", known, []string{"id", "name", "jurisdiction", "status", "trigger", "source", "verification", "stages"}) || n.Get("id") == nil {
		return Regime{}, false
	}
	regime := Regime{
		ID: r.Text(n.Get("id"), "id"), Name: r.text(n.Get("name"), "name"), Jurisdiction: r.text(n.Get("jurisdiction"), "jurisdiction"),
		Status: Status(r.Choice(n.Get("status"), "status", []string{string(InForce), string(Proposed), string(Voluntary)})),
		Remark: r.optional(n, "remark"), Trigger: r.text(n.Get("trigger"), "trigger"), When: r.condition(n.Get("when")), Unless: r.condition(n.Get("unless")),
		Calendar: r.calendarName(n.Get("calendar")), Source: r.text(n.Get("source"), "source"),
		Verification: Verification(r.Choice(n.Get("verification"), "verification", []string{string(Primary), string(Secondary), string(Unverified)})),
		Notes:        r.optional(n, "notes"),
	}
	for _, where := range r.texts(n, "where") {
		regime.Where = append(regime.Where, strings.ToLower(where))
	}
	if !regimeForm.MatchString(regime.ID) {
		r.Fault(n.Get("id"), RuleForm, "the id of a regime must be lower-case words joined by -", "as eu-gdpr-33")
	}
	if zone := n.Get("zone"); zone != nil {
		regime.Zone = calendar.ReadZone(&r.Reader, zone)
	}
	if asOf := n.Get("as_of"); asOf != nil {
		regime.AsOf = calendar.ReadDate(&r.Reader, asOf, "as_of")
	}
	regime.Applies = r.application(n)
	for _, item := range r.items(n.Get("stages"), "stages") {
		regime.Stages = append(regime.Stages, r.stage(item))
	}
	if stages := n.Get("stages"); stages != nil && len(regime.Stages) == 0 && !stages.Bad {
		r.Fault(stages, RuleStage, "a regime needs at least one stage", "")
	}
	r.followings(n.Get("stages"), regime)
	return regime, true
}

func (r *reader) application(n *strictyaml.Node) Application {
	var a Application
	if from := n.Get("applies_from"); from != nil {
		a.From = calendar.ReadDate(&r.Reader, from, "applies_from")
	}
	for _, item := range r.items(n.Get("later_for"), "later_for") {
		if keys := []string{"when", "from"}; r.Keys(item, "an item of later_for", keys, keys) {
			a.Later = append(a.Later, LaterStart{When: r.condition(item.Get("when")), From: calendar.ReadDate(&r.Reader, item.Get("from"), "from")})
		}
	}
	return a
}

func (r *reader) stage(n *strictyaml.Node) Stage {
	known := []string{"id", "name", "to", "note", "when", "from", "within", "times", "no_later_than", "from_closed_day", "closed_day", "due_keys", "sent_keys", "main", "draft"}
	if !r.Keys(n, "a stage", known, []string{"id", "name", "to", "from"}) {
		return Stage{}
	}
	s := Stage{ID: r.Text(n.Get("id"), "id"), Name: r.text(n.Get("name"), "name"), Recipient: r.text(n.Get("to"), "to"), Note: r.optional(n, "note"),
		When: r.condition(n.Get("when")), Start: r.start(n.Get("from")), Term: r.term(n), Closed: calendar.NextIsFirst,
		Keys: r.texts(n, "due_keys"), Sent: r.texts(n, "sent_keys"), Main: r.Bool(n.Get("main"), "main"), Draft: r.optional(n, "draft")}
	if id := n.Get("id"); id != nil && !id.Bad && !wordForm.MatchString(s.ID) {
		r.Fault(id, RuleForm, "the id of a stage must be in snake_case", "")
	}
	for _, item := range r.items(n.Get("times"), "times") {
		if keys := []string{"n", "when"}; r.Keys(item, "an item of times", keys, keys) {
			s.Factors = append(s.Factors, Factor{Times: r.Int(item.Get("n"), "n", 2, 100), When: r.condition(item.Get("when"))})
		}
	}
	for _, item := range r.items(n.Get("no_later_than"), "no_later_than") {
		if r.Keys(item, "an item of no_later_than", []string{"within", "from", "unless_started_later"}, []string{"within", "from"}) {
			s.Caps = append(s.Caps, Cap{Term: r.term(item), Start: r.start(item.Get("from")), UnlessLater: r.Bool(item.Get("unless_started_later"), "unless_started_later")})
		}
	}
	if closed := n.Get("from_closed_day"); closed != nil {
		s.Closed = calendar.Closed(r.Choice(closed, "from_closed_day", []string{string(calendar.NextIsFirst), string(calendar.NextIsStart)}))
	}
	if relief := n.Get("closed_day"); relief != nil && r.Keys(relief, "closed_day", []string{"move_to", "not_when"}, []string{"move_to"}) {
		s.Relief = &Relief{At: calendar.ReadWall(&r.Reader, relief.Get("move_to"), "move_to"), Withdrawn: r.condition(relief.Get("not_when"))}
	}
	return s
}

// term reads within: {hours: 72}, or words where the source gives no number.
func (r *reader) term(n *strictyaml.Node) Term {
	within := n.Get("within")
	if within == nil {
		if !n.Bad {
			r.Fault(n, RuleTerm, "a stage without a term", "write within: {hours: 72}, or in words where the source has no number: within: without undue delay")
		}
		return Term{}
	}
	if within.Kind == strictyaml.String {
		return Term{Words: r.text(within, "within")}
	}
	if !r.Keys(within, "within", []string{"hours", "days", "working_days", "months"}, nil) {
		return Term{}
	}
	if len(within.Entries) != 1 {
		r.Fault(within, RuleTerm, "a term has one number", "write {hours: 72}, {days: 30}, {working_days: 4} or {months: 1}")
		return Term{}
	}
	number := func(key string, most int) int {
		if value := within.Get(key); value != nil {
			return r.Int(value, key, 1, most)
		}
		return 0
	}
	return Term{Hours: number("hours", 10_000), Days: number("days", 1_000), WorkingDays: number("working_days", 500), Months: number("months", 120)}
}

// start reads from: a fact, {submitted: stage}, {limit_of: stage} or {year_end_of:
// fact}, with until_then beside submitted, limit_of or fact.
func (r *reader) start(n *strictyaml.Node) Start {
	if n == nil || n.Bad {
		return Start{}
	}
	if n.Kind == strictyaml.String {
		r.moment(n)
		return Start{Fact: n.Text}
	}
	if !r.Keys(n, "from", []string{"fact", "submitted", "limit_of", "year_end_of", "until_then"}, nil) {
		return Start{}
	}
	var start Start
	if until := n.Get("until_then"); until != nil {
		r.moment(until)
		start.UntilThen = until.Text
	}
	if stage := n.Get("submitted"); stage != nil {
		start.Submitted = r.Text(stage, "submitted")
		return start
	}
	if stage := n.Get("limit_of"); stage != nil {
		start.LimitOf = r.Text(stage, "limit_of")
		return start
	}
	if fact := n.Get("fact"); fact != nil {
		r.moment(fact)
		start.Fact = r.Text(fact, "fact")
		return start
	}
	if fact := n.Get("year_end_of"); fact != nil {
		r.moment(fact)
		return Start{Fact: r.Text(fact, "year_end_of"), YearEnd: true}
	}
	r.Fault(n, RuleStage, "from names nothing", "write from: aware, from: {submitted: stage} or from: {year_end_of: fact}")
	return Start{}
}

func (r *reader) moment(n *strictyaml.Node) {
	if name := r.Text(n, "a fact"); r.knownFact(n, name) && r.builder.library.facts[name].Kind != Moment {
		r.Fault(n, RuleFact, fmt.Sprintf("a clock cannot start with %s, which is no moment", name), "")
	}
}

// condition reads an expression over facts, or all: and any: of several.
func (r *reader) condition(n *strictyaml.Node) *Condition {
	switch {
	case n == nil || n.Bad:
		return nil
	case n.Kind == strictyaml.String:
		return r.atom(n)
	case !r.Keys(n, "a condition", []string{"all", "any"}, nil):
		return nil
	case len(n.Entries) != 1:
		r.Fault(n, RuleCondition, "a condition has either all or any", "")
		return nil
	}
	list := n.Entries[0].Value
	var parts []*Condition
	for _, item := range r.items(list, n.Entries[0].Key.Text) {
		if part := r.condition(item); part != nil {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 && !list.Bad {
		r.Fault(list, RuleCondition, "a condition with nothing in it", "")
	}
	if n.Entries[0].Key.Text == "all" {
		return &Condition{all: parts}
	}
	return &Condition{any: parts}
}

func (r *reader) atom(n *strictyaml.Node) *Condition {
	program, problems := expression.Compile(n.Text, r.builder.environment(), expression.Bool())
	for _, problem := range problems {
		r.Report(n.At(problem.Column-1), problem.Length, RuleCondition, problem.Message, problem.Hint)
	}
	if program == nil {
		n.Bad = true
		return nil
	}
	c := &Condition{Text: n.Text, program: program}
	for _, path := range program.References() {
		if !slices.Contains(c.reads, path[0]) {
			c.reads = append(c.reads, path[0])
		}
	}
	return c
}

// followings checks that stages which wait for a submission wait for one above
// them, and that ids stand once.
func (r *reader) followings(n *strictyaml.Node, regime Regime) {
	if n == nil || n.Bad || len(n.Items) != len(regime.Stages) {
		return
	}
	above := map[string]bool{}
	for i, s := range regime.Stages {
		item := n.Items[i]
		if above[s.ID] && !item.Bad {
			r.Fault(item.Get("id"), RuleTwice, fmt.Sprintf("stage %q stands twice", s.ID), "")
		}
		starts := []Start{s.Start}
		for _, limit := range s.Caps {
			starts = append(starts, limit.Start)
		}
		for _, start := range starts {
			if follows := start.follows(); follows != "" && !above[follows] {
				r.wrongOrder(item, regime, s, follows)
			}
		}
		above[s.ID] = true
	}
}

func (r *reader) wrongOrder(item *strictyaml.Node, regime Regime, s Stage, follows string) {
	if item.Bad {
		return
	}
	at := item.Get("from")
	if at == nil || at.Bad {
		at = item
	}
	if regime.Stage(follows) == nil {
		r.Fault(at, RuleStage, fmt.Sprintf("there is no stage %q", follows), "")
		return
	}
	path, seen := []string{s.ID}, map[string]bool{}
	for next := follows; next != "" && !seen[next]; {
		path, seen[next] = append(path, next), true
		if next == s.ID {
			r.Fault(at, RuleCycle, "stages wait for each other: "+strings.Join(path, " -> "), "start one of them with a fact")
			return
		}
		stage := regime.Stage(next)
		if stage == nil {
			break
		}
		next = stage.Start.follows()
	}
	r.Fault(at, RuleStage, fmt.Sprintf("stage %q follows %q, which stands below it", s.ID, follows), "put the stage that comes first above")
}
