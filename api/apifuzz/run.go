package apifuzz

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tocsin-soar/tocsin/api"
)

// Defaults of Options.
const (
	perOperation = 60
	workers      = 4
	everyRight   = 4 // one request of so many is right
)

// Options say what is tried and how much. BaseURL and Tokens must be set.
type Options struct {
	BaseURL string   // of the server: http://127.0.0.1:8080
	Tokens  []string // valid; together they should permit every operation, for the others are not got into
	Refused []string // must not be accepted any more: expired, revoked

	Only         []string // operations, by id; empty: all
	Seed         uint64
	PerOperation int // requests for each operation; 0: 60
	Workers      int // operations tried at a time; 0: 4

	// Progress is told after each operation how many are done. It is called by one
	// goroutine at a time. Nil: nobody is told.
	Progress func(done, all int)
}

// Run tries every operation of the description that this build embeds. The error
// says that the trial itself could not be made: a server that is away, a token
// that is not valid, a context that ended. What the server did wrong is in the
// report.
func Run(ctx context.Context, o Options) (Report, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Scheme == "" || base.Host == "" {
		return Report{}, fmt.Errorf("the base URL %q is not an address such as http://127.0.0.1:8080", o.BaseURL)
	}
	described, err := read(api.Description())
	if err != nil {
		return Report{}, err
	}
	if len(o.Only) > 0 {
		described.chosen = slices.DeleteFunc(slices.Clone(described.operations), func(d *operation) bool { return !slices.Contains(o.Only, d.id) })
	}
	o.PerOperation, o.Workers = cmp.Or(o.PerOperation, perOperation), cmp.Or(o.Workers, workers)
	r := &run{
		options: o, base: strings.TrimSuffix(o.BaseURL, "/"), described: described,
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		known:  map[string][]string{}, report: newReport(o.Seed, len(described.chosen)),
	}
	defer r.client.CloseIdleConnections()
	started := time.Now()
	if err := r.introduce(ctx); err != nil {
		return Report{}, err
	}
	err = r.all(ctx)
	r.report.Took = time.Since(started)
	r.report.sort()
	return r.report, err
}

// run is one trial.
type run struct {
	options   Options
	base      string
	described *description
	client    *http.Client
	holders   []holder

	mu     sync.Mutex
	known  map[string][]string // path parameter -> values that exist
	report Report
	done   int
}

// all tries what makes things first, so that there is something to ask for, and
// then the rest.
func (r *run) all(ctx context.Context) error {
	makes := func(o *operation) bool { return o.method == http.MethodPost && !strings.Contains(o.path, "{") }
	for _, first := range []bool{true, false} {
		if err := r.learn(ctx); err != nil {
			return err
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(r.options.Workers)
		for _, o := range r.described.chosen {
			if makes(o) == first {
				group.Go(func() error { return r.operation(ctx, o) })
			}
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// operation sends the requests of one operation. Their randomness hangs on the
// seed and the operation alone, not on what runs beside it.
func (r *run) operation(ctx context.Context, o *operation) error {
	hash := fnv.New64a()
	hash.Write([]byte(o.id))
	rng := rand.New(rand.NewPCG(r.options.Seed, hash.Sum64()))
	ways, next := makers(), 0
	token, permitted := r.tokenFor(o)
	if !permitted {
		r.uncovered(o)
	}
	for i := range r.options.PerOperation {
		d := newDraw(r, o, rng, token)
		chosen := "right"
		if d.right(); i%everyRight != 0 {
			chosen, next = d.spoil(ways, next)
		}
		if err := r.try(ctx, o, d.request(chosen)); err != nil {
			return err
		}
	}
	r.tell()
	return nil
}

// spoil makes the request wrong in the next way that it can be, and says in which
// and where to go on.
func (d *draw) spoil(ways []way, next int) (chosen string, then int) {
	for range ways {
		w := ways[next%len(ways)]
		next++
		if w.apply(d) {
			return w.name, next
		}
	}
	return "right", next
}

func (r *run) try(ctx context.Context, o *operation, q request) error {
	got, err := r.send(ctx, q)
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", o.id, err, q.curl(r.base))
	}
	why := r.check(ctx, o, q, got)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.add(q, got, why, func(kind, why string) Offender {
		return Offender{Operation: o.id, Way: q.way, Kind: kind, Status: got.status, Why: why, Curl: q.curl(r.base), Answer: clip(string(got.body))}
	})
	return nil
}

func (r *run) uncovered(o *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Uncovered = append(r.report.Uncovered, o.id)
}

func (r *run) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	if r.options.Progress != nil {
		r.options.Progress(r.done, len(r.described.chosen))
	}
}

// values gives what exists under the name of a path parameter.
func (r *run) values(parameter string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.known[parameter])
}
