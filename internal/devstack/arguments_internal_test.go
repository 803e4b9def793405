package devstack

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheUIIsToldWhereToDecrypt(t *testing.T) {
	t.Parallel()
	options := Options{Dir: "d", CodecEndpoint: "http://127.0.0.1:8080/codec"}.temporalOptions()
	options.Dir = "" // in memory
	want := []string{"--ip", "127.0.0.1", "--port", "7233", "--ui-port", "8233", "--codec-endpoint", "http://127.0.0.1:8080/codec"}
	if diff := cmp.Diff(want, temporalArguments(options, temporalProgram{})); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	options.CodecEndpoint = ""
	if diff := cmp.Diff(want[:6], temporalArguments(options, temporalProgram{})); diff != "" {
		t.Errorf("arguments without encryption (-want +got):\n%s", diff)
	}
}
