// The peer of ledger_bench: Tessera's POSIX driver, the same opaque entries on the same disk. Prints one JSON object.
//
//	tessera -dir DIR [-entries N] [-size OCTETS] [-goroutines N] [-batch N] [-age MS]
//
// Each goroutine adds an entry and waits until its index is durable, as a client of a log does; the run ends when all of
// them are integrated. Tessera hands out no signed root with the index: its acknowledgement promises less than ours.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tessera:", err)
		os.Exit(1)
	}
	return value
}

func main() {
	dir := flag.String("dir", "", "an empty folder")
	entries := flag.Int("entries", 200_000, "")
	size := flag.Int("size", 200, "")
	goroutines := flag.Int("goroutines", 8192, "")
	batch := flag.Uint("batch", 8192, "")
	age := flag.Int("age", 500, "milliseconds")
	flag.Parse()

	private, _, err := note.GenerateKey(rand.Reader, "firebreak.bench/tessera")
	must(0, err)
	signer := must(note.NewSigner(private))
	ctx := context.Background()
	driver := must(posix.New(ctx, posix.Config{Path: *dir}))
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(*batch, time.Duration(*age)*time.Millisecond).
		WithCheckpointInterval(time.Second).
		WithPushback(uint(4 * *goroutines))
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	must(0, err)

	noise := make([]byte, 1<<24)
	must(rand.Read(noise))
	var next atomic.Int64
	latencies := make([][]float64, *goroutines)
	var waiting sync.WaitGroup
	start := time.Now()
	for g := range *goroutines {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= *entries {
					return
				}
				at := (i * 4099) % (len(noise) - *size)
				added := time.Now()
				must(appender.Add(ctx, tessera.NewEntry(noise[at:at+*size]))())
				latencies[g] = append(latencies[g], float64(time.Since(added).Microseconds())/1000)
			}
		}()
	}
	waiting.Wait()
	durable := time.Since(start).Seconds()
	for must(reader.IntegratedSize(ctx)) < uint64(*entries) {
		time.Sleep(time.Millisecond)
	}
	integrated := time.Since(start).Seconds()
	must(0, shutdown(ctx))

	var all []float64
	for _, some := range latencies {
		all = append(all, some...)
	}
	sort.Float64s(all)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	must(0, encoder.Encode(map[string]any{
		"benchmark": "tessera posix v1.0.4", "entries": *entries, "entry_bytes": *size, "goroutines": *goroutines,
		"batch": *batch, "batch_age_ms": *age,
		"entries_per_s":         float64(*entries) / integrated,
		"durable_entries_per_s": float64(*entries) / durable,
		"ack_p50_ms":            all[len(all)/2],
		"ack_p99_ms":            all[len(all)*99/100],
	}))
}
