package ldap

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
)

const (
	rootDN       = "cn=admin,dc=lab,dc=test"
	rootPassword = "admin-password-of-the-test"
)

// slapd is a real OpenLDAP server on loopback with its own data.
type slapd struct {
	plain, secure string // host:port
	ca            string // PEM
}

// tree is what the server holds: two ways of keeping accounts, three of keeping groups.
const tree = `
dn: dc=lab,dc=test
objectClass: dcObject
objectClass: organization
dc: lab
o: lab

dn: ou=people,dc=lab,dc=test
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=lab,dc=test
objectClass: organizationalUnit
ou: groups

dn: ou=ad,dc=lab,dc=test
objectClass: organizationalUnit
ou: ad

dn: cn=strict,dc=lab,dc=test
objectClass: device
objectClass: pwdPolicy
cn: strict
pwdAttribute: userPassword
pwdLockout: TRUE

dn: cn=lax,dc=lab,dc=test
objectClass: device
objectClass: pwdPolicy
cn: lax
pwdAttribute: userPassword
pwdLockout: FALSE

dn: uid=clerk-17,ou=people,dc=lab,dc=test
objectClass: inetOrgPerson
uid: clerk-17
cn: Clerk 17
sn: 17
mail: clerk-17@lab.test
userPassword: clerk-password

dn: uid=clerk-18,ou=people,dc=lab,dc=test
objectClass: inetOrgPerson
uid: clerk-18
cn: Clerk
sn: 18
mail: clerk-18@lab.test
userPassword: clerk-password
pwdPolicySubentry: cn=lax,dc=lab,dc=test

dn: uid=clerk-19,ou=people,dc=lab,dc=test
objectClass: inetOrgPerson
uid: clerk-19
cn: Clerk
sn: 19
mail: clerk-19@lab.test

dn: cn=accounting,ou=groups,dc=lab,dc=test
objectClass: groupOfNames
cn: accounting
member: uid=clerk-17,ou=people,dc=lab,dc=test
member: uid=clerk-18,ou=people,dc=lab,dc=test

dn: cn=lonely,ou=groups,dc=lab,dc=test
objectClass: groupOfNames
cn: lonely
member: uid=clerk-17,ou=people,dc=lab,dc=test

dn: cn=shell,ou=groups,dc=lab,dc=test
objectClass: posixGroup
cn: shell
gidNumber: 500
memberUid: clerk-17

dn: cn=Anna Example,ou=ad,dc=lab,dc=test
objectClass: user
cn: Anna Example
sn: Example
sAMAccountName: anna
userPrincipalName: anna@lab.test
userAccountControl: 66048
userPassword: anna-password
`

// configuration has the few attributes of Active Directory that the connector
// reads and writes, under the numbers that OpenLDAP sets aside for experiments.
const configuration = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
attributetype ( 1.3.6.1.4.1.4203.666.1.1 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.2 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.3 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.1.4 NAME 'user' SUP organizationalPerson STRUCTURAL MAY ( sAMAccountName $ userPrincipalName $ userAccountControl $ mail ) )
objectclass ( 1.3.6.1.4.1.4203.666.1.5 NAME 'computer' SUP user STRUCTURAL )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile %[1]s/pid
TLSCertificateFile %[1]s/server.pem
TLSCertificateKeyFile %[1]s/server.key
disallow bind_anon
database mdb
suffix "dc=lab,dc=test"
rootdn "%[2]s"
rootpw %[3]s
directory %[1]s/data
overlay ppolicy
ppolicy_default "cn=strict,dc=lab,dc=test"
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="uid=clerk-19,ou=people,dc=lab,dc=test" read by * none
`

// startSlapd starts a server; deploy/setup.sh test installs it.
func startSlapd(t *testing.T) *slapd {
	t.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		if program = "/usr/sbin/slapd"; !exists(program) {
			t.Fatal("slapd is not installed; deploy/setup.sh test installs it")
		}
	}
	dir := t.TempDir()
	_, shown, key := connectortest.Certificate(t)
	writeFile(t, filepath.Join(dir, "server.pem"), shown)
	writeFile(t, filepath.Join(dir, "server.key"), key)
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := &slapd{plain: freeAddress(t), secure: freeAddress(t), ca: shown}
	config := filepath.Join(dir, "slapd.conf")
	writeFile(t, config, fmt.Sprintf(configuration, dir, rootDN, rootPassword))
	writeFile(t, filepath.Join(dir, "tree.ldif"), tree)
	run(t, program, "-T", "add", "-f", config, "-l", filepath.Join(dir, "tree.ldif"))
	output := &bytes.Buffer{}
	server := exec.Command(program, "-f", config, "-h", "ldap://"+s.plain+" ldaps://"+s.secure, "-d", "0")
	server.Stdout, server.Stderr, server.WaitDelay = output, output, 5*time.Second
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	s.await(t, output)
	return s
}

func (s *slapd) await(t *testing.T, output *bytes.Buffer) {
	t.Helper()
	for range 200 {
		conn, err := net.DialTimeout("tcp", s.plain, time.Second)
		if err == nil {
			conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond) // another process: nothing tells us
	}
	t.Fatalf("slapd does not answer: %s", output)
}

// admits tells whether the server lets this user in.
func (s *slapd) admits(t *testing.T, dn, password string) bool {
	t.Helper()
	conn, err := ldap.DialURL("ldap://" + s.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Bind(dn, password)
	if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		t.Fatal(err)
	}
	return err == nil
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if output, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, output)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func writeFile(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
