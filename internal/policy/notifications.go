package policy

import (
	"regexp"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Notifications says by which way people are told what, and when.
type Notifications struct {
	Ways      []NotifyWay
	Order     []NotifyRule
	Coalesce  Coalescing
	Quiet     *QuietHours                  // nil: none
	Tries     int                          // of one way that fails for now, before the next one
	GiveUp    time.Duration                // how long all ways together are tried
	Addresses map[string]map[string]string // person -> way -> address
}

// NotifyWay is one way to people.
type NotifyWay struct {
	Name      string
	Connector string   // instance that carries it; empty: the product has it by itself
	TLP       soar.TLP // strictest label that leaves in full by this way
}

// NotifyRule says which ways are taken for what. A list that is empty fits
// everything.
type NotifyRule struct {
	Kinds      []string // of messages: approval_requested, ...
	Severities []soar.Severity
	Audiences  []string
	Roles      []soar.Role
	People     []string
	Urgent     *bool
	Ways       []string // in order of fall-back
}

// Coalescing bounds how many messages that are not urgent one person gets. Most
// counts the summary that the rest goes into; zero: no bound.
type Coalescing struct {
	Most   int
	Within time.Duration
}

// QuietHours are when nothing is sent that is not urgent.
type QuietHours struct {
	From, Until time.Duration  // since midnight; From after Until means over midnight
	Zone        *time.Location // where a person has none
}

// Way gives the way of this name, or nil.
func (n *Notifications) Way(name string) *NotifyWay {
	i := slices.IndexFunc(n.Ways, func(w NotifyWay) bool { return w.Name == name })
	if i < 0 {
		return nil
	}
	return &n.Ways[i]
}

// Ends gives when the quiet hours that the instant lies in are over, in the
// person's zone if one is given; false when it lies in none.
func (q *QuietHours) Ends(at time.Time, zone *time.Location) (time.Time, bool) {
	if q == nil {
		return time.Time{}, false
	}
	if zone == nil {
		zone = q.Zone
	}
	local := at.In(zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	late := clock >= q.From
	early := clock < q.Until
	if over := q.From > q.Until; over && !late && !early || !over && (!late || !early) {
		return time.Time{}, false
	}
	day := local.Day()
	if q.From > q.Until && late {
		day++
	}
	return time.Date(local.Year(), local.Month(), day, 0, int(q.Until/time.Minute), 0, 0, zone), true
}

// Bounds of notifications.yaml.
const (
	triesDefault, triesMost   = 3, 20
	giveUpDefault             = 24 * time.Hour
	giveUpLeast, giveUpMost   = 10 * time.Minute, 7 * 24 * time.Hour
	coalesceMost              = 1000
	windowLeast, windowMost   = 10 * time.Second, 24 * time.Hour
	keyWays, keyOrder, keyTLP = "ways", "order", "tlp"
)

// MessageKinds lists the kinds of messages to people.
func MessageKinds() []string {
	return []string{
		"approval_requested", "reminder", "escalation", "task_assigned", "needs_decision", "objective_warning", "objective_breached",
		"duty_warning", "duty_breached", "note", "question", "answer", "competence", "info", "summary", "test",
	}
}

var addressForm = regexp.MustCompile(`^[^\s<>,;"\x00-\x1f]{1,320}$`)

func (s *sheet) notifications(root *strictyaml.Node) Notifications {
	n := Notifications{Tries: triesDefault, GiveUp: giveUpDefault}
	known := []string{"version", keyWays, keyOrder, "coalesce", "quiet", "tries", "give_up_after", "addresses"}
	if !s.Keys(root, "the file", known, []string{"version", keyWays, keyOrder}) {
		return n
	}
	s.version(root.Get("version"))
	s.ways(root.Get(keyWays), &n)
	for _, item := range s.some(root.Get(keyOrder), keyOrder) {
		n.Order = append(n.Order, s.notifyRule(item, &n))
	}
	if list := root.Get(keyOrder); len(n.Order) > 0 && !list.Bad && !n.Order[len(n.Order)-1].fitsAll() {
		s.Fault(list.Items[len(list.Items)-1], ruleTotal, "the last entry must fit everything: without it some messages would reach nobody", "end with {ways: [email]}")
	}
	if c := root.Get("coalesce"); c != nil && s.Keys(c, "coalesce", []string{"most", "within"}, []string{"most", "within"}) {
		n.Coalesce = Coalescing{Most: s.Int(c.Get("most"), "most", 2, coalesceMost), Within: s.Duration(c.Get("within"), "within", windowLeast, windowMost)}
	}
	if q := root.Get("quiet"); q != nil {
		n.Quiet = s.quiet(q)
	}
	if tries := root.Get("tries"); tries != nil {
		n.Tries = s.Int(tries, "tries", 1, triesMost)
	}
	if after := root.Get("give_up_after"); after != nil {
		n.GiveUp = s.Duration(after, "give_up_after", giveUpLeast, giveUpMost)
	}
	n.Addresses = s.addresses(root.Get("addresses"), &n)
	return n
}

func (s *sheet) ways(list *strictyaml.Node, n *Notifications) {
	if list == nil || !s.Is(list, strictyaml.Map, keyWays) {
		return
	}
	if len(list.Entries) == 0 {
		s.Fault(list, ruleEmpty, "ways must not be empty", "such as email: {connector: mail}")
	}
	seen := map[string]bool{}
	for _, entry := range list.Entries {
		way := NotifyWay{Name: s.id(entry.Key, "the name of a way", seen), TLP: soar.TLPAmber}
		if !s.Keys(entry.Value, "a way", []string{"connector", keyTLP}, nil) {
			continue
		}
		if c := entry.Value.Get("connector"); c != nil {
			way.Connector = s.text(c, "connector")
		}
		if label := entry.Value.Get(keyTLP); label != nil {
			way.TLP = soar.TLP(s.Choice(label, keyTLP, words(soar.TLPs())))
		}
		n.Ways = append(n.Ways, way)
	}
}

func (r NotifyRule) fitsAll() bool {
	return len(r.Kinds)+len(r.Severities)+len(r.Audiences)+len(r.Roles)+len(r.People) == 0 && r.Urgent == nil
}

func (s *sheet) notifyRule(item *strictyaml.Node, n *Notifications) (rule NotifyRule) {
	known := []string{"kinds", "severities", "audiences", "roles", "people", "urgent", keyWays}
	if !s.Keys(item, "an entry of order", known, []string{keyWays}) {
		return rule
	}
	for _, kind := range s.items(item.Get("kinds"), "kinds") {
		rule.Kinds = append(rule.Kinds, s.Choice(kind, "a kind", MessageKinds()))
	}
	for _, severity := range s.items(item.Get("severities"), "severities") {
		rule.Severities = append(rule.Severities, soar.Severity(s.Choice(severity, "a severity", words(soar.Severities()))))
	}
	for _, role := range s.items(item.Get("roles"), "roles") {
		rule.Roles = append(rule.Roles, s.role(role, "a role"))
	}
	if audiences := item.Get("audiences"); audiences != nil {
		rule.Audiences = s.texts(audiences, "audiences")
	}
	if people := item.Get("people"); people != nil {
		rule.People = s.texts(people, "people")
	}
	if urgent := item.Get("urgent"); urgent != nil {
		value := s.Bool(urgent, "urgent")
		rule.Urgent = &value
	}
	for _, way := range s.some(item.Get(keyWays), keyWays) {
		name := s.Text(way, "a way")
		if !way.Bad && len(n.Ways) > 0 && n.Way(name) == nil {
			s.Fault(way, ruleForm, "there is no way "+quoted(name), orElse(diag.DidYouMean(name, n.names()), "known ways: "+diag.OneOf(n.names())))
		}
		if slices.Contains(rule.Ways, name) {
			s.Fault(way, ruleTwice, quoted(name)+" stands here twice", "")
		}
		rule.Ways = append(rule.Ways, name)
	}
	return rule
}

func (n *Notifications) names() []string {
	names := make([]string, len(n.Ways))
	for i, way := range n.Ways {
		names[i] = way.Name
	}
	return names
}

func quoted(text string) string { return "\"" + text + "\"" }

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func (s *sheet) quiet(n *strictyaml.Node) *QuietHours {
	if !s.Keys(n, "quiet", []string{"from", "until", "zone"}, []string{"from", "until", "zone"}) {
		return nil
	}
	q := &QuietHours{From: s.timeOfDay(n.Get("from"), "from"), Until: s.timeOfDay(n.Get("until"), "until"), Zone: time.UTC}
	if q.From == q.Until && !n.Get("from").Bad && !n.Get("until").Bad {
		s.Fault(n.Get("until"), ruleOrder, "quiet hours begin and end at the same time", "leave quiet out for none")
	}
	zone := n.Get("zone")
	name := s.text(zone, "zone")
	loaded, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		if !zone.Bad {
			s.Fault(zone, ruleForm, "this is no time zone", "write one of the IANA names, such as Europe/Berlin or UTC")
		}
		return q
	}
	q.Zone = loaded
	return q
}

func (s *sheet) timeOfDay(n *strictyaml.Node, what string) time.Duration {
	return time.Duration(s.clock(n, what).Minutes) * time.Minute
}

func (s *sheet) addresses(list *strictyaml.Node, n *Notifications) map[string]map[string]string {
	if list == nil || !s.Is(list, strictyaml.Map, "addresses") {
		return nil
	}
	all := map[string]map[string]string{}
	for _, entry := range list.Entries {
		if !s.Is(entry.Value, strictyaml.Map, "the addresses of a person") {
			continue
		}
		own := map[string]string{}
		for _, address := range entry.Value.Entries {
			text := s.text(address.Value, "an address")
			switch {
			case n.Way(address.Key.Text) == nil:
				s.Fault(address.Key, ruleForm, "there is no way "+quoted(address.Key.Text), "known ways: "+diag.OneOf(n.names()))
			case !address.Value.Bad && !addressForm.MatchString(text):
				s.Fault(address.Value, ruleForm, "this is no address", "one word without spaces, such as soc@lab.invalid or U0123ABCD")
			}
			own[address.Key.Text] = text
		}
		all[entry.Key.Text] = own
	}
	return all
}
