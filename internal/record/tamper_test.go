package record_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/record"
)

const tamperRounds = 5000

// TestTamper changes a valid chain in one random way per round; each must be
// found, with the checkpoint of its head known.
func TestTamper(t *testing.T) {
	t.Parallel()
	const seed = 20260301
	random := rand.New(rand.NewPCG(seed, 1))
	good := chain(t, "INC-2026-000001", 12)
	head := good[len(good)-1]
	point := record.Checkpoint{Chain: head.Chain, Seq: head.Seq, Hash: head.Hash, At: start}
	for round := range tamperRounds {
		entries := deepCopy(good)
		what := mutate(random, &entries)
		if equal(entries, good) {
			continue
		}
		if report := record.Verify(entries, point); report.OK() {
			t.Fatalf("seed %d round %d: %s was not found", seed, round, what)
		}
	}
}

func mutate(random *rand.Rand, entries *[]record.Entry) string {
	list := *entries
	i, j := random.IntN(len(list)), random.IntN(len(list))
	e := &list[i]
	fields := []*[]byte{&e.Prev, &e.Salt, &e.Commitment, &e.Hash, &e.Payload}
	field := fields[random.IntN(len(fields))]
	switch random.IntN(10) {
	case 0, 1:
		if len(*field) > 0 {
			(*field)[random.IntN(len(*field))] ^= 1 << random.IntN(8)
		}
		return "a flipped bit"
	case 2:
		*field = append(*field, byte(random.IntN(256)))
		return "a longer field"
	case 3:
		*field = (*field)[:random.IntN(len(*field)+1)]
		return "a shorter field"
	case 4:
		e.Seq += int64(random.IntN(5) - 2)
		return "another number"
	case 5:
		e.Chain += "x"
		return "another chain"
	case 6:
		*entries = slices.Delete(list, i, i+1)
		return "a missing entry"
	case 7:
		list[i], list[j] = list[j], list[i]
		return "two entries swapped"
	case 8:
		*entries = slices.Insert(list, i, list[j])
		return "an entry put in twice"
	default:
		e.Payload, e.Salt = list[j].Payload, list[j].Salt
		return "the payload of another entry"
	}
}

func deepCopy(in []record.Entry) []record.Entry {
	out := slices.Clone(in)
	for i := range out {
		for _, field := range []*[]byte{&out[i].Prev, &out[i].Salt, &out[i].Commitment, &out[i].Hash, &out[i].Payload} {
			*field = bytes.Clone(*field)
		}
	}
	return out
}

func equal(a, b []record.Entry) bool {
	return slices.EqualFunc(a, b, func(x, y record.Entry) bool {
		return x.Chain == y.Chain && x.Seq == y.Seq && bytes.Equal(x.Prev, y.Prev) && bytes.Equal(x.Salt, y.Salt) &&
			bytes.Equal(x.Commitment, y.Commitment) && bytes.Equal(x.Hash, y.Hash) && bytes.Equal(x.Payload, y.Payload)
	})
}
