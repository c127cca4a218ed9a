// The Merkle tree of RFC 6962 §2.1 (= RFC 9162 §2.1), SHA-256, and its proofs.
//
// Tree keeps leaf hashes and the roots of full 256-wide tiles per level (C2SP tlog-tiles: height 8): 32.2
// octets a leaf. Everything else is hashed again when asked for: at most 255 hashes per tile level.
// Threads: a Tree is not thread-safe; the free functions are pure.
#pragma once

#include <array>
#include <cstdint>
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

class Tree {
 public:
  void append(const Digest& leaf);
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
    std::vector<std::unique_ptr<Tile>> tiles;
    std::uint64_t count = 0;
    void push(const Digest& hash);
    const Digest& at(std::uint64_t i) const { return (*tiles[i / kTileWidth])[i % kTileWidth]; }
  };

  Digest subtree(unsigned height, std::uint64_t n) const;      // full subtree of 2^height leaves
  Digest range(std::uint64_t begin, std::uint64_t end) const;  // MTH(D[begin:end])
  void path(std::uint64_t index, std::uint64_t begin, std::uint64_t end, Hashes& out) const;
  void proof(std::uint64_t old_size, std::uint64_t begin, std::uint64_t end, bool whole, Hashes& out) const;

  std::vector<Level> levels_;  // levels_[l]: roots of full subtrees of height 8*l
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
