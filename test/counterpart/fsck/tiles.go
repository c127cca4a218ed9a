package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tileDir reads C2SP tiles as the Go checksum database's tiles: only the paths differ.
type tileDir string

func (d tileDir) Height() int                     { return 8 }
func (d tileDir) SaveTiles([]tlog.Tile, [][]byte) {}

func (d tileDir) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		path := "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(string(d), path))
		if err != nil && t.W < 256 { // an older and narrower tile than the one that is there
			path = path[:strings.LastIndex(path, ".p/")]
			if data, err = os.ReadFile(filepath.Join(string(d), path)); err == nil {
				data = data[:t.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		out[i] = data
	}
	return out, nil
}

func signedTree(dir string) (tlog.Tree, error) {
	vkey, err := os.ReadFile(filepath.Join(dir, "vkey"))
	if err != nil {
		return tlog.Tree{}, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return tlog.Tree{}, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("checkpoint body of %d lines, origin %q", len(lines), lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// leavesOf cuts a bundle into entries and hashes them; nothing may be left over.
func leavesOf(bundle []byte, width int) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, width)
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return nil, fmt.Errorf("a bundle ends inside an entry")
		}
		n := 2 + int(binary.BigEndian.Uint16(bundle))
		hashes = append(hashes, tlog.RecordHash(bundle[2:n]))
		bundle = bundle[n:]
	}
	if len(hashes) != width {
		return nil, fmt.Errorf("a bundle of %d entries where %d are signed", len(hashes), width)
	}
	return hashes, nil
}

func checkTiles(dir string) error {
	tree, err := signedTree(dir)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tileDir(dir))
	for first := int64(0); first < tree.N; first += 256 {
		width := min(256, tree.N-first)
		tile := tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}
		path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/data/")
		bundle, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		leaves, err := leavesOf(bundle, int(width))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i := range hashes {
			if hashes[i] != leaves[i] {
				return fmt.Errorf("%s: entry %d is not the one that is signed", path, first+int64(i))
			}
		}
	}
	return nil
}
