#include "log/ledger/tree.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "log/ledger/hash_store.h"

namespace firebreak::ledger {
namespace {

constexpr unsigned kTileHeight = 8;
constexpr std::size_t kTilesKept = 4;  // per level, although the store has them
static_assert(sizeof(Digest) == 32, "hashes stand one after another");

ByteView octets_of(std::span<const Digest> hashes) {
  return {reinterpret_cast<const char*>(hashes.data()), hashes.size_bytes()};
}

// Parents of neighbours: half as many.
void join_pairs(std::span<const Digest> children, std::span<Digest> parents) {
  std::array<ByteView, kTileWidth / 2> pairs;
  for (std::size_t i = 0; i < parents.size(); ++i) pairs[i] = octets_of(children.subspan(2 * i, 2));
  sha256_each(ByteView("\1", 1), std::span(pairs).first(parents.size()), parents);
}

std::uint64_t split_of(std::uint64_t n) {
  return std::bit_ceil(n) / 2;
}  // largest power of two below n, n >= 2

std::string tile_suffix(std::uint64_t n, std::uint64_t width) {
  const auto three = [](std::uint64_t value) {
    std::string text = std::to_string(value);
    return std::string(3 - text.size(), '0') + text;
  };
  std::string path = three(n % 1000);
  for (n /= 1000; n > 0; n /= 1000) path = "x" + three(n % 1000) + "/" + path;
  if (width < kTileWidth) path += ".p/" + std::to_string(width);
  return path;
}

}  // namespace

Digest leaf_hash(ByteView entry) { return sha256(ByteView("\0", 1), entry); }

Hashes leaf_hashes(std::span<const ByteView> entries) {
  Hashes hashes(entries.size());
  sha256_each(ByteView("\0", 1), entries, hashes);
  return hashes;
}

Digest node_hash(const Digest& left, const Digest& right) {
  char block[65];
  block[0] = 1;
  std::memcpy(block + 1, left.bytes.data(), 32);
  std::memcpy(block + 33, right.bytes.data(), 32);
  return sha256(ByteView(block, sizeof block));
}

Digest empty_root() { return sha256(ByteView()); }

void Tree::Level::push(const Digest& hash) {
  if (count % kTileWidth == 0) tiles.push_back(std::make_unique<Tile>());
  (*tiles.back())[count % kTileWidth] = hash;
  ++count;
}

// A full subtree of `height` is there. Adding it carries through the ones of the size: each carry joins equals.
void Tree::carry(unsigned height, Digest hash) {
  const std::uint64_t added = std::uint64_t{1} << height;
  for (std::uint64_t bits = size_ >> height; (bits & 1) != 0; bits >>= 1) {
    hash = node_hash(peaks_.back(), hash);
    peaks_.pop_back();
    ++height;
    if (height % kTileHeight == 0) levels_[height / kTileHeight].push(hash);
  }
  peaks_.push_back(hash);
  size_ += added;
}

void Tree::append(const Digest& leaf) {
  levels_[0].push(leaf);
  carry(0, leaf);
}

// 2 to 256 leaves, a power of two that divides the size.
void Tree::append_block(std::span<const Digest> leaves) {
  for (const Digest& leaf : leaves) levels_[0].push(leaf);
  std::array<Digest, kTileWidth / 2> nodes;
  std::span<const Digest> children = leaves;
  unsigned height = 0;
  for (; children.size() > 1; ++height) {
    const std::span<Digest> parents = std::span(nodes).first(children.size() / 2);
    join_pairs(children, parents);
    children = parents;
  }
  if (height == kTileHeight) levels_[1].push(children[0]);
  carry(height, children[0]);
}

void Tree::append(std::span<const Digest> leaves) {
  while (!leaves.empty()) {
    const std::uint64_t fits = std::min<std::uint64_t>(std::bit_floor(leaves.size()), kTileWidth);
    const std::uint64_t aligned = size_ == 0 ? kTileWidth : size_ & (~size_ + 1);
    const auto n = static_cast<std::size_t>(std::min(fits, aligned));
    if (n == 1) {
      append(leaves[0]);
    } else {
      append_block(leaves.first(n));
    }
    leaves = leaves.subspan(n);
  }
}

Result<void> Tree::spill(HashStore& store) {
  FIREBREAK_ASSERT(store_ == nullptr || store_ == &store);
  store_ = &store;
  for (unsigned l = 0; l < levels_.size(); ++l) {
    Level& level = levels_[l];
    while (level.stored < level.count) {
      const std::uint64_t inside = level.stored % kTileWidth;
      const std::uint64_t n = std::min(kTileWidth - inside, level.count - level.stored);
      const Tile& tile = *level.tiles[level.stored / kTileWidth - level.first_tile];
      FIREBREAK_TRY(store.write(l, level.stored, octets_of(std::span(tile).subspan(inside, n))));
      level.stored += n;
    }
    while (level.tiles.size() > kTilesKept) {
      level.tiles.pop_front();
      ++level.first_tile;
    }
  }
  return {};
}

Result<Tree> Tree::restore(HashStore& store, std::uint64_t size) {
  Tree tree;
  tree.store_ = &store;
  tree.size_ = size;
  for (unsigned l = 0; l < tree.levels_.size(); ++l) {
    Level& level = tree.levels_[l];
    level.count = level.stored = size >> (kTileHeight * l);
    level.first_tile = level.count / kTileWidth;
    const std::uint64_t inside = level.count % kTileWidth;
    if (inside == 0) continue;
    FIREBREAK_ASSIGN(const Bytes hashes, store.read(l, level.count - inside, inside));
    level.tiles.push_back(std::make_unique<Tile>());
    std::memcpy(level.tiles.back()->data(), hashes.data(), hashes.size());
  }
  std::uint64_t begin = 0;
  for (unsigned height = 64; height-- > 0;) {
    if ((size >> height & 1) == 0) continue;
    FIREBREAK_ASSIGN(const Digest peak, tree.subtree(height, begin >> height));
    tree.peaks_.push_back(peak);
    begin += std::uint64_t{1} << height;
  }
  return tree;
}

Result<const Tree::Tile*> Tree::tile_of(unsigned level, std::uint64_t n) const {
  const Level& from = levels_[level];
  if (n >= from.first_tile) return from.tiles[n - from.first_tile].get();
  Read& read = read_[level];
  if (read.tile != nullptr && read.n == n) return read.tile.get();
  FIREBREAK_ASSIGN(const Bytes hashes, store_->read(level, n * kTileWidth, kTileWidth));
  if (read.tile == nullptr) read.tile = std::make_unique<Tile>();
  std::memcpy(read.tile->data(), hashes.data(), hashes.size());
  read.n = n;
  return read.tile.get();
}

Result<Digest> Tree::at(unsigned level, std::uint64_t i) const {
  FIREBREAK_ASSIGN(const Tile* const tile, tile_of(level, i / kTileWidth));
  return (*tile)[i % kTileWidth];
}

Digest Tree::root() const {
  if (peaks_.empty()) return empty_root();
  Digest hash = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) hash = node_hash(peaks_[i], hash);
  return hash;
}

