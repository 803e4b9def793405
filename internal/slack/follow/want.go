package follow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Keys of messages.
const (
	keyHead    = "incident"
	keyOwnHead = "incident/own"
)

// place is where a message belongs: a channel, or a person.
type place struct{ channel, user string }

// wanted is one message that ought to stand somewhere.
type wanted struct {
	key  string
	at   place
	m    card.Message
	open bool // also to be written when it is not there yet
	pin  bool
}

func (w wanted) digest() (string, error) {
	raw, err := json.Marshal(w.m)
	if err != nil {
		return "", soar.Wrap(soar.CodeInternal, "follow.digest", err, "a card cannot be written as JSON")
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// scene is one incident with all that decides what ought to stand in the workspace.
type scene struct {
	look   card.Look
	detail protocol.Detail
	room   soar.ChatRoom
	soc    string
	known  []Account
}

// wants gives the messages of an incident, the head first. What has ended and was
// never written is not: nobody needs to read it now.
func (s scene) wants() []wanted {
	i := s.detail.Incident
	var list []wanted
	own := s.own()
	head := s.look.Incident(card.IncidentCard{Incident: i, Shared: true, Channel: own})
	if s.soc != "" {
		list = append(list, wanted{key: keyHead, at: place{channel: s.soc}, m: head, open: !i.Status.Ended()})
	}
	if own != "" {
		list = append(list, wanted{key: keyOwnHead, at: place{channel: own}, m: s.look.Incident(card.IncidentCard{Incident: i, Shared: true}), open: !i.Status.Ended(), pin: true})
	}
	for _, a := range s.detail.Approvals {
		c := card.ApprovalCard{Approval: a, Incident: i}
		people := s.decide(a)
		list = append(list, s.spread("approval/"+a.ID, s.look.Open(a), people, func(shared bool) card.Message {
			c.Shared = shared
			return s.look.Approval(c)
		})...)
	}
	for _, t := range s.detail.Tasks {
		c := card.TaskCard{Task: t, Incident: i}
		people := []soar.Approver{t.Holding().Who()}
		list = append(list, s.spread("task/"+t.ID, t.Status == soar.TaskOpen, people, func(shared bool) card.Message {
			c.Shared = shared
			return s.look.Task(c)
		})...)
	}
	return list
}

// own is the incident's channel as long as it can be written to.
func (s scene) own() string {
	if s.room.Archived {
		return ""
	}
	return s.room.Channel
}

// spread gives the messages of one thing: in the incident's channel or that of who is
// on duty, and to the people who are named.
func (s scene) spread(key string, open bool, people []soar.Approver, show func(shared bool) card.Message) []wanted {
	var list []wanted
	shared := s.own()
	if shared == "" {
		shared = s.soc
	}
	if shared != "" {
		list = append(list, wanted{key: key, at: place{channel: shared}, m: show(true), open: open})
	}
	for _, user := range s.users(key, people) {
		list = append(list, wanted{key: key + "/" + user, at: place{user: user}, m: show(false), open: open})
	}
	return list
}

func (s scene) decide(a soar.Approval) []soar.Approver {
	return slices.Concat(a.Approvers, a.Needs)
}

// users gives the accounts of people who are named and may know, and those that have
// the message already.
func (s scene) users(key string, people []soar.Approver) []string {
	var users []string
	for _, account := range s.known {
		named := slices.ContainsFunc(people, func(who soar.Approver) bool { return who.Person != "" && who.Person == account.Person.ID })
		if named && s.mayKnow(account) {
			users = append(users, account.User)
		}
	}
	for _, post := range s.room.Posts {
		if user, found := strings.CutPrefix(post.Key, key+"/"); found && !slices.Contains(users, user) {
			users = append(users, user)
		}
	}
	slices.Sort(users)
	return users
}

func (s scene) mayKnow(account Account) bool {
	p := account.Person.Principal()
	return account.Person.Active && access.Can(p, access.ApprovalRead) && access.CanSee(p, s.detail.Incident)
}

// crew gives the accounts that belong into the incident's own channel: who leads it,
// who is named in it, and who may command it.
func (s scene) crew() []string {
	var named []soar.Approver
	for _, a := range s.detail.Approvals {
		named = append(named, s.decide(a)...)
	}
	for _, t := range s.detail.Tasks {
		named = append(named, t.Holding().Who())
	}
	var users []string
	for _, account := range s.known {
		id := account.Person.ID
		needed := id == s.detail.Incident.Owner || access.Can(account.Person.Principal(), access.IncidentCommand) ||
			slices.ContainsFunc(named, func(who soar.Approver) bool { return who.Person == id })
		if needed && s.mayKnow(account) && !slices.Contains(s.room.Invited, account.User) {
			users = append(users, account.User)
		}
	}
	return users
}
