package lab

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

//go:embed dataset.json
var shippedDataset []byte

// State is all that the lab's systems know. Names are unique within their list.
type State struct {
	Hosts     []*Host    `json:"hosts"`
	Users     []*User    `json:"users"`
	Addresses []*Address `json:"addresses"`
	Messages  []*Message `json:"messages"`
	URLs      []*URL     `json:"urls"`
	Files     []*File    `json:"files"`
	Rules     []*Rule    `json:"rules"`
	Sent      []Mail     `json:"sent,omitempty"` // what went out by mail.send
}

// Host is a machine as the EDR sees it.
type Host struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	IP            string            `json:"ip"`
	OS            string            `json:"os"`
	Isolated      bool              `json:"isolated"`
	Processes     []Process         `json:"processes"`
	LoggedInUsers []string          `json:"logged_in_users"`
	Artifacts     map[string]string `json:"artifacts,omitempty"` // kind -> text, see ArtifactKinds
}

// Process runs on a host.
type Process struct {
	PID        int    `json:"pid"`
	Name       string `json:"name"`
	User       string `json:"user"`
	Suspicious bool   `json:"suspicious"`
}

// User is an account of the directory.
type User struct {
	Name           string   `json:"name"`
	Email          string   `json:"email"`
	Enabled        bool     `json:"enabled"`
	Privileged     bool     `json:"privileged"`
	Groups         []string `json:"groups"`
	Sessions       int      `json:"sessions"`
	PasswordResets int      `json:"password_resets"`
	SignIns        []SignIn `json:"sign_ins,omitempty"` // newest first; fetched by a call of their own
}

// SignIn is one sign-in of a user as the directory logged it.
type SignIn struct {
	At      string `json:"at"` // RFC 3339
	Address string `json:"address"`
	Country string `json:"country"`
	Agent   string `json:"agent"` // what the client said it is
	MFA     string `json:"mfa"`   // passed, denied, not_asked
	Result  string `json:"result"`
}

// File is a program or document as EDR and reputation service know it.
type File struct {
	SHA256    string   `json:"sha256"`
	Name      string   `json:"name"`
	Malicious int      `json:"malicious"` // how many of 70 engines name it
	Family    string   `json:"family"`
	Hosts     []string `json:"hosts"` // names of the hosts it was seen on
	Blocked   bool     `json:"blocked"`
}

// Rule is what a mailbox does with mail by itself.
type Rule struct {
	ID         string `json:"id"`
	Mailbox    string `json:"mailbox"`
	Name       string `json:"name"`
	ForwardsTo string `json:"forwards_to"` // empty: nowhere
	Deletes    bool   `json:"deletes"`
	Enabled    bool   `json:"enabled"`
}

// Address is an IP address as firewall and reputation service know it.
type Address struct {
	Address   string `json:"address"`
	Country   string `json:"country"`
	Malicious int    `json:"malicious"` // how many of 90 lists name it
	Reports   int    `json:"reports"`
	SeenCount int    `json:"seen_count"` // connections the firewall saw
	Blocked   bool   `json:"blocked"`
}

// Message is one mail in one mailbox.
type Message struct {
	ID          string   `json:"id"`
	Mailbox     string   `json:"mailbox"`
	Sender      string   `json:"sender"`
	Subject     string   `json:"subject"`
	URLs        []string `json:"urls"`
	Clicked     bool     `json:"clicked"`
	Quarantined bool     `json:"quarantined"`
}

// URL is an address on the web as the reputation service knows it.
type URL struct {
	URL        string   `json:"url"`
	Malicious  int      `json:"malicious"`
	Categories []string `json:"categories"`
}

// Mail is a message that the lab was asked to send.
type Mail struct {
	To      []string `json:"to"`
	Subject string   `json:"subject"`
}

