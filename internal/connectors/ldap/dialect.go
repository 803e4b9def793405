package ldap

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// dialect is what differs between families of directories.
type dialect interface {
	userFilter(name string) string
	userAttributes() []string
	groupName(escaped string) string // a further condition for a group's name
	login(*ldap.Entry) string
	enabled(*ldap.Entry) (bool, error)
	// lockHolds tells whether a lock will keep the user out. Its error says why not.
	lockHolds(*session, *ldap.Entry) error
	change(user *ldap.Entry, enable bool) *ldap.ModifyRequest
}

func dialectOf(name, policyDN string) (dialect, error) {
	switch name {
	case "", "openldap":
		return openLDAP{policyDN}, nil
	case "active_directory":
		if policyDN != "" {
			return nil, fmt.Errorf("policy_dn means nothing with directory: active_directory; remove it")
		}
		return activeDirectory{}, nil
	default:
		return nil, fmt.Errorf("directory is %q; want openldap or active_directory", name)
	}
}

// lockedForGood is the time that the password policy overlay reads as locked until
// an administrator unlocks (draft-behera-ldap-password-policy, 5.3.3).
const lockedForGood = "000001010000Z"

const lockedTime = "pwdAccountLockedTime"

type openLDAP struct{ policyDN string }

func (openLDAP) userFilter(name string) string {
	escaped := ldap.EscapeFilter(name)
	return "(&(objectClass=person)(|(uid=" + escaped + ")(mail=" + escaped + ")(cn=" + escaped + ")))"
}

func (openLDAP) userAttributes() []string {
	return []string{"uid", "cn", "mail", lockedTime, "pwdPolicySubentry"}
}

func (openLDAP) groupName(string) string { return "" }

func (openLDAP) login(user *ldap.Entry) string {
	if uid := user.GetAttributeValue("uid"); uid != "" {
		return uid
	}
	return user.GetAttributeValue("cn")
}

func (openLDAP) enabled(user *ldap.Entry) (bool, error) {
	return user.GetAttributeValue(lockedTime) == "", nil
}

// lockHolds reads the policy that governs the user: without pwdLockout TRUE the
// server keeps the lock and does not look at it.
func (o openLDAP) lockHolds(s *session, user *ldap.Entry) error {
	policy := user.GetAttributeValue("pwdPolicySubentry")
	if policy == "" {
		policy = o.policyDN
	}
	if policy == "" {
		return permanent("no password policy is known for this user, so a lock might be ignored: set policy_dn to the overlay's default policy")
	}
	found, err := s.conn.Search(ldap.NewSearchRequest(policy, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)", []string{"pwdLockout"}, nil))
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) || (err == nil && len(found.Entries) == 0) {
		return permanent("the password policy " + policy + " does not exist, or may not be read")
	}
	if err != nil {
		return classify(err, false)
	}
	if !strings.EqualFold(found.Entries[0].GetAttributeValue("pwdLockout"), "TRUE") {
		return permanent("the password policy " + policy + " has no pwdLockout TRUE: the directory would take the lock and ignore it")
	}
	return nil
}

func (openLDAP) change(user *ldap.Entry, enable bool) *ldap.ModifyRequest {
	request := ldap.NewModifyRequest(user.DN, nil)
	if enable {
		request.Delete(lockedTime, nil)
	} else {
		request.Replace(lockedTime, []string{lockedForGood})
	}
	return request
}

// accountDisable is ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16).
const accountDisable = 2

const accountControl = "userAccountControl"

type activeDirectory struct{}

func (activeDirectory) userFilter(name string) string {
	if _, after, isDown := strings.Cut(name, `\`); isDown { // DOMAIN\login
		name = after
	}
	escaped := ldap.EscapeFilter(name)
	return "(&(objectClass=user)(!(objectClass=computer))(|(sAMAccountName=" + escaped + ")(userPrincipalName=" + escaped + ")(mail=" + escaped + ")))"
}

func (activeDirectory) userAttributes() []string {
	return []string{"sAMAccountName", "cn", "mail", accountControl}
}

func (activeDirectory) groupName(escaped string) string { return "(sAMAccountName=" + escaped + ")" }

func (activeDirectory) login(user *ldap.Entry) string {
	return user.GetAttributeValue("sAMAccountName")
}

func (activeDirectory) enabled(user *ldap.Entry) (bool, error) {
	control, err := strconv.ParseInt(user.GetAttributeValue(accountControl), 10, 64)
	if err != nil {
		return false, permanent("userAccountControl of " + user.DN + " cannot be read; may the bind account see it")
	}
	return control&accountDisable == 0, nil
}

func (activeDirectory) lockHolds(*session, *ldap.Entry) error { return nil }

// change names the value that was read: when somebody else has changed it
// meanwhile, the directory refuses.
func (activeDirectory) change(user *ldap.Entry, enable bool) *ldap.ModifyRequest {
	was := user.GetAttributeValue(accountControl)
	control, _ := strconv.ParseInt(was, 10, 64) // enabled has read it
	if enable {
		control &^= accountDisable
	} else {
		control |= accountDisable
	}
	request := ldap.NewModifyRequest(user.DN, nil)
	request.Delete(accountControl, []string{was})
	request.Add(accountControl, []string{strconv.FormatInt(control, 10)})
	return request
}
