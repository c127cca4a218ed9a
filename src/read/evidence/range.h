// A contiguous range of a stream with one proof for all of it: the inclusion proofs of its two ends hold
// every hash that is needed beside the range's own leaves (RFC 9162 §2.1.3; the inner siblings are computed
// from the leaves).
//
// As text: NDJSON, a head line {checkpoint, first, first_proof, last, last_proof, root, stream, tree_size},
// then one line {index, leaf, record, row, salt} a record, in index order; leaf, row and salt in base64,
// hashes in hex. leaf[16..48) = SHA-256(salt ‖ row). docs/formats/evidence-bundle.md has an example.
//
// Pure except open_range. Errors: kInvalid (text, with its line), kCorrupt (the proof does not hold, with the
// record).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace firebreak::record {
class Stream;
}

namespace firebreak::evidence {

struct OpenedRecord {
  std::uint64_t index = 0;
  Bytes leaf;  // the 48 octets in the tree
  Bytes salt;
  Bytes row;         // canonical typed row
  std::string json;  // canonical JSON of the record as a person reads it

  // Its key was destroyed before it was captured: the leaf alone is left, salt and row are empty, `json` says so.
  bool erased() const { return salt.empty() && row.empty(); }
};

struct OpenedRange {
  std::string stream;
  std::uint64_t first = 0, last = 0;
  std::uint64_t tree_size = 0;
  Digest root;
  std::string checkpoint;                       // signed note over (tree_size, root)
  std::vector<Digest> first_proof, last_proof;  // inclusion proofs of the two ends
  std::vector<OpenedRecord> records;
};

// Records first..last of the stream, cut at its newest checkpoint. kNotFound when `first` is beyond it.
Result<OpenedRange> open_range(record::Stream& stream, std::uint64_t first, std::uint64_t last);

std::string render_range(const OpenedRange& range);
Result<OpenedRange> parse_range(std::string_view text);

// The root of the tree that has these leaf hashes at first..last. kCorrupt when the proofs do not fit the
// range.
Result<Digest> range_root(std::uint64_t first, std::uint64_t size, std::vector<Digest> leaves,
                          const std::vector<Digest>& first_proof, const std::vector<Digest>& last_proof);

// Every row opens its leaf (an erased record has none), and all leaves stand in the tree with this root. Does not look at
// the checkpoint.
Result<void> check_range(const OpenedRange& range);
std::size_t erased_in(const OpenedRange& range);

}  // namespace firebreak::evidence
