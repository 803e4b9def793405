package library

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// securityFunctions never look anything up: no name server, no list of public suffixes.
func securityFunctions() []entry {
	return []entry{
		{"cidr_contains(range text|list, ip text) bool", "Whether the address lies in the range, or in one of the ranges.",
			`cidr_contains("10.0.0.0/8", "10.20.30.40")`, `true`, cidrContains},
		{"is_ip(value text) bool", "Whether the text is an IPv4 or IPv6 address.", `is_ip("2001:db8::1")`, `true`, isIP},
		{"is_private_ip(ip text) bool",
			"Whether the address is not of the public Internet: private (RFC 1918, fc00::/7), shared (100.64.0.0/10), " +
				"loopback, link-local or unspecified. Text that is no address is an error: test is_ip first.",
			`is_private_ip("192.168.1.20")`, `true`, isPrivateIP},
		{"domain_of(value text) text",
			"The host of a URL or of an e-mail address, in lower case, without port and final dot. " +
				"It does not know which part of the host was registered.",
			`domain_of("https://anna@Login.Evil.example:8443/x?y")`, `"login.evil.example"`, domainOf},
		{"defang(value text) text", "The URL, address or host in a form that nobody clicks by accident.",
			`defang("https://evil.example/a")`, `"hxxps://evil[.]example/a"`, mapSlowly(defang)},
		{"refang(value text) text", "The opposite of defang; knows hxxp, [.], (.), [dot], [@], [at], [:] and [://].",
			`refang("hxxps[://]evil[.]example")`, `"https://evil.example"`, mapSlowly(refang)},
		{"base64url(value text) text", "The text in URL-safe Base64 without padding, as some services name a URL by it.", `base64url("https://evil.example/?a")`,
			`"aHR0cHM6Ly9ldmlsLmV4YW1wbGUvP2E"`, mapText(func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) })},
		{"sha256(value text) text", "The SHA-256 of the text, as 64 lower-case hexadecimal digits.", `sha256("abc")`,
			`"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`, func(m *Meter, args []any) (any, error) {
				sum := sha256.Sum256([]byte(args[0].(string)))
				return built(m, hex.EncodeToString(sum[:]))
			}},
		{"glob(pattern text, value text) bool",
			"Whether the whole text fits the pattern: * is any run of characters, ? is one. Capital letters differ from small ones.",
			`glob("srv-*-prod", "srv-mail-prod")`, `true`, globMatch},
		{"redact(value text) text", "Asterisks and the last 4 characters; of fewer than 8 characters nothing is shown.",
			`redact("4111111111111234")`, `"****1234"`, redact},
	}
}

var errNotIP = errors.New("the text is not an IP address")

// parseIP reads an address; a mapped IPv4 address counts as IPv4, a zone is refused.
func parseIP(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || address.Zone() != "" {
		return netip.Addr{}, errNotIP
	}
	return address.Unmap(), nil
}

func isIP(_ *Meter, args []any) (any, error) {
	_, err := parseIP(args[0].(string))
	return err == nil, nil
}

func cidrContains(_ *Meter, args []any) (any, error) {
	address, err := parseIP(args[1].(string))
	if err != nil {
		return nil, err
	}
	ranges, many := args[0].([]any)
	if !many {
		ranges = args[:1]
	}
	found := false
	for _, item := range ranges {
		text, _ := item.(string)
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%s is not a range such as 10.0.0.0/8", data.Quote(text))
		}
		found = found || prefix.Contains(address)
	}
	return found, nil
}

func isPrivateIP(_ *Meter, args []any) (any, error) {
	address, err := parseIP(args[0].(string))
	if err != nil {
		return nil, err
	}
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10)
	return address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() ||
		address.IsUnspecified() || shared.Contains(address), nil
}

// domainOf cuts in the order in which browsers do, so that https://good.example@evil.example and
// https://evil.example\@good.example both give evil.example.
func domainOf(m *Meter, args []any) (any, error) {
	host := strings.TrimSpace(args[0].(string))
	if _, after, ok := strings.Cut(host, "://"); ok {
		host = after
	} else {
		host = strings.TrimPrefix(strings.TrimPrefix(host, "//"), "mailto:")
	}
	if end := strings.IndexAny(host, `/\?#`); end >= 0 {
		host = host[:end]
	}
	host = strings.Trim(host[strings.LastIndexByte(host, '@')+1:], "<> ")
	if strings.HasPrefix(host, "[") {
		host, _, _ = strings.Cut(host[1:], "]")
	} else if strings.Count(host, ":") == 1 {
		host, _, _ = strings.Cut(host, ":")
	}
	return built(m, strings.TrimSuffix(strings.ToLower(host), "."))
}

// The replacers build a search tree when they are made, so they are made once.
var (
	schemeDefang = strings.NewReplacer("http://", "hxxp://", "https://", "hxxps://", "ftp://", "fxp://",
		"HTTP://", "hxxp://", "HTTPS://", "hxxps://")
	hostDefang = strings.NewReplacer(".", "[.]", "@", "[@]")
	allRefang  = strings.NewReplacer("hxxp", "http", "hXXp", "http", "fxp://", "ftp://", "[://]", "://", "[:]", ":",
		"[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[@]", "@", "(@)", "@", "[at]", "@", "(at)", "@")
)

// mapSlowly is mapText for a change that takes longer for each byte than most.
func mapSlowly(change func(string) string) body {
	return func(m *Meter, args []any) (any, error) {
		if err := m.Spend(5 * len(args[0].(string))); err != nil {
			return nil, err
		}
		return mapText(change)(m, args)
	}
}

// defang undoes an earlier defang first, so that doing it twice changes nothing.
func defang(text string) string {
	scheme, rest, ok := strings.Cut(schemeDefang.Replace(refang(text)), "://")
	if !ok {
		scheme, rest = "", scheme
	} else {
		scheme += "://"
	}
	end := strings.IndexAny(rest, "/?# ")
	if end < 0 {
		end = len(rest)
	}
	return scheme + hostDefang.Replace(rest[:end]) + rest[end:]
}

func refang(text string) string { return allRefang.Replace(text) }

// globMatch backs up to the last star only, so its cost is at most the product of the lengths,
// which is paid for before.
func globMatch(m *Meter, args []any) (any, error) {
	Pattern, value := []rune(args[0].(string)), []rune(args[1].(string))
	if len(Pattern) > maxPatternBytes {
		return nil, fmt.Errorf("the pattern is longer than %d characters", maxPatternBytes)
	}
	if err := m.Spend((len(Pattern)+len(value))/2 + len(Pattern)*len(value)/16); err != nil {
		return nil, err
	}
	p, v, star, mark := 0, 0, -1, 0
	for v < len(value) {
		switch {
		case p < len(Pattern) && Pattern[p] == '*':
			star, mark = p, v
			p++
		case p < len(Pattern) && (Pattern[p] == '?' || Pattern[p] == value[v]):
			p++
			v++
		case star >= 0:
			mark++
			p, v = star+1, mark
		default:
			return false, nil
		}
	}
	for p < len(Pattern) && Pattern[p] == '*' {
		p++
	}
	return p == len(Pattern), nil
}

func redact(m *Meter, args []any) (any, error) {
	value := args[0].(string)
	if utf8.RuneCountInString(value) < 8 {
		return "****", nil
	}
	start := len(value)
	for range 4 {
		_, size := utf8.DecodeLastRuneInString(value[:start])
		start -= size
	}
	return built(m, "****"+value[start:])
}
