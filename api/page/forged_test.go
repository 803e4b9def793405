package page_test

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestForgedFormsDecideNothing sends 600 seeded forms of which each lacks one thing
// that makes a decision: the link, the seal, the digest, the reason, the person, the
// page that it comes from, the method. None decides; the right form then does.
func TestForgedFormsDecideNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(2026, 302))
	link, other, asker := w.link("lead@lab.invalid"), w.link("lead2@lab.invalid"), w.link("asker@lab.invalid")
	good, ofOther, ofAsker := w.form(link, "approve", "seen it"), w.form(other, "approve", "seen it"), w.form(asker, "approve", "I want it")
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	garbled := func(text string) string {
		raw, i := []byte(text), random.IntN(len(text))
		raw[i] = pick("0", "1", "f", "Z", "-", "%")[0]
		if string(raw) == text {
			raw[i] = '_'
		}
		return string(raw)
	}
	set := func(form url.Values, name, value string) url.Values {
		form = w.form2(form, pick("approve", "deny"))
		form.Set(name, value)
		return form
	}
	type forged struct {
		kind, method, link string
		form               url.Values
		header             http.Header
	}
	kinds := []func() forged{
		func() forged {
			return forged{"link garbled", "POST", "/approve/" + strings.Map(letter, garbled(strings.TrimPrefix(link, "/approve/"))), good, sameOrigin()}
		},
		func() forged {
			return forged{"seal garbled", "POST", link, set(good, "seal", garbled(good.Get("seal"))), sameOrigin()}
		},
		func() forged {
			return forged{"seal of another", "POST", link, set(good, "seal", pick(ofOther.Get("seal"), ofAsker.Get("seal"), "", strings.Repeat("0", 64))), sameOrigin()}
		},
		func() forged {
			return forged{"digest garbled", "POST", link, set(good, "digest", garbled(good.Get("digest"))), sameOrigin()}
		},
		func() forged {
			return forged{"no reason", "POST", link, set(good, "reason", pick("", " ", "\t\n", "\u00a0")), sameOrigin()}
		},
		func() forged {
			return forged{"no button", "POST", link, w.form2(good, pick("", "yes", "Approve", "approve ", "APPROVE")), sameOrigin()}
		},
		func() forged {
			return forged{"own request", "POST", asker, set(ofAsker, "reason", pick("mine", "urgent", "please")), sameOrigin()}
		},
		func() forged {
			return forged{"another page", "POST", link, good, http.Header{"Sec-Fetch-Site": {pick("cross-site", "same-site")}, "Origin": {"https://evil.example"}}}
		},
		func() forged {
			return forged{"another method", pick("GET", "HEAD", "PUT", "PATCH", "DELETE"), link + "?" + good.Encode(), good, sameOrigin()}
		},
		func() forged {
			return forged{"another type", "POST", link, good, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {pick("text/plain", "application/json", "multipart/form-data; boundary=x", "")}}}
		},
	}
	for i := range 600 {
		one := kinds[i%len(kinds)]()
		got := w.send(one.method, one.link, one.form, one.header)
		if strings.Contains(got.body, "You have approved") || strings.Contains(got.body, "You have denied") || got.status >= 500 {
			t.Fatalf("case %d, %s: %d\n%s", i, one.kind, got.status, got.body)
		}
	}
	w.decided(0)
	if got := w.send(http.MethodPost, link, good, sameOrigin()); got.status != http.StatusOK {
		t.Errorf("the right form: %d\n%s", got.status, got.body)
	}
	w.decided(1)
}

// letter keeps a garbled link one that a path can hold.
func letter(r rune) rune {
	if r == '%' {
		return 'x'
	}
	return r
}