// Inside a tile the nodes of a height are joined level by level.
Result<Digest> Tree::subtree(unsigned height, std::uint64_t n) const {
  const unsigned level = height / kTileHeight, inside = height % kTileHeight;
  if (inside == 0) return at(level, n);
  const std::uint64_t begin = n << inside, count = std::uint64_t{1} << inside;
  FIREBREAK_ASSIGN(const Tile* const tile, tile_of(level, begin / kTileWidth));
  std::span<const Digest> children = std::span(*tile).subspan(begin % kTileWidth, count);
  std::array<Digest, kTileWidth / 2> nodes;
  while (children.size() > 1) {
    const std::span<Digest> parents = std::span(nodes).first(children.size() / 2);
    join_pairs(children, parents);
    children = parents;
  }
  return children[0];
}

// RFC 6962 §2.1; `begin` is a multiple of the largest power of two <= end - begin wherever this is called.
Result<Digest> Tree::range(std::uint64_t begin, std::uint64_t end) const {
  const std::uint64_t n = end - begin;
  if (std::has_single_bit(n)) return subtree(static_cast<unsigned>(std::countr_zero(n)), begin / n);
  const std::uint64_t k = split_of(n);
  FIREBREAK_ASSIGN(const Digest left, range(begin, begin + k));
  FIREBREAK_ASSIGN(const Digest right, range(begin + k, end));
  return node_hash(left, right);
}

Result<Digest> Tree::root_at(std::uint64_t size) const {
  if (size > size_)
    return fail(Code::kInvalid,
                "the log has " + std::to_string(size_) + " entries, not " + std::to_string(size));
  if (size == 0) return empty_root();
  if (size == size_) return root();
  return range(0, size);
}

