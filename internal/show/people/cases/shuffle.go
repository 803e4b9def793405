package cases

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Shuffle is one approval and the answers to it in waves: those of one wave are sent
// at once, the waves one after the other. It always ends with enough answers.
type Shuffle struct {
	ApprovalID string
	Waves      [][]Case
}

// Shuffles gives n of them, with the world that they need. The same seed gives the
// same ones.
func Shuffles(seed uint64, n int, now time.Time) (World, []Shuffle) {
	g := &generator{random: rand.New(rand.NewPCG(seed, 2)), now: now.UTC().Truncate(time.Microsecond)} //nolint:gosec // the same shuffles again are wanted
	g.cast()
	shuffles := make([]Shuffle, 0, n)
	for range n {
		shuffles = append(shuffles, g.shuffle())
	}
	return g.world, shuffles
}

// shuffle lets one to three people answer, some twice under one id or another, some
// to what was shown before, in any order; then all leads say yes.
func (g *generator) shuffle() Shuffle {
	genuine := g.play(forgery{kind: "shuffled", do: func(s *scene) { s.a.Quorum = 1 + s.random.IntN(2) }})
	out := Shuffle{ApprovalID: genuine.ApprovalID}
	var answers []Case
	for i := range 1 + g.random.IntN(3) {
		c := g.answer(genuine, g.random.IntN(leads), fmt.Sprint("s", i))
		answers = append(answers, c)
		switch g.random.IntN(4) {
		case 0: // sent again
			answers = append(answers, c)
		case 1: // the other button, under another id
			c.Approve, c.DecisionID = !c.Approve, c.DecisionID+"-other"
			answers = append(answers, c)
		case 2: // what was shown before
			c.Digest, c.DecisionID = "0"+digest[1:], c.DecisionID+"-stale"
			answers = append(answers, c)
		}
	}
	g.random.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	for len(answers) > 0 {
		wave := 1 + g.random.IntN(len(answers))
		out.Waves, answers = append(out.Waves, answers[:wave]), answers[wave:]
	}
	var last []Case
	for lead := range 3 { // one may have answered already: two are left
		c := g.answer(genuine, lead, fmt.Sprint("last", lead))
		c.Approve = true
		last = append(last, c)
	}
	out.Waves = append(out.Waves, last)
	return out
}

func (g *generator) answer(c Case, lead int, id string) Case {
	c.By, c.Roles = person(fmt.Sprintf("lead%d@lab.invalid", lead+1)), []soar.Role{soar.RoleSOCLead}
	c.DecisionID, c.Approve = c.ApprovalID+"-"+id, g.random.IntN(3) > 0
	return c
}

// Play sends the answers, those of one wave at once, and says how many there were.
// The error is that of a door that does not work.
func (s Shuffle) Play(ctx context.Context, door Door) (answers int, err error) {
	for _, wave := range s.Waves {
		faults := make([]error, len(wave))
		var at sync.WaitGroup
		for i, c := range wave {
			at.Go(func() {
				if _, _, err := door.Decide(ctx, c); err != nil {
					faults[i] = fmt.Errorf("%s: %w", c.Name, err)
				}
			})
		}
		at.Wait()
		answers += len(wave)
		err = errors.Join(err, errors.Join(faults...))
	}
	return answers, err
}

// OneOutcome gives an error unless an approval ended in one way, and keeps no decision
// besides those that made it end so.
func OneOutcome(a soar.Approval) error {
	result := quorum.Count(a)
	settled := len(result.Counted)
	if result.Denied != nil {
		settled++
	}
	switch {
	case settled != len(a.Decisions):
		return fmt.Errorf("%s: %d decisions kept, %d count", a.ID, len(a.Decisions), settled)
	case result.Status() == soar.ApprovalPending || result.Have > a.Quorum:
		return fmt.Errorf("%s is %s with %d of %d", a.ID, result.Status(), result.Have, a.Quorum)
	}
	return nil
}
