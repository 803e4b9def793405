package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// newAlert is alert n under another id, so that only its fingerprint is the same.
func newAlert(id string, n int, severity soar.Severity) soar.NewAlert {
	a := alert(n)
	a.ID, a.Severity = id, severity
	return soar.NewAlert{Alert: a, Raw: []byte(id)}
}

func TestAlertsInsertAnswersInOrder(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	get2(s.AlertInsert(t.Context(), alert(5), []byte("before")))(t)
	items(t, s, soar.OutboxAlertDispatch)
	stored := get(s.AlertsInsert(t.Context(), []soar.NewAlert{
		newAlert("z", 9, soar.SeverityLow), newAlert("y", 5, soar.SeverityCritical), newAlert("x", 1, soar.SeverityHigh),
		newAlert("w", 9, soar.SeverityMedium), newAlert("v", 5, soar.SeverityLow), newAlert("u", 9, soar.SeverityLow),
	}))(t)
	type row struct {
		id        string
		duplicate bool
		count     int
		severity  soar.Severity
	}
	var got []row
	for _, a := range stored {
		got = append(got, row{a.Alert.ID, a.Duplicate, a.Alert.Count, a.Alert.Severity})
	}
	want := []row{
		{"z", false, 1, soar.SeverityLow}, {"ALR-0005", true, 2, soar.SeverityCritical}, {"x", false, 1, soar.SeverityHigh},
		{"z", true, 2, soar.SeverityMedium}, {"ALR-0005", true, 3, soar.SeverityCritical}, {"z", true, 3, soar.SeverityMedium},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
	for id, count := range map[string]int{"z": 3, "ALR-0005": 3, "x": 1} {
		same(t, count, get(s.AlertGet(t.Context(), id))(t).Count)
	}
	same(t, "z", string(get(s.AlertRaw(t.Context(), "z"))(t)))
	// One order for each of z and x, and one for the old alert that got worse. The
	// worst is claimed first.
	orders := items(t, s, soar.OutboxAlertDispatch)
	same(t, 3, len(orders))
	same(t, `{"alert_id":"ALR-0005"}`, string(orders[0].Payload))
	same(t, `{"alert_id":"x"}`, string(orders[1].Payload))
}

// TestAlertsInsertAllOrNone: one alert that cannot be stored keeps all of the call
// out, and nothing of it is left behind.
func TestAlertsInsertAllOrNone(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	items(t, s, soar.OutboxAlertDispatch)
	taken := newAlert("ALR-0001", 7, soar.SeverityHigh) // the id is another alert's
	_, err := s.AlertsInsert(t.Context(), []soar.NewAlert{newAlert("a", 2, soar.SeverityHigh), newAlert("b", 1, soar.SeverityCritical), taken})
	wantCode(t, err, soar.CodeConflict, "exists")
	_, err = s.AlertsInsert(t.Context(), []soar.NewAlert{newAlert("a", 2, soar.SeverityHigh), {Alert: soar.Alert{ID: "c"}}})
	wantCode(t, err, soar.CodeInvalid, "fingerprint")
	list, _, err := s.AlertList(t.Context(), soar.AlertFilter{})
	must(t, err)
	same(t, 1, len(list))
	same(t, 1, list[0].Count)
	same(t, 0, len(items(t, s, soar.OutboxAlertDispatch)))
	same(t, 0, len(get(s.AlertsInsert(t.Context(), nil))(t)))
}

// A waiting order moves up when its alert gets worse, so that the worst of a storm
// is looked at first.
func TestWaitingOrderMovesUp(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for n := 1; n <= 3; n++ {
		get(s.AlertsInsert(t.Context(), []soar.NewAlert{newAlert(fmt.Sprint(n), n, soar.SeverityLow)}))(t)
	}
	get(s.AlertsInsert(t.Context(), []soar.NewAlert{newAlert("again", 3, soar.SeverityCritical)}))(t)
	orders := items(t, s, soar.OutboxAlertDispatch)
	same(t, 3, len(orders))
	same(t, `{"alert_id":"3"}`, string(orders[0].Payload))
}

// TestAlertsInsertAtOnce: many calls side by side that hold the same events in
// another order each neither wait for one another for ever nor count wrong.
func TestAlertsInsertAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	const calls, events = 12, 20
	errs := together(calls, func(i int) error {
		random := rand.New(rand.NewPCG(20260302, uint64(i)))
		var alerts []soar.NewAlert
		for _, n := range random.Perm(events) {
			alerts = append(alerts, newAlert(fmt.Sprintf("%d-%d", i, n), n, soar.SeverityMedium))
		}
		_, err := s.AlertsInsert(t.Context(), alerts)
		return err
	})
	must(t, errors.Join(errs...))
	list, _, err := s.AlertList(t.Context(), soar.AlertFilter{})
	must(t, err)
	same(t, events, len(list))
	for _, a := range list {
		same(t, calls, a.Count)
	}
}
