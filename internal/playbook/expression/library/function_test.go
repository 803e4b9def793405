package library

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// call runs a function as the machine does.
func call(t *testing.T, name string, args ...any) (any, error) {
	t.Helper()
	f, ok := Find(name)
	if !ok {
		t.Fatalf("there is no %s()", name)
	}
	return f.call(NewMeter(), slices.Clone(args))
}

type list = []any

func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		args list
		want any
	}{
		{"domain_of", list{"https://Login.Evil.example:8443/x?y#z"}, "login.evil.example"},
		{"domain_of", list{"https://good.example@evil.example/"}, "evil.example"},
		{"domain_of", list{`https://evil.example\@good.example`}, "evil.example"},
		{"domain_of", list{"https://user:pass@evil.example:80"}, "evil.example"},
		{"domain_of", list{"//evil.example/a"}, "evil.example"},
		{"domain_of", list{"evil.example."}, "evil.example"},
		{"domain_of", list{"evil.example/path@x"}, "evil.example"},
		{"domain_of", list{"Anna@Corp.example"}, "corp.example"},
		{"domain_of", list{"<anna@corp.example>"}, "corp.example"},
		{"domain_of", list{"mailto:anna@corp.example?subject=x"}, "corp.example"},
		{"domain_of", list{"http://[2001:DB8::1]:80/"}, "2001:db8::1"},
		{"domain_of", list{"2001:db8::1"}, "2001:db8::1"},
		{"domain_of", list{"http://10.1.2.3:80"}, "10.1.2.3"},
		{"domain_of", list{""}, ""},
		{"defang", list{"http://evil.example/a.b?c=d.e"}, "hxxp://evil[.]example/a.b?c=d.e"},
		{"defang", list{"hxxp://evil[.]example"}, "hxxp://evil[.]example"},
		{"defang", list{"10.1.2.3"}, "10[.]1[.]2[.]3"},
		{"defang", list{"anna@evil.example"}, "anna[@]evil[.]example"},
		{"refang", list{"hxxp[://]evil(.)example[:]80"}, "http://evil.example:80"},
		{"refang", list{"anna[at]evil[dot]example"}, "anna@evil.example"},
		{"cidr_contains", list{"10.0.0.0/8", "11.0.0.1"}, false},
		{"cidr_contains", list{"10.1.2.3/8", "10.200.0.1"}, true},
		{"cidr_contains", list{list{"192.168.0.0/16", "10.0.0.0/8"}, "10.0.0.1"}, true},
		{"cidr_contains", list{list{}, "10.0.0.1"}, false},
		{"cidr_contains", list{"10.0.0.0/8", "::ffff:10.0.0.1"}, true},
		{"cidr_contains", list{"2001:db8::/32", "2001:db8::5"}, true},
		{"cidr_contains", list{"2001:db8::/32", "10.0.0.1"}, false},
		{"is_private_ip", list{"10.0.0.1"}, true},
		{"is_private_ip", list{"172.31.255.255"}, true},
		{"is_private_ip", list{"172.32.0.0"}, false},
		{"is_private_ip", list{"100.64.0.1"}, true},
		{"is_private_ip", list{"127.0.0.1"}, true},
		{"is_private_ip", list{"169.254.169.254"}, true},
		{"is_private_ip", list{"8.8.8.8"}, false},
		{"is_private_ip", list{"::ffff:192.168.1.1"}, true},
		{"is_private_ip", list{"fd00::1"}, true},
		{"is_private_ip", list{"::1"}, true},
		{"is_private_ip", list{"2606:4700::1"}, false},
		{"is_ip", list{"10.0.0.256"}, false},
		{"is_ip", list{" 10.0.0.1 "}, true},
		{"is_ip", list{"fe80::1%eth0"}, false},
		{"is_ip", list{"host"}, false},
		{"glob", list{"*", ""}, true},
		{"glob", list{"", ""}, true},
		{"glob", list{"a?c", "abc"}, true},
		{"glob", list{"a?c", "ac"}, false},
		{"glob", list{"a*b*c", "aXXbYYc"}, true},
		{"glob", list{"a*b*c", "aXXcYYb"}, false},
		{"glob", list{"*é", "caf\u00e9"}, true},
		{"glob", list{"[a]", "a"}, false},
		{"redact", list{"1234567"}, "****"},
		{"redact", list{"12345678"}, "****5678"},
		{"redact", list{"pässwörter"}, "****rter"},
		{"sha256", list{""}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"duration", list{"90m"}, 5400},
		{"duration", list{"1w"}, 604800},
		{"duration", list{"1h30m15s"}, 5415},
		{"duration", list{"1500ms"}, 1.5},
		{"duration", list{"0s"}, 0},
		{"parse_time", list{"1970-01-01T00:00:10.9Z"}, 10},
		{"parse_time", list{"1970-01-01T01:00:00+01:00"}, 0},
		{"before", list{"2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.2Z"}, true},
		{"after", list{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"}, false},
		{"business_hours", list{"2026-01-02T17:00:00Z"}, false},
		{"business_hours", list{"2026-01-02T16:59:59Z"}, true},
		{"business_hours", list{"2026-01-03T12:00:00Z"}, false},
		{"business_hours", list{"2026-01-02T08:30:00-01:00"}, true},
		{"len", list{"né"}, 2},
		{"len", list{map[string]any{"a": 1}}, 1},
		{"trim", list{"\u00a0 a\n"}, "a"},
		{"trim", list{"xxaxx", "x"}, "a"},
		{"trimPrefix", list{"abc", "x"}, "abc"},
		{"indexOf", list{"éa", "a"}, 1},
		{"lastIndexOf", list{"aéa", "a"}, 2},
		{"indexOf", list{"a", "x"}, -1},
		{"replace", list{"aaa", "a", ""}, ""},
		{"replace", list{"ab", "", "-"}, "-a-b-"},
		{"split", list{"a,b,c", ",", 2}, list{"a", "b,c"}},
		{"split", list{"aé", ""}, list{"a", "é"}},
		{"split", list{"", ","}, list{""}},
		{"split", list{"a", ",", 0}, list{"a"}},
		{"join", list{list{}}, ""},
		{"join", list{list{1, nil, true, list{2}}, "-"}, "1--true-[2]"},
		{"repeat", list{"ab", 0}, ""},
		{"string", list{nil}, ""},
		{"toJSON", list{nil}, "null"},
		{"int", list{"-5"}, -5},
		{"int", list{2.9}, 2},
		{"int", list{-2.9}, -2},
		{"float", list{5}, 5},
		{"round", list{-2.5}, -3},
		{"ceil", list{5}, 5},
		{"abs", list{-2.5}, 2.5},
		{"min", list{list{}}, nil},
		{"min", list{list{3, 1.5}, 2}, 1.5},
		{"mean", list{list{1, 2}}, 1.5},
		{"median", list{4, 1, 2, 3}, 2.5},
		{"median", list{list{}}, nil},
		{"first", list{list{}}, nil},
		{"last", list{list{1, 2}}, 2},
		{"get", list{list{1}, -1}, 1},
		{"get", list{list{1}, 5}, nil},
		{"get", list{map[string]any{"a": 1}, "a"}, 1},
		{"take", list{list{1}, 5}, list{1}},
		{"take", list{list{1}, -5}, list{}},
		{"uniq", list{list{1, 1.0, "1", nil, nil}}, list{1, "1", nil}},
		{"flatten", list{list{list{}, list{1, list{list{2}}}}}, list{1, 2}},
		{"concat", list{list{1}, list{}, list{2}}, list{1, 2}},
		{"sort", list{list{"b", "B", "a"}}, list{"B", "a", "b"}},
		{"sort", list{list{2, 1.5}, "desc"}, list{2, 1.5}},
		{"keys", list{map[string]any{}}, list{}},
		{"fromPairs", list{list{list{"a", 1}, list{"a", 2}}}, map[string]any{"a": 2}},
	} {
		got, err := call(t, row.name, row.args...)
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s%.60v: got %#v, %v, want %#v", row.name, row.args, got, err, row.want)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	t.Parallel()
	many := make(list, data.MaxListItems)
	long := strings.Repeat("x", data.MaxBuiltText)
	for _, row := range []struct {
		name string
		args list
		want string
	}{
		{"upper", list{}, "upper() needs 1 argument, but has 0"},
		{"upper", list{"a", "b"}, "upper() takes 1 argument at most, but has 2"},
		{"upper", list{nil}, "upper() needs text for value, but got null"},
		{"len", list{5}, "len() needs text or a list or an object for value, but got a whole number"},
		{"take", list{list{}, 1.5}, "take() needs a whole number for count, but got a number"},
		{"cidr_contains", list{"10.0.0.0", "10.0.0.1"}, `"10.0.0.0" is not a range such as 10.0.0.0/8`},
		{"cidr_contains", list{list{5}, "10.0.0.1"}, `"" is not a range such as 10.0.0.0/8`},
		{"cidr_contains", list{"10.0.0.0/8", "host"}, "the text is not an IP address"},
		{"is_private_ip", list{"host"}, "the text is not an IP address"},
		{"glob", list{strings.Repeat("*", 257), "a"}, "the pattern is longer than 256 characters"},
		{"duration", list{""}, `the text is not a length of time such as "90m" or "1d12h"`},
		{"duration", list{"90"}, `the text is not a length of time such as "90m" or "1d12h"`},
		{"duration", list{"1m1h"}, `the text is not a length of time such as "90m" or "1d12h"`},
		{"duration", list{"99999999999999w"}, `the text is not a length of time such as "90m" or "1d12h"`},
		{"duration", list{strings.Repeat("9", 70) + "s"}, `the text is not a length of time such as "90m" or "1d12h"`},
		{"parse_time", list{"yesterday"}, `"yesterday" is not an instant such as 2026-01-02T15:04:05Z`},
		{"before", list{"2026-01-01T00:00:00Z", "x"}, `"x" is not an instant such as 2026-01-02T15:04:05Z`},
		{"business_hours", list{"x"}, `"x" is not an instant such as 2026-01-02T15:04:05Z`},
		{"repeat", list{"a", -1}, "repeat() needs 0 or more times, but got -1"},
		{"repeat", list{long, 2}, "the text would be longer than 65536 bytes"},
		{"join", list{list{long, "x"}}, "the text would be longer than 65536 bytes"},
		{"replace", list{long, "x", "xx"}, "the text would be longer than 65536 bytes"},
		{"split", list{strings.Repeat(",", 256), ","}, "the list would have 257 items; the limit is 256"},
		{"concat", list{many, list{1}}, "the list would have 257 items; the limit is 256"},
		{"flatten", list{list{many, list{1}}}, "flatten() would give more than 256 items"},
		{"int", list{"5x"}, "int() needs decimal digits within 64 bits"},
		{"int", list{1e300}, "the result is larger than a whole number can be (64 bits)"},
		{"float", list{"NaN"}, "float() needs a decimal number"},
		{"min", list{list{"a"}}, "a number is needed here, but got text"},
		{"get", list{list{1}, "a"}, "get() needs a whole number for a list and text for an object"},
		{"fromPairs", list{list{1}}, "fromPairs() needs a list of [name, member]"},
		{"fromPairs", list{list{list{1, 2}}}, "fromPairs() needs text for every name"},
		{"fromJSON", list{"{"}, "the text is not JSON"},
		{"sort", list{list{true, false}}, "true or false and true or false cannot be put in order"},
	} {
		got, err := call(t, row.name, row.args...)
		if err == nil || err.Error() != row.want {
			t.Errorf("%s%.40v: got %.40v, %v, want %s", row.name, row.args, got, err, row.want)
		}
	}
}

// TestFunctionsLeaveArgumentsAlone: lists are shared between values, so none may be written to.
func TestFunctionsLeaveArgumentsAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"reverse", "sort", "uniq", "flatten", "median", "take"} {
		in := list{3, 1, 2, 1}
		args := list{in}
		if name == "take" {
			args = list{in, 2}
		}
		out, err := call(t, name, args...)
		if err != nil {
			t.Fatal(err)
		}
		if result, ok := out.(list); ok && len(result) > 0 {
			result[0] = "changed"
		}
		if !reflect.DeepEqual(in, list{3, 1, 2, 1}) {
			t.Errorf("%s() changed its argument to %v", name, in)
		}
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	f, _ := Find("split")
	want := []Parameter{{Name: "value", Kinds: []data.Kind{data.KindText}}, {Name: "separator", Kinds: []data.Kind{data.KindText}},
		{Name: "limit", Kinds: []data.Kind{data.KindInt}, Optional: true}}
	if !reflect.DeepEqual(f.Parameters, want) || f.Result != (Result{Kind: data.KindList, Elem: data.KindText}) {
		t.Errorf("got %+v", f)
	}
	if f, _ := Find("first"); f.Result != (Result{From: "item", Maybe: true}) {
		t.Errorf("got %+v", f.Result)
	}
	if p, ok := f.At(9); ok {
		t.Errorf("split() has a tenth parameter %+v", p)
	}
	concat, _ := Find("concat")
	if p, ok := concat.At(9); !ok || !p.Repeated {
		t.Errorf("concat() has no tenth parameter")
	}
	names := Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or twice: %v", names)
	}
}

func TestMalformedSignaturesPanic(t *testing.T) {
	t.Parallel()
	for _, signature := range []string{"f", "f(a text)", "f(a words) text", "f(a text) words"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", signature)
				}
			}()
			parseSignature(signature)
		}()
	}
}
