// Checks an exported Firebreak log with two other implementations. Tessera's fsck rebuilds every tile from the entries
// and compares them, and the root, with what the signed checkpoint says; the library is called because its command
// exits 0 on failure. Then golang.org/x/mod/sumdb authenticates each leaf by tiles up to the signed root (tiles.go).
//
//	fsck DIR    DIR as written by `firebreak ledger export`: checkpoint, tile/, vkey
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func leaves(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(entries.Entries))
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func check(dir string) error {
	vkey, err := os.ReadFile(filepath.Join(dir, "vkey"))
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return err
	}
	// One worker hangs for ever on a damaged tile, hence 16 and a deadline.
	done := make(chan error, 1)
	go func() {
		f := fsck.New(verifier.Name(), verifier, &client.FileFetcher{Root: dir}, leaves, fsck.Opts{N: 16})
		done <- f.Check(context.Background())
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(2 * time.Minute):
		return fmt.Errorf("no answer within 2 minutes")
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: fsck DIR")
		os.Exit(2)
	}
	err := check(os.Args[1])
	if err == nil {
		err = checkTiles(os.Args[1])
	}
	if err != nil {
		text := err.Error()
		if len(text) > 300 {
			text = text[:300] + "..."
		}
		fmt.Fprintf(os.Stderr, "fsck: %s: %s\n", os.Args[1], text)
		os.Exit(1)
	}
	fmt.Printf("fsck: %s: ok\n", os.Args[1])
}
