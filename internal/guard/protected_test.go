package guard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	list := []soar.Protected{
		{Class: "host", Pattern: "dc-*", Reason: "domain controllers"},
		{Class: "host", Pattern: "backup-01.lab.example", Reason: "backup"},
		{Class: "host", Pattern: "*.infra.lab.example", Reason: "infrastructure"},
		{Class: "user", Pattern: "svc-*", Reason: "service accounts"},
		{Class: "user", Pattern: "breakglass@lab.example", Reason: "emergency"},
		{Class: "address", Pattern: "198.51.100.0/28", Reason: "our own way out"},
		{Class: "address", Pattern: "2001:db8:1::/48", Reason: "our own way out"},
		{Class: "address", Pattern: "203.0.113.53", Reason: "name server"},
		{Pattern: "tocsin", Reason: "this product"},
	}
	rows := []struct{ class, target, want string }{
		{"host", "dc-01", "dc-*"},
		{"host", "DC-01.LAB.example.", "dc-*"},
		{"host", "adc-01", ""},
		{"host", "dc", ""},
		{"host", "backup-01", "backup-01.lab.example"},
		{"host", "Backup-01.lab.example", "backup-01.lab.example"},
		{"host", "backup-011", ""},
		{"host", "vm.infra.lab.example", "*.infra.lab.example"},
		{"host", "ws-042", ""},
		{"host", "ws-042.lab.example", ""},
		{"host", "198.51.100.3", "198.51.100.0/28"},
		{"host", "tocsin", "tocsin"},
		{"user", "tocsin", "tocsin"},
		{"user", "svc-backup", "svc-*"},
		{"user", `LAB\svc-backup`, "svc-*"},
		{"user", "SVC-backup@lab.example", "svc-*"},
		{"user", "breakglass", "breakglass@lab.example"},
		{"user", `LAB\breakglass`, "breakglass@lab.example"},
		{"user", "dc-01", ""},
		{"address", "198.51.100.15", "198.51.100.0/28"},
		{"address", "198.51.100.16", ""},
		{"address", "::ffff:198.51.100.3", "198.51.100.0/28"},
		{"address", "[::ffff:c633:6403]", "198.51.100.0/28"},
		{"address", "198.51.100.3/32", "198.51.100.0/28"},
		{"address", "2001:db8:1::5", "2001:db8:1::/48"},
		{"address", "2001:db8:1::5%eth0", "2001:db8:1::/48"},
		{"address", "203.0.113.53", "203.0.113.53"},
		{"address", "203.0.113.5", ""},
		{"", "svc-backup", "svc-*"},
		{"", "dc-01", "dc-*"},
		{"mailbox", "dc-01", ""},
	}
	for _, row := range rows {
		t.Run(row.class+" "+row.target, func(t *testing.T) {
			t.Parallel()
			got := ""
			if entry := guard.Match(list, row.class, row.target); entry != nil {
				got = entry.Pattern
			}
			if got != row.want {
				t.Errorf("matched %q, want %q", got, row.want)
			}
		})
	}
}

func TestPatternOfStarsOnly(t *testing.T) {
	t.Parallel()
	everything := []soar.Protected{{Class: "host", Pattern: "*", Reason: "frozen site"}}
	if guard.Match(everything, "host", "ws-042") == nil {
		t.Error("the pattern * must cover every host")
	}
	if guard.Match(everything, "user", "avery") != nil {
		t.Error("the pattern * of class host must not cover users")
	}
}

func TestBuiltinCoversAliases(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "169.254.169.254", "168.63.129.16", "224.0.0.1", "255.255.255.255", "fe80::1%eth0"} {
		for _, class := range []string{"address", "host", ""} {
			if guard.Match(guard.Builtin(), class, target) == nil {
				t.Errorf("%s as %q is not protected", target, class)
			}
		}
	}
	if guard.Match(guard.Builtin(), "host", "LOCALHOST.") == nil {
		t.Error("localhost is not protected")
	}
}

// A pattern of many stars against a name that nearly fits must not take long:
// both may come from outside.
func TestGlobCost(t *testing.T) {
	t.Parallel()
	list := []soar.Protected{{Pattern: strings.Repeat("a*", 100) + "b"}}
	begin := time.Now()
	if guard.Match(list, "", strings.Repeat("a", 512)) != nil {
		t.Error("matched")
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("took %v", took)
	}
}
