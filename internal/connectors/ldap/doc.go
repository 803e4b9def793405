// Package ldap is the connector to a directory over LDAP: who a user is, locking
// and unlocking an account, membership in groups.
//
// Two families of directories are spoken to. With directory: openldap an account
// is locked as the password policy overlay does it for good
// (pwdAccountLockedTime 000001010000Z), which works only where a policy with
// pwdLockout TRUE is in force: this is read first, because a directory without one
// takes the lock and lets everybody in all the same. With directory:
// active_directory the bit ACCOUNTDISABLE of userAccountControl is set, by naming
// the value that was read, so that nobody else's change is lost.
//
// Every call opens one connection of its own, binds, and looks its target up: a
// name that fits no entry or more than one changes nothing. After each change the
// entry is read again.
package ldap
