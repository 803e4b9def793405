package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/protocol"
)

func TestDerivedID(t *testing.T) {
	t.Parallel()
	first := protocol.DerivedID("APR-", "INC-1", "r1/ask", 0)
	if len(first) != 14 || strings.ContainsAny(first[4:], "ILOU") || first != protocol.DerivedID("APR-", "INC-1", "r1/ask", 0) {
		t.Errorf("id %s", first)
	}
	seen := map[string]string{}
	for _, parts := range [][3]string{{"INC-1", "r1/ask", "1"}, {"INC-1", "r1/as", "0"}, {"INC-1r1", "/ask", "0"}, {"INC-2", "r1/ask", "0"}} {
		id := protocol.DerivedID("APR-", parts[0], parts[1], len(parts[2])-1+int(parts[2][0]-'0'))
		if other, twice := seen[id]; twice || id == first {
			t.Errorf("%v and %s share %s", parts, other, id)
		}
		seen[id] = fmt.Sprint(parts)
	}
}
