#include "log/ledger/tree.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace firebreak::ledger {
namespace {

constexpr unsigned kTileHeight = 8;

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

void Tree::append(const Digest& leaf) {
  if (levels_.empty()) levels_.resize(64 / kTileHeight);
  levels_[0].push(leaf);
  Digest hash = leaf;
  // Adding one carries through the trailing ones of the size: each carry joins two equal subtrees.
  unsigned height = 0;
  for (std::uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
    hash = node_hash(peaks_.back(), hash);
    peaks_.pop_back();
    ++height;
    if (height % kTileHeight == 0) levels_[height / kTileHeight].push(hash);
  }
  peaks_.push_back(hash);
  ++size_;
}

Digest Tree::root() const {
  if (peaks_.empty()) return empty_root();
  Digest hash = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) hash = node_hash(peaks_[i], hash);
  return hash;
}

Digest Tree::subtree(unsigned height, std::uint64_t n) const {
  if (height % kTileHeight == 0) return levels_[height / kTileHeight].at(n);
  return node_hash(subtree(height - 1, 2 * n), subtree(height - 1, 2 * n + 1));
}

// RFC 6962 §2.1; `begin` is a multiple of the largest power of two <= end - begin wherever this is called.
Digest Tree::range(std::uint64_t begin, std::uint64_t end) const {
  const std::uint64_t n = end - begin;
  if (std::has_single_bit(n)) return subtree(static_cast<unsigned>(std::countr_zero(n)), begin / n);
  const std::uint64_t k = split_of(n);
  return node_hash(range(begin, begin + k), range(begin + k, end));
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
  return levels_[0].at(index);
}

// PATH of RFC 6962 §2.1.1, leaf's sibling first.
void Tree::path(std::uint64_t index, std::uint64_t begin, std::uint64_t end, Hashes& out) const {
  if (end - begin == 1) return;
  const std::uint64_t middle = begin + split_of(end - begin);
  if (index < middle) {
    path(index, begin, middle, out);
    out.push_back(range(middle, end));
  } else {
    path(index, middle, end, out);
    out.push_back(range(begin, middle));
  }
}

// SUBPROOF of RFC 6962 §2.1.2 over [begin, end): `whole` = the old tree is a full subtree that the client
// knows.
void Tree::proof(std::uint64_t old_size, std::uint64_t begin, std::uint64_t end, bool whole,
                 Hashes& out) const {
  if (old_size == end) {
    if (!whole) out.push_back(range(begin, end));
    return;
  }
  const std::uint64_t middle = begin + split_of(end - begin);
  if (old_size <= middle) {
    proof(old_size, begin, middle, whole, out);
    out.push_back(range(middle, end));
  } else {
    proof(old_size, middle, end, false, out);
    out.push_back(range(begin, middle));
  }
}

Result<Hashes> Tree::inclusion_proof(std::uint64_t index, std::uint64_t size) const {
  if (size > size_ || index >= size)
    return fail(Code::kInvalid, "no entry " + std::to_string(index) + " in a log of " +
                                    std::to_string(std::min(size, size_)) + " entries");
  Hashes out;
  path(index, 0, size, out);
  return out;
}

Result<Hashes> Tree::consistency_proof(std::uint64_t old_size, std::uint64_t new_size) const {
  if (new_size > size_ || old_size > new_size)
    return fail(Code::kInvalid, "sizes " + std::to_string(old_size) + " and " + std::to_string(new_size) +
                                    " are not in order within " + std::to_string(size_) + " entries");
  Hashes out;
  if (old_size > 0 && old_size < new_size) proof(old_size, 0, new_size, true, out);
  return out;
}

Result<Bytes> Tree::tile(unsigned level, std::uint64_t n, std::uint64_t width) const {
  if (level >= levels_.size() || width == 0 || width > kTileWidth || n > levels_[level].count / kTileWidth ||
      n * kTileWidth + width > levels_[level].count)
    return fail(Code::kInvalid, "no such tile: " + tile_path(level, n, width));
  Bytes out;
  out.reserve(width * 32);
  for (std::uint64_t i = 0; i < width; ++i) out += levels_[level].at(n * kTileWidth + i).view();
  return out;
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
