// The Merkle tree of RFC 6962 §2.1 (= RFC 9162 §2.1), SHA-256, and its proofs.
//
// Tree keeps leaf hashes and the roots of full 256-wide tiles per level (C2SP tlog-tiles: height 8): 32.2
// octets a leaf, in memory or, after spill(), in a store. Everything else is hashed again when asked for: at most 255
// hashes per tile level.
// Threads: a Tree is not thread-safe; the free functions are pure.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace firebreak::ledger {

using Hashes = std::vector<Digest>;

Digest leaf_hash(ByteView entry);                           // SHA-256(00 || entry)
Hashes leaf_hashes(std::span<const ByteView> entries);      // of each, faster than one by one
Digest node_hash(const Digest& left, const Digest& right);  // SHA-256(01 || left || right)
Digest empty_root();                                        // SHA-256("")

inline constexpr std::uint64_t kTileWidth = 256;

class HashStore;

class Tree {
 public:
  void append(const Digest& leaf);
  void append(std::span<const Digest> leaves);  // the same, pairs hashed two at a time

  // Moves what is not there yet to `store`, which then serves reads: memory keeps the last tiles alone. On an error
  // nothing is forgotten. One store for the life of the tree.
  Result<void> spill(HashStore& store);
  std::uint64_t unspilled() const { return levels_[0].count - levels_[0].stored; }
  // A tree of `size` leaves as an earlier one spilled it. The store's word is taken: compare root() with a signed one.
  static Result<Tree> restore(HashStore& store, std::uint64_t size);

  std::uint64_t size() const { return size_; }
  Digest root() const;  // of all leaves; at most 63 hashes

  // For any past size. kInvalid when out of range.
  Result<Digest> root_at(std::uint64_t size) const;
  Result<Digest> leaf_at(std::uint64_t index) const;
  Result<Hashes> inclusion_proof(std::uint64_t index, std::uint64_t size) const;
  Result<Hashes> consistency_proof(std::uint64_t old_size, std::uint64_t new_size) const;

  // Octets of tile `n` of `level`: `width` hashes (1..256). kInvalid when the tree has fewer.
  Result<Bytes> tile(unsigned level, std::uint64_t n, std::uint64_t width) const;

 private:
  using Tile = std::array<Digest, kTileWidth>;
  struct Level {
    std::deque<std::unique_ptr<Tile>> tiles;  // the last ones, from tile `first_tile` on
    std::uint64_t first_tile = 0;
    std::uint64_t count = 0;
    std::uint64_t stored = 0;  // hashes that the store has
    void push(const Digest& hash);
    const Digest& held(std::uint64_t i) const { return (*tiles[i / kTileWidth - first_tile])[i % kTileWidth]; }
  };

  void append_block(std::span<const Digest> leaves);
  void carry(unsigned height, Digest hash);
  Result<const Tile*> tile_of(unsigned level, std::uint64_t n) const;
  Result<Digest> at(unsigned level, std::uint64_t i) const;
  Result<Digest> subtree(unsigned height, std::uint64_t n) const;      // full subtree of 2^height leaves
  Result<Digest> range(std::uint64_t begin, std::uint64_t end) const;  // MTH(D[begin:end])
  Result<void> path(std::uint64_t index, std::uint64_t begin, std::uint64_t end, Hashes& out) const;
  Result<void> proof(std::uint64_t old_size, std::uint64_t begin, std::uint64_t end, bool whole, Hashes& out) const;

  HashStore* store_ = nullptr;
  struct Read {  // the tile read last from the store, per level
    std::uint64_t n = 0;
    std::unique_ptr<Tile> tile;
  };
  mutable std::array<Read, 8> read_;
  std::array<Level, 8> levels_;  // levels_[l]: roots of full subtrees of height 8*l
  std::vector<Digest> peaks_;  // compact range: one full subtree per set bit of size_, largest first
  std::uint64_t size_ = 0;
};

// RFC 9162 §2.1.3.2 and §2.1.4.2.
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> proof, const Digest& root);
bool verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t new_size,
                        const Digest& new_root, std::span<const Digest> proof);

// C2SP tlog-tiles paths: "tile/0/x001/x234/067.p/7", "tile/entries/000". width 256 = full.
std::string tile_path(unsigned level, std::uint64_t n, std::uint64_t width);
std::string bundle_path(std::uint64_t n, std::uint64_t width);

}  // namespace firebreak::ledger
