package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// BenchmarkWrites compares what the store adds to a bare insert of the same
// bytes on the same server, side by side.
func BenchmarkWrites(b *testing.B) {
	url := storetest.URL(b)
	s := storetest.Open(b, url, store.Options{MaxConns: 16})
	bare, err := pgxpool.New(b.Context(), url)
	must(b, err)
	b.Cleanup(bare.Close)
	_, err = bare.Exec(b.Context(), "CREATE TABLE bare (id bigint PRIMARY KEY, body bytea)")
	must(b, err)
	body := make([]byte, 1024)
	var n atomic.Int64
	run := func(name string, fn func(n int64) error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				must(b, fn(n.Add(1)))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "per_s")
		})
		b.Run(name+"/16 at once", func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := fn(n.Add(1)); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "per_s")
		})
	}
	run("bare insert", func(n int64) error {
		_, err := bare.Exec(b.Context(), "INSERT INTO bare VALUES ($1, $2)", n, body)
		return err
	})
	run("AlertInsert", func(n int64) error {
		_, _, err := s.AlertInsert(b.Context(), alert(int(n)), body)
		return err
	})
	run("RecordAppend one chain", func(int64) error { return s.RecordAppend(b.Context(), "system", event("x")) })
	run("RecordAppend 64 chains", func(n int64) error {
		return s.RecordAppend(b.Context(), fmt.Sprintf("INC-2026-%06d", n%64), event("x"))
	})
}
