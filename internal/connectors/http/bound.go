package http

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// place is where below the base URL a call goes.
type place struct {
	segments []string
	slash    bool
	query    url.Values
}

// below reads the address of a call of a bound instance: a path that begins with
// a slash, or a whole address. The host, port and path of the base URL are never
// left, since the secret goes along.
func below(base *url.URL, text string) (place, error) {
	target, err := url.Parse(text)
	if err != nil || target.Opaque != "" || target.User != nil || strings.Contains(text, "\\") {
		return place{}, errors.New("url: it cannot be read; want a path such as /tickets, or an address below base_url")
	}
	path := target.EscapedPath()
	if target.IsAbs() || target.Host != "" {
		if !strings.EqualFold(target.Host, base.Host) || target.Scheme != base.Scheme {
			return place{}, fmt.Errorf("url: its host is %q, and this instance speaks to %s only", target.Host, base.Host)
		}
		rest, inside := strings.CutPrefix(path, strings.TrimSuffix(base.EscapedPath(), "/"))
		if !inside || (rest != "" && rest[0] != '/') {
			return place{}, errors.New("url: it leaves the path of base_url")
		}
		path = rest
	} else if !strings.HasPrefix(path, "/") {
		return place{}, errors.New("url: want a path that begins with /, or an address below base_url")
	}
	at := place{slash: strings.HasSuffix(path, "/")}
	if at.query, err = url.ParseQuery(target.RawQuery); err != nil {
		return place{}, errors.New("url: its query cannot be read")
	}
	trimmed := strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if trimmed == "" {
		return at, nil
	}
	for part := range strings.SplitSeq(trimmed, "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return place{}, errors.New("url: its path cannot be read")
		}
		at.segments = append(at.segments, plain) // the client refuses empty ones, . and ..
	}
	return at, nil
}
