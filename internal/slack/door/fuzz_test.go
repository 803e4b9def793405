package door

import "testing"

// No bytes that somebody could have signed end in a panic, and what is taken has the
// form that later parts rely on.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`payload={"type":"block_actions","actions":[{"action_id":"a"}],"user":{"id":"U1"},"team":{"id":"T1"}}`))
	f.Add([]byte(`payload={"type":"view_submission","view":{"id":"V1","state":{"values":{"b":{"a":{"selected_options":[{"value":"x"}]}}}}}}`))
	f.Add([]byte(`command=%2Ftocsin&text=status&team_id=T1&user_id=U1`))
	f.Add([]byte(`{"type":"event_callback","event":{"type":"app_home_opened","user":"U1","view":null}}`))
	f.Add([]byte(`{"type":"url_verification","challenge":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, read := range []func([]byte) (arrival, error){readInteraction, readPayload, readCommand, readCommandPayload, readEvent} {
			a, err := read(body)
			if err != nil {
				continue
			}
			_ = a.formed()
			_ = a.ref()
			if a.kind == "" || a.kind == kindClick && len(a.clicks) == 0 || a.kind == kindCommand && a.command.Name == "" {
				t.Fatalf("taken without what it needs: %+v", a)
			}
		}
	})
}
