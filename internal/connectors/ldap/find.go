package ldap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/tocsin-soar/tocsin/internal/connector"
)

// Bounds of what is read.
const (
	groupsMost  = 500
	membersMost = 1000
)

// user finds the one entry that a name stands for.
func (s *session) user(name string) (*ldap.Entry, error) {
	return s.one("user", name, s.dir.base, s.dir.dialect.userFilter(name), s.dir.dialect.userAttributes())
}

// group finds the one group of this name.
func (s *session) group(name string) (*ldap.Entry, error) {
	escaped := ldap.EscapeFilter(name)
	filter := "(&" + groupClasses + "(|(cn=" + escaped + ")" + s.dir.dialect.groupName(escaped) + "))"
	return s.one("group", name, s.dir.groupBase, filter, []string{"cn", "objectClass", "member", "uniqueMember", "memberUid"})
}

const groupClasses = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=group))"

// one reads the single entry that fits. A distinguished name below the base is
// read itself. None or several change nothing.
func (s *session) one(what, name, base, filter string, attributes []string) (*ldap.Entry, error) {
	if strings.TrimSpace(name) == "" {
		return nil, permanent("an empty name stands for no " + what)
	}
	scope := ldap.ScopeWholeSubtree
	if below(name, base) {
		base, scope, filter = name, ldap.ScopeBaseObject, "(objectClass=*)"
	}
	found, err := s.conn.Search(ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, 2, 0, false, filter, attributes, nil))
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded), err == nil && len(found.Entries) > 1:
		return nil, permanent(fmt.Sprintf("%q stands for more than one %s; use its distinguished name", name, what))
	case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject), err == nil && len(found.Entries) == 0:
		return nil, permanent(fmt.Sprintf("there is no %s %q", what, name))
	case err != nil:
		return nil, classify(err, false)
	}
	return found.Entries[0], nil
}

// below tells whether name is a distinguished name under base.
func below(name, base string) bool {
	if !strings.Contains(name, "=") {
		return false
	}
	dn, err := ldap.ParseDN(name)
	if err != nil {
		return false
	}
	root, err := ldap.ParseDN(base)
	return err == nil && root.AncestorOfFold(dn)
}

// groupsOf lists the names of the groups in which the user itself stands, sorted.
func (s *session) groupsOf(user *ldap.Entry) ([]string, error) {
	dn, login := ldap.EscapeFilter(user.DN), ldap.EscapeFilter(s.dir.dialect.login(user))
	filter := "(&" + groupClasses + "(|(member=" + dn + ")(uniqueMember=" + dn + ")(memberUid=" + login + ")))"
	found, err := s.conn.Search(ldap.NewSearchRequest(s.dir.groupBase, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, groupsMost, 0, false, filter, []string{"cn"}, nil))
	if err != nil {
		return nil, classify(err, false)
	}
	names := []string{}
	for _, entry := range found.Entries {
		names = append(names, entry.GetAttributeValue("cn"))
	}
	slices.Sort(names)
	return names, nil
}

func userInfo(s *session, call connector.Call) (map[string]any, error) {
	user, err := s.user(text(call, "user"))
	if err != nil {
		return nil, err
	}
	groups, err := s.groupsOf(user)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(groups))
	for i, name := range groups {
		list[i] = name
	}
	enabled, err := s.dir.dialect.enabled(user)
	if err != nil {
		return nil, err
	}
	return map[string]any{"dn": user.DN, "name": s.dir.dialect.login(user), "email": user.GetAttributeValue("mail"), "enabled": enabled, "groups": list}, nil
}

func groupMembers(s *session, call connector.Call) (map[string]any, error) {
	group, err := s.group(text(call, "group"))
	if err != nil {
		return nil, err
	}
	attribute, err := memberAttribute(group)
	if err != nil {
		return nil, err
	}
	members := group.GetEqualFoldAttributeValues(attribute)
	if len(members) > membersMost {
		return nil, permanent(fmt.Sprintf("the group has %d members, more than the %d that are read", len(members), membersMost))
	}
	list := make([]any, len(members))
	for i, member := range members {
		list[i] = member
	}
	return map[string]any{"dn": group.DN, "name": group.GetAttributeValue("cn"), "members": list, "count": len(list)}, nil
}

// memberAttribute names where a group keeps its members.
func memberAttribute(group *ldap.Entry) (string, error) {
	for _, class := range group.GetAttributeValues("objectClass") {
		switch strings.ToLower(class) {
		case "groupofnames", "group":
			return "member", nil
		case "groupofuniquenames":
			return "uniqueMember", nil
		case "posixgroup":
			return "memberUid", nil
		}
	}
	return "", permanent(group.DN + " is a group of a class that is not known")
}