func loadState(dataset []byte) (*State, error) {
	if dataset == nil {
		dataset = shippedDataset
	}
	decoder := json.NewDecoder(strings.NewReader(string(dataset)))
	decoder.DisallowUnknownFields()
	state := &State{}
	if err := decoder.Decode(state); err != nil {
		return nil, fmt.Errorf("read the lab's dataset: %w", err)
	}
	return state, nil
}

func (s *State) host(name string) *Host {
	name = strings.ToLower(name)
	return found(s.Hosts, func(h *Host) bool {
		return strings.ToLower(h.Name) == name || strings.ToLower(h.ID) == name || h.IP == name
	})
}

func (s *State) user(name string) *User {
	name = strings.ToLower(name)
	return found(s.Users, func(u *User) bool { return strings.ToLower(u.Name) == name || strings.ToLower(u.Email) == name })
}

// address makes an entry for one that nobody has seen: a firewall can block any.
func (s *State) address(address string) *Address {
	if known := found(s.Addresses, func(a *Address) bool { return a.Address == address }); known != nil {
		return known
	}
	fresh := &Address{Address: address}
	s.Addresses = append(s.Addresses, fresh)
	return fresh
}

func (s *State) message(id string) *Message {
	return found(s.Messages, func(m *Message) bool { return m.ID == id })
}

// file makes an entry for one that nobody has seen: any file can be blocked.
func (s *State) file(sha256 string) *File {
	sha256 = strings.ToLower(sha256)
	if known := found(s.Files, func(f *File) bool { return f.SHA256 == sha256 }); known != nil {
		return known
	}
	fresh := &File{SHA256: sha256, Hosts: []string{}}
	s.Files = append(s.Files, fresh)
	return fresh
}

func (s *State) rule(id string) *Rule {
	return found(s.Rules, func(r *Rule) bool { return r.ID == id })
}

func found[T any](list []*T, fits func(*T) bool) *T {
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i]
	}
	return nil
}

// apply is the one place where state changes, now and when the effects are read
// again at start.
func (s *State) apply(effect Effect) error {
	switch effect.Action {
	case "edr.isolate_host", "edr.release_host":
		return change(s.host(effect.Target), func(h *Host) { h.Isolated = effect.Action == "edr.isolate_host" })
	case "directory.disable_user", "directory.enable_user":
		return change(s.user(effect.Target), func(u *User) { u.Enabled = effect.Action == "directory.enable_user" })
	case "directory.revoke_sessions":
		return change(s.user(effect.Target), func(u *User) { u.Sessions = 0 })
	case "directory.reset_password":
		return change(s.user(effect.Target), func(u *User) { u.PasswordResets++ })
	case "firewall.block_address", "firewall.unblock_address":
		return change(s.address(effect.Target), func(a *Address) { a.Blocked = effect.Action == "firewall.block_address" })
	case "mail.quarantine_messages", "mail.restore_messages":
		return s.moveMessages(effect.List, effect.Action == "mail.quarantine_messages")
	case "edr.block_file", "edr.unblock_file":
		return change(s.file(effect.Target), func(f *File) { f.Blocked = effect.Action == "edr.block_file" })
	case "mail.disable_rules", "mail.enable_rules":
		return s.switchRules(effect.List, effect.Action == "mail.enable_rules")
	case "mail.send":
		s.Sent = append(s.Sent, Mail{To: effect.List, Subject: effect.Note})
		return nil
	default:
		return fmt.Errorf("effect %d: unknown action %q", effect.Seq, effect.Action)
	}
}

func (s *State) moveMessages(ids []string, quarantined bool) error {
	for _, id := range ids {
		if err := change(s.message(id), func(m *Message) { m.Quarantined = quarantined }); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) switchRules(ids []string, enabled bool) error {
	for _, id := range ids {
		if err := change(s.rule(id), func(r *Rule) { r.Enabled = enabled }); err != nil {
			return err
		}
	}
	return nil
}

func change[T any](thing *T, how func(*T)) error {
	if thing == nil {
		return errors.New("the dataset does not hold what the effect changed")
	}
	how(thing)
	return nil
}
