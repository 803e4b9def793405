package apifuzz

import (
	"net/http"
	"strings"
)

// badToken sends this in place of the token.
func badToken(token string) func(*draw) bool {
	return func(d *draw) bool {
		if d.operation.public() {
			return false
		}
		d.token, d.refused = token, http.StatusUnauthorized
		return true
	}
}

// brokenToken changes the token, or sends something that never was one.
func brokenToken(d *draw) bool {
	if d.operation.public() || d.token == "" {
		return false
	}
	last := "0"
	if strings.HasSuffix(d.token, last) {
		last = "1"
	}
	return badToken(pick(d.rng, []string{
		d.token[:len(d.token)-1] + last, d.token + "x", d.token[:len(d.token)/2], strings.ToUpper(d.token), "x", "tocsin_", "tocsin__", "tocsin_0_0",
		"Basic YTpi", strings.Repeat("t", 4000), "' OR 1=1 --", "null", d.token + " " + d.token,
	}))(d)
}

func refusedToken(d *draw) bool {
	refused := d.run.options.Refused
	if len(refused) == 0 {
		return false
	}
	return badToken(pick(d.rng, refused))(d)
}

func strangersToken(d *draw) bool {
	stranger, ok := d.run.stranger(d.operation)
	if !ok {
		return false
	}
	d.token, d.refused = stranger.token, http.StatusForbidden
	return true
}
