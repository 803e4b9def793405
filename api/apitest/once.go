package apitest

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/once"
)

// OnceFind gives what was kept.
func (f *Fake) OnceFind(ctx context.Context, id string) (*once.Done, error) {
	if err := f.begin(ctx, "OnceFind", "%s", id); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if done, ok := f.once[id]; ok {
		return &done, nil
	}
	return nil, nil
}

// OnceAnswer keeps an answer.
func (f *Fake) OnceAnswer(ctx context.Context, key once.Key, answer once.Answer) error {
	if err := f.begin(ctx, "OnceAnswer", "%d %s", answer.Status, answer.Body); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.once[key.ID] = once.Done{Digest: key.Digest, Answer: &answer}
	return nil
}

// take does what the store does in the transaction of a change.
func (f *Fake) take(ctx context.Context, made string) {
	if key, ok := once.From(ctx); ok {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.once[key.ID] = once.Done{Digest: key.Digest, Made: made, Recent: true}
	}
}
