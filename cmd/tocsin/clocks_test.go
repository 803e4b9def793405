package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
)

var morning = time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC) // half an hour before clocks change in Europe

func clockDue(id string, in time.Duration, state gen.ClockState) gen.Clock {
	return gen.Clock{ID: id, Kind: "objective", What: id, IncidentID: "INC-1", IncidentTitle: "Title \x1b[2J", Severity: "high", State: state, DueAt: morning.Add(in), DueIn: int64(in / time.Second)}
}

// watchOf runs a watch over these looks, each a page or an error, and ends with the last.
func watchOf(t *testing.T, w clockWatch, looks ...any) (out, faults string, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	w.look = func(context.Context, client.ClockQuery) (*gen.ClockPage, error) {
		look := looks[n]
		if n++; n == len(looks) {
			defer cancel()
		}
		if err, ok := look.(error); ok {
			return nil, err
		}
		return &gen.ClockPage{Now: morning, Items: look.([]gen.Clock)}, nil
	}
	var text, told strings.Builder
	err = w.run(ctx, clocksOptions{every: time.Millisecond}, &printer{out: &text}, &told)
	return text.String(), told.String(), err
}

func TestWatchTellsWhatChanges(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	contain, resolve := clockDue("contain", time.Hour, "running"), clockDue("resolve", 72*time.Hour, "running")
	warned, moved := contain, resolve
	warned.State, moved.DueAt = "warning", resolve.DueAt.Add(time.Hour)
	out, faults, err := watchOf(t, clockWatch{zone: zone},
		[]gen.Clock{contain, resolve}, []gen.Clock{contain, resolve}, &client.Error{Status: http.StatusServiceUnavailable, Message: "away \x1b[2J"},
		[]gen.Clock{warned, moved}, []gen.Clock{moved}, []gen.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	const now = "2026-03-29 01:30:00 CET  INC-1  "
	want := now + `objective contain: running, due 2026-03-29 03:30 CEST (1h 00m)  Title \u001b[2J` + "\n" +
		now + `objective resolve: running, due 2026-04-01 02:30 CEST (3d 0h)  Title \u001b[2J` + "\n" +
		now + `objective contain: running -> warning, due 2026-03-29 03:30 CEST (1h 00m)  Title \u001b[2J` + "\n" +
		now + `objective resolve: moved, due 2026-04-01 03:30 CEST (3d 0h)  Title \u001b[2J` + "\n" +
		now + `objective contain: gone, due 2026-03-29 03:30 CEST (1h 00m)  Title \u001b[2J` + "\n" +
		now + `objective resolve: gone, due 2026-04-01 03:30 CEST (3d 0h)  Title \u001b[2J` + "\n"
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if faults != "not available, trying again: away \\u001b[2J\n" {
		t.Errorf("told %q", faults)
	}
}

func TestWatchEndsWithWhatIsWrongForGood(t *testing.T) {
	t.Parallel()
	_, _, err := watchOf(t, clockWatch{zone: time.UTC}, &client.Error{Status: http.StatusForbidden}, []gen.Clock{})
	if err == nil {
		t.Error("it went on without permission")
	}
}

func TestWatchDrawsAScreen(t *testing.T) {
	t.Parallel()
	out, _, err := watchOf(t, clockWatch{zone: time.UTC, screen: true}, []gen.Clock{clockDue("contain", time.Hour, "running")}, []gen.Clock{clockDue("contain", -90*time.Second, "breached")})
	if err != nil {
		t.Fatal(err)
	}
	screens := strings.Split(out, clearScreen)
	if len(screens) != 3 || screens[0] != "" || !strings.Contains(screens[1], "1h 00m") || !strings.Contains(screens[2], "overdue 1m  breached") || !strings.HasSuffix(out, "as of 00:30:00 UTC, every 1ms; Ctrl-C ends\n") {
		t.Errorf("%q", out)
	}
	if strings.ContainsRune(strings.Join(screens, ""), '\x1b') {
		t.Errorf("an attacker's title reaches the terminal: %q", out)
	}
}

func TestWatchAsLinesOfJSON(t *testing.T) {
	t.Parallel()
	out, _, err := watchOf(t, clockWatch{zone: time.UTC, json: true}, []gen.Clock{clockDue("contain", time.Hour, "running")}, []gen.Clock{})
	if lines := strings.Split(out, "\n"); err != nil || len(lines) != 3 || !strings.HasPrefix(lines[0], `{"items":[{"id":"contain"`) || !strings.HasPrefix(lines[1], `{"items":[]`) {
		t.Errorf("%v %q", err, out)
	}
}

func TestWhile(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]string{0: "0s", 59: "59s", 60: "1m", 3599: "59m", 3600: "1h 00m", 7261: "2h 01m", 86399: "23h 59m", 86400: "1d 0h", 180000: "2d 2h"} {
		if got := while(seconds); got != want {
			t.Errorf("%d: %q, want %q", seconds, got, want)
		}
	}
}

func TestCutWidthCountsColumns(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"short": "short", "exactly10!": "exactly10!", "more than ten": "more than…", "漢字漢字漢字": "漢字漢字…", "\x1b[2Jx": `\u001b[2Jx`} {
		if got := cutWidth(text, 10); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
