package api_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TestCalendarsSendPasswords: Basic opens the feed alone, and only to a token that
// can do nothing else.
func TestCalendarsSendPasswords(t *testing.T) {
	t.Parallel()
	feed := apitest.FeedToken(soar.RoleManager)
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	for _, row := range []struct {
		name, path, header string
		status             int
	}{
		{"a calendar's token as password", "/api/v1/clocks.ics", basic("any", feed), 200},
		{"and as bearer", "/api/v1/clocks.ics", "Bearer " + feed, 200},
		{"any token as bearer", "/api/v1/clocks.ics", "Bearer " + analyst(), 200},
		{"a token that can do more, as password", "/api/v1/clocks.ics", basic("any", analyst()), 401},
		{"a token of another scope", "/api/v1/clocks.ics", basic("any", apitest.Token(soar.RoleAnalyst)+"~incident:read"), 401},
		{"of a role that reads no clocks", "/api/v1/clocks.ics", basic("any", apitest.FeedToken(soar.RoleAdmin)), 403},
		{"a tool", "/api/v1/clocks.ics", basic("any", tool()), 401},
		{"an unknown token", "/api/v1/clocks.ics", basic("any", apitest.TokenUnknown), 401},
		{"no password", "/api/v1/clocks.ics", basic("any", ""), 401},
		{"nothing", "/api/v1/clocks.ics", "", 401},
		{"the list by password", "/api/v1/clocks", basic("any", feed), 401},
		{"the list as bearer", "/api/v1/clocks", "Bearer " + feed, 200},
		{"incidents with a calendar's token", "/api/v1/incidents", "Bearer " + feed, 403},
		{"metrics with a calendar's token", "/api/v1/metrics/programme", "Bearer " + feed, 403},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := ask{Path: row.path}
			if row.header != "" {
				a.Header = map[string]string{"Authorization": row.header}
			}
			got := newWorld(t, api.Options{}).send(a)
			if got.StatusCode != row.status {
				t.Fatalf("got %d, want %d: %s", got.StatusCode, row.status, got.Text)
			}
			asked := slices.Contains(got.Header.Values("WWW-Authenticate"), `Basic realm="tocsin"`)
			if want := row.status == 401 && strings.HasSuffix(row.path, ".ics"); asked != want {
				t.Errorf("WWW-Authenticate is %q", got.Header.Values("WWW-Authenticate"))
			}
		})
	}
}

func TestTheFeedIsACalendar(t *testing.T) {
	t.Parallel()
	got := newWorld(t, api.Options{}).send(ask{Path: "/api/v1/clocks.ics", Token: analyst()})
	calendar, err := ics.ParseCalendar(strings.NewReader(got.Text))
	if err != nil || len(calendar.Events()) != 4 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/calendar") {
		t.Errorf("%v, %s\n%s", err, got.Header.Get("Content-Type"), got.Text)
	}
}
