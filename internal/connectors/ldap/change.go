package ldap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/tocsin-soar/tocsin/internal/connector"
)

// setEnabled locks or unlocks an account and reads it again.
func (s *session) setEnabled(call connector.Call, enable bool) (map[string]any, error) {
	user, err := s.user(text(call, "user"))
	if err != nil {
		return nil, err
	}
	is, err := s.dir.dialect.enabled(user)
	if err != nil {
		return nil, err
	}
	if !enable {
		if err := s.dir.dialect.lockHolds(s, user); err != nil {
			return nil, err
		}
	}
	if err := call.Permit(s.ctx); err != nil {
		return nil, err
	}
	if is != enable {
		if err := s.conn.Modify(s.dir.dialect.change(user, enable)); err != nil {
			return nil, modified(err)
		}
		if err := s.confirm(user.DN, enable); err != nil {
			return nil, err
		}
	}
	return map[string]any{"dn": user.DN, "user": s.dir.dialect.login(user), "enabled": enable, "changed": is != enable}, nil
}

// modified reads the failure of a change that names the value it takes away: a
// value that is gone means that somebody else changed the account meanwhile.
func modified(err error) *connector.Error {
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchAttribute) {
		return &connector.Error{Class: connector.Transient, Message: "the account was changed by somebody else at the same moment"}
	}
	return classify(err, true)
}

// confirm reads an account again: some directories take a change and drop it.
func (s *session) confirm(dn string, enable bool) error {
	user, err := s.user(dn)
	if err != nil {
		return &connector.Error{Class: connector.Unknown, Message: "the change was taken, but the account could not be read again", Err: err}
	}
	is, err := s.dir.dialect.enabled(user)
	if err != nil {
		return &connector.Error{Class: connector.Unknown, Message: "the change was taken, but the account could not be read again", Err: err}
	}
	if is != enable {
		return permanent("the directory took the change and did not keep it: the account is as it was")
	}
	return nil
}

// setMember puts a user into a group or takes it out.
func (s *session) setMember(call connector.Call, member bool) (map[string]any, error) {
	user, err := s.user(text(call, "user"))
	if err != nil {
		return nil, err
	}
	group, err := s.group(text(call, "group"))
	if err != nil {
		return nil, err
	}
	attribute, err := memberAttribute(group)
	if err != nil {
		return nil, err
	}
	value := user.DN
	if attribute == "memberUid" {
		value = s.dir.dialect.login(user)
	}
	is := slices.ContainsFunc(group.GetEqualFoldAttributeValues(attribute), func(given string) bool { return strings.EqualFold(given, value) })
	if err := call.Permit(s.ctx); err != nil {
		return nil, err
	}
	if is != member {
		if err := s.modifyMember(group, attribute, value, member); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"dn": user.DN, "user": s.dir.dialect.login(user), "group": group.GetAttributeValue("cn"), "member": member, "changed": is != member,
	}, nil
}

func (s *session) modifyMember(group *ldap.Entry, attribute, value string, member bool) error {
	change := ldap.NewModifyRequest(group.DN, nil)
	already := uint16(ldap.LDAPResultNoSuchAttribute)
	if member {
		change.Add(attribute, []string{value})
		already = ldap.LDAPResultAttributeOrValueExists
	} else {
		change.Delete(attribute, []string{value})
	}
	err := s.conn.Modify(change)
	switch {
	case err == nil, ldap.IsErrorWithCode(err, already): // somebody else was faster
		return nil
	case ldap.IsErrorWithCode(err, ldap.LDAPResultObjectClassViolation) && !member:
		return permanent(fmt.Sprintf("%s would have no member left, which its class does not permit", group.DN))
	default:
		return classify(err, true)
	}
}
