package intake

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestSubscriptionIsKeptForAPerson(t *testing.T) {
	t.Parallel()
	const body = `{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-west-1:111122223333:findings","SubscribeURL":"@","Token":"x"}`
	for _, row := range []struct{ name, address, says string }{
		{"Amazon's", "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription", "open the address"},
		{"of China", "https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription", "open the address"},
		{"not encrypted", "http://sns.eu-west-1.amazonaws.com/", "Do not open it"},
		{"looks like it", "https://amazonaws.com.evil.invalid/", "Do not open it"},
		{"ends like it", "https://evilamazonaws.com/", "Do not open it"},
		{"somebody before it", "https://sns.amazonaws.com@evil.invalid/", "Do not open it"},
		{"a user in it", "https://a:b@sns.eu-west-1.amazonaws.com/", "Do not open it"},
		{"ours", "https://169.254.169.254/latest/meta-data/", "Do not open it"},
	} {
		store := newMemory()
		s := service(t, setup{store: store})
		id := send(t, s, strings.Replace(body, "@", row.address, 1))
		got := store.alerts[id]
		if got.Fields["subscribe_url"] != row.address || !strings.Contains(got.Description, row.says) || got.Severity != soar.SeverityInfo || !got.Parsed {
			t.Errorf("%s: %+v", row.name, got)
		}
		if err := s.Dispatch(t.Context(), id); err != nil || len(store.opened) != 0 {
			t.Errorf("%s: %v, %d incidents", row.name, err, len(store.opened))
		}
		if again := send(t, s, strings.Replace(body, "@", row.address, 1)); again != id {
			t.Errorf("%s: sent again it is another alert", row.name)
		}
	}
}

func TestWhatOnlyLooksLikeASubscription(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"title":"SubscriptionConfirmation","severity":"high"}`, `[{"Type":"SubscriptionConfirmation","SubscribeURL":"https://x"}]`,
		`{"Type":"Notification","Message":"SubscriptionConfirmation"}`, `SubscriptionConfirmation`, `{"Type":"SubscriptionConfirmation"}`,
	} {
		if _, ok := introduction("generic", []byte(body)); ok {
			t.Errorf("%s was taken for one", body)
		}
	}
}

// A recorded body that is sent again, as one can who saw it on its way, is counted and
// starts nothing.
func TestReplayIsHarmless(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	const body = `{"id":"1","title":"sshd: brute force","severity":"high","host":{"name":"web-1"},"source_ip":"203.0.113.8"}`
	id := send(t, s, body)
	if err := s.Dispatch(t.Context(), id); err != nil || len(store.opened) != 1 {
		t.Fatalf("%v, %d incidents", err, len(store.opened))
	}
	for range 20 {
		if again := send(t, s, body); again != id {
			t.Fatalf("alert %s became %s", id, again)
		}
		if err := s.Dispatch(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if got := store.alerts[id]; len(store.alerts) != 1 || got.Count != 21 || len(store.opened) != 1 || len(store.joined) != 0 {
		t.Errorf("%d alerts, count %d, %d incidents, %d joined", len(store.alerts), got.Count, len(store.opened), len(store.joined))
	}
}