Result<Digest> Tree::leaf_at(std::uint64_t index) const {
  if (index >= size_)
    return fail(Code::kNotFound,
                "the log has " + std::to_string(size_) + " entries, none at " + std::to_string(index));
  return at(0, index);
}

// PATH of RFC 6962 §2.1.1, leaf's sibling first.
Result<void> Tree::path(std::uint64_t index, std::uint64_t begin, std::uint64_t end, Hashes& out) const {
  if (end - begin == 1) return {};
  const std::uint64_t middle = begin + split_of(end - begin);
  const bool left = index < middle;
  FIREBREAK_TRY(left ? path(index, begin, middle, out) : path(index, middle, end, out));
  FIREBREAK_ASSIGN(const Digest sibling, left ? range(middle, end) : range(begin, middle));
  out.push_back(sibling);
  return {};
}

// SUBPROOF of RFC 6962 §2.1.2 over [begin, end): `whole` = the old tree is a full subtree that the client
// knows.
Result<void> Tree::proof(std::uint64_t old_size, std::uint64_t begin, std::uint64_t end, bool whole,
                         Hashes& out) const {
  if (old_size == end && whole) return {};
  std::uint64_t other_begin = begin, other_end = end;
  if (old_size != end) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = old_size <= middle;
    FIREBREAK_TRY(left ? proof(old_size, begin, middle, whole, out) : proof(old_size, middle, end, false, out));
    (left ? other_begin : other_end) = middle;
  }
  FIREBREAK_ASSIGN(const Digest other, range(other_begin, other_end));
  out.push_back(other);
  return {};
}

Result<Hashes> Tree::inclusion_proof(std::uint64_t index, std::uint64_t size) const {
  if (size > size_ || index >= size)
    return fail(Code::kInvalid, "no entry " + std::to_string(index) + " in a log of " +
                                    std::to_string(std::min(size, size_)) + " entries");
  Hashes out;
  FIREBREAK_TRY(path(index, 0, size, out));
  return out;
}

Result<Hashes> Tree::consistency_proof(std::uint64_t old_size, std::uint64_t new_size) const {
  if (new_size > size_ || old_size > new_size)
    return fail(Code::kInvalid, "sizes " + std::to_string(old_size) + " and " + std::to_string(new_size) +
                                    " are not in order within " + std::to_string(size_) + " entries");
  Hashes out;
  if (old_size > 0 && old_size < new_size) FIREBREAK_TRY(proof(old_size, 0, new_size, true, out));
  return out;
}

Result<Bytes> Tree::tile(unsigned level, std::uint64_t n, std::uint64_t width) const {
  if (level >= levels_.size() || width == 0 || width > kTileWidth || n > levels_[level].count / kTileWidth ||
      n * kTileWidth + width > levels_[level].count)
    return fail(Code::kInvalid, "no such tile: " + tile_path(level, n, width));
  FIREBREAK_ASSIGN(const Tile* const tile, tile_of(level, n));
  return Bytes(octets_of(std::span(*tile).first(width)));
}

bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> proof, const Digest& root) {
  if (index >= size) return false;
  std::uint64_t fn = index, sn = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      hash = node_hash(sibling, hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t new_size,
                        const Digest& new_root, std::span<const Digest> proof) {
  if (old_size > new_size) return false;
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  if (old_size == 0) return proof.empty() && old_root == empty_root();
  std::size_t at = 0;
  if (!std::has_single_bit(old_size) && proof.empty()) return false;
  Digest fr = old_root;
  if (!std::has_single_bit(old_size)) fr = proof[at++];
  Digest sr = fr;
  std::uint64_t fn = old_size - 1, sn = new_size - 1;
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  for (; at < proof.size(); ++at) {
    const Digest& c = proof[at];
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      fr = node_hash(c, fr);
      sr = node_hash(c, sr);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = node_hash(sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == old_root && sr == new_root;
}

std::string tile_path(unsigned level, std::uint64_t n, std::uint64_t width) {
  return "tile/" + std::to_string(level) + "/" + tile_suffix(n, width);
}

std::string bundle_path(std::uint64_t n, std::uint64_t width) {
  return "tile/entries/" + tile_suffix(n, width);
}

}  // namespace firebreak::ledger
