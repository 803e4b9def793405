package guard

import (
	"net/netip"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Classes of targets that the manifest and the protected list speak of.
const (
	ClassHost    = "host"
	ClassUser    = "user"
	ClassAddress = "address"
)

// Builtin lists what no playbook may touch anywhere. A site adds its own: domain
// controllers, identity provider, name servers, backup, this product's hosts.
func Builtin() []soar.Protected {
	address := func(pattern, reason string) soar.Protected {
		return soar.Protected{Class: ClassAddress, Pattern: pattern, Reason: reason}
	}
	return []soar.Protected{
		address("127.0.0.0/8", "the machine itself"),
		address("::1/128", "the machine itself"),
		address("0.0.0.0/8", "no address of one machine"),
		address("169.254.0.0/16", "link-local: cloud metadata and neighbours"),
		address("fe80::/10", "link-local: neighbours"),
		address("224.0.0.0/4", "multicast: many machines"),
		address("ff00::/8", "multicast: many machines"),
		address("255.255.255.255/32", "broadcast: all machines"),
		address("168.63.129.16/32", "a cloud's own services"),
		{Class: ClassHost, Pattern: "localhost", Reason: "the machine itself"},
		{Class: ClassUser, Pattern: "krbtgt", Reason: "the directory stops working without it"},
	}
}

// Match gives the first entry that protects the target, or nil. Class is what the
// manifest says the action's target is; an action that does not say is held
// against every entry. Patterns are whole names with * for any run of characters,
// without regard to case, or an address or network.
//
// A name is compared in all its common forms: with and without its domain or
// trailing dot, DOMAIN\user and user@domain, an address mapped into IPv6.
func Match(list []soar.Protected, class, target string) *soar.Protected {
	address, isAddress := parseAddress(target)
	for i := range list {
		entry := &list[i]
		if isAddress && coversAddress(entry, class, address) {
			return entry
		}
		if speaksOf(entry, class) && coversName(entry.Pattern, target) {
			return entry
		}
	}
	return nil
}

func speaksOf(entry *soar.Protected, class string) bool {
	return entry.Class == "" || class == "" || strings.EqualFold(entry.Class, class)
}

// coversAddress also asks address entries about a host that is named by its
// address.
func coversAddress(entry *soar.Protected, class string, address netip.Addr) bool {
	if !speaksOf(entry, class) && !strings.EqualFold(entry.Class, ClassAddress) {
		return false
	}
	if prefix, err := netip.ParsePrefix(entry.Pattern); err == nil {
		return prefix.Contains(address)
	}
	single, ok := parseAddress(entry.Pattern)
	return ok && single == address
}

func coversName(pattern, target string) bool {
	for _, p := range forms(pattern) {
		if strings.Trim(p, "*") == "" && pattern != "*" {
			continue // the short form of *.lab.example would cover every name
		}
		for _, name := range forms(target) {
			if glob(p, name) {
				return true
			}
		}
	}
	return false
}

// forms gives a name in the ways it is commonly written, lower case.
func forms(name string) []string {
	name = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), ".")
	all := []string{name}
	if _, user, ok := strings.Cut(name, `\`); ok {
		all, name = append(all, user), user
	}
	if user, _, ok := strings.Cut(name, "@"); ok {
		return append(all, user)
	}
	if short, _, ok := strings.Cut(name, "."); ok {
		if _, isAddress := parseAddress(name); !isAddress {
			all = append(all, short)
		}
	}
	return all
}

// glob matches the whole name; * stands for any run of characters. It walks back
// to the last star only, so its cost is bounded by the product of the lengths.
func glob(pattern, name string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// parseAddress reads an address, also with /32, in brackets, or mapped into IPv6.
func parseAddress(text string) (netip.Addr, bool) {
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "["), "]")
	if prefix, err := netip.ParsePrefix(text); err == nil && prefix.IsSingleIP() {
		return prefix.Addr().Unmap().WithZone(""), true
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	return address.Unmap().WithZone(""), true
}
