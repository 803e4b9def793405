package policy

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Audience is a group of people who are told things together.
type Audience struct {
	Name        string
	Description string
	Emails      []string
	Roles       []soar.Role // everybody who holds one of them
	TLP         soar.TLP    // the strictest label that it may be sent; amber when the file does not say
}

// Audience gives the audience of this name, or nil.
func (p *Policy) Audience(name string) *Audience {
	for i := range p.Audiences {
		if p.Audiences[i].Name == name {
			return &p.Audiences[i]
		}
	}
	return nil
}

// Preauthorisation lets actions run without an approval, because somebody who may
// decide has decided beforehand.
type Preauthorisation struct {
	Name      string
	Actions   []string // connector.action
	AgreedBy  string   // a role or title
	AgreedOn  string   // YYYY-MM-DD
	ExpiresOn string   // YYYY-MM-DD, the last day it holds; empty: until it is taken out
	Reason    string
}

// PreauthorisedNames lists the names that policy.preauthorised() knows at now.
func (p *Policy) PreauthorisedNames(now time.Time) []string {
	var names []string
	today := now.UTC().Format(time.DateOnly)
	for _, entry := range p.Preauthorised {
		if entry.AgreedOn <= today && (entry.ExpiresOn == "" || today <= entry.ExpiresOn) {
			names = append(names, entry.Name)
		}
	}
	return names
}

// Preauthorises tells whether the entry of this name is in force at now and names the
// action, connector.action.
func (p *Policy) Preauthorises(name, action string, now time.Time) bool {
	return slices.Contains(p.PreauthorisedNames(now), name) && slices.ContainsFunc(p.Preauthorised, func(entry Preauthorisation) bool {
		return entry.Name == name && slices.Contains(entry.Actions, action)
	})
}

func (s *sheet) audiences(root *strictyaml.Node) []Audience {
	if !s.Keys(root, "the file", []string{"version", "audiences"}, []string{"version", "audiences"}) {
		return nil
	}
	s.version(root.Get("version"))
	list := root.Get("audiences")
	if list == nil || !s.Is(list, strictyaml.Map, "audiences") {
		return nil
	}
	var audiences []Audience
	seen := map[string]bool{}
	for _, entry := range list.Entries {
		audiences = append(audiences, s.audience(entry, seen))
	}
	return audiences
}

func (s *sheet) audience(entry strictyaml.Entry, seen map[string]bool) Audience {
	n, audience := entry.Value, Audience{TLP: soar.TLPAmber}
	audience.Name = s.id(entry.Key, "the name of an audience", seen)
	if !s.Keys(n, "an audience", []string{"description", "emails", "roles", "tlp"}, nil) {
		return audience
	}
	if text := n.Get("description"); text != nil {
		audience.Description = s.text(text, "description")
	}
	for _, item := range s.items(n.Get("emails"), "emails") {
		address := s.Text(item, "an address")
		if !item.Bad && !mailForm.MatchString(address) {
			s.Fault(item, ruleForm, "this is not an e-mail address", "write one bare address such as soc@lab.invalid")
		}
		audience.Emails = append(audience.Emails, address)
	}
	for _, item := range s.items(n.Get("roles"), "roles") {
		audience.Roles = append(audience.Roles, s.role(item, "a role"))
	}
	if label := n.Get("tlp"); label != nil {
		audience.TLP = soar.TLP(s.Choice(label, "tlp", words(soar.TLPs())))
	}
	if n.Get("emails") == nil && n.Get("roles") == nil {
		s.Fault(n, ruleEmpty, "nobody is in this audience", "give emails, roles or both")
	}
	return audience
}

func (s *sheet) preauthorised(root *strictyaml.Node) []Preauthorisation {
	if !s.Keys(root, "the file", []string{"version", "preauthorised"}, []string{"version", "preauthorised"}) {
		return nil
	}
	s.version(root.Get("version"))
	var list []Preauthorisation
	seen := map[string]bool{}
	for _, n := range s.items(root.Get("preauthorised"), "preauthorised") {
		known := []string{"name", "actions", "agreed_by", "agreed_on", "expires_on", "reason"}
		if !s.Keys(n, "an entry", known, []string{"name", "actions", "agreed_by", "agreed_on", "reason"}) {
			continue
		}
		entry := Preauthorisation{
			Name: s.id(n.Get("name"), "name", seen), AgreedBy: s.text(n.Get("agreed_by"), "agreed_by"),
			AgreedOn: s.date(n.Get("agreed_on"), "agreed_on"), Reason: s.text(n.Get("reason"), "reason"), Actions: s.actions(n.Get("actions")),
		}
		if last := n.Get("expires_on"); last != nil {
			if entry.ExpiresOn = s.date(last, "expires_on"); !last.Bad && entry.ExpiresOn < entry.AgreedOn {
				s.Fault(last, ruleOrder, "it expires before it was agreed", "")
			}
		}
		list = append(list, entry)
	}
	return list
}

// actions reads names of the form connector.action. Whether they exist is known
// only where connectors are configured.
func (s *sheet) actions(n *strictyaml.Node) []string {
	actions := s.texts(n, "actions")
	for i, action := range actions {
		if !actionForm.MatchString(action) {
			s.Fault(n.Items[min(i, len(n.Items)-1)], ruleForm, "an action is written connector.action", "such as edr.isolate_host")
		}
	}
	return actions
}

// protected reads the site's own list; guard.Builtin() applies besides.
func (s *sheet) protected(root *strictyaml.Node) []soar.Protected {
	if !s.Keys(root, "the file", []string{"version", "protected"}, []string{"version", "protected"}) {
		return nil
	}
	s.version(root.Get("version"))
	var list []soar.Protected
	keys := []string{"class", "patterns", "reason"}
	for _, n := range s.items(root.Get("protected"), "protected") {
		if !s.Keys(n, "an entry", keys, keys) {
			continue
		}
		class := s.Choice(n.Get("class"), "class", []string{guard.ClassHost, guard.ClassUser, guard.ClassAddress})
		reason := s.text(n.Get("reason"), "reason")
		for _, pattern := range s.texts(n.Get("patterns"), "patterns") {
			list = append(list, soar.Protected{Class: class, Pattern: pattern, Reason: reason})
		}
		s.patterns(n.Get("patterns"), class)
	}
	return list
}

// patterns reports networks that cannot be read: they would protect nothing.
func (s *sheet) patterns(n *strictyaml.Node, class string) {
	if n == nil || n.Bad {
		return
	}
	for _, item := range n.Items {
		if class == guard.ClassAddress && !item.Bad && !isNetwork(item.Text) {
			s.Fault(item, ruleForm, "this is neither an address nor a network", "write 192.0.2.10 or 192.0.2.0/24")
		}
	}
}

func isNetwork(text string) bool {
	if _, err := netip.ParsePrefix(text); err == nil {
		return true
	}
	_, err := netip.ParseAddr(text)
	return err == nil
}
