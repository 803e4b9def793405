package declared_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connectors/declared"
)

func jsonText(t *testing.T, text string) string {
	t.Helper()
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// FuzzParse: any bytes are a connector or faults with places, never a panic and
// never both or neither; what was read can be opened or says why not.
func FuzzParse(f *testing.F) {
	packs, err := filepath.Glob("../packs/*/*.yaml")
	if err != nil || len(packs) == 0 {
		f.Fatal(err, packs)
	}
	for _, name := range packs {
		source, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	f.Add([]byte(fmt.Sprintf(reading, bearer, "paging: {items: response.body, next: response.link_next}")))
	f.Add([]byte(fmt.Sprintf(changing, "basic: {user: user, secret: token}", `method: POST, path: "/${{ args.name }}", form: {a?: "${{ args.note }}"}`)))
	f.Fuzz(func(t *testing.T, source []byte) {
		kind, faults := declared.Parse("fuzz.yaml", source)
		if (kind == nil) != faults.HasErrors() {
			t.Fatalf("kind %v and faults %v", kind, faults)
		}
		for _, fault := range faults {
			if fault.Message == "" || fault.Position.File != "fuzz.yaml" {
				t.Fatalf("a fault without place or message: %+v", fault)
			}
		}
		if kind != nil && kind.Manifest() == nil {
			t.Fatal("a connector without a manifest")
		}
		if kind != nil {
			kind.WithSystem(declared.System{Now: time.Now, Pause: func(context.Context, time.Duration) error { return nil }})
		}
	})
}
