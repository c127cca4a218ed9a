#include "read/evidence/range.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/json.h"
#include "log/ledger/note.h"
#include "log/ledger/tree.h"
#include "log/record/stream.h"

namespace firebreak::evidence {
namespace {

constexpr std::size_t kCommitmentAt = 16;  // of the leaf: version, kind, schema, release, time come before
constexpr std::size_t kRecordsAtOnce = 1'000;
constexpr int kProofTries = 50;  // a checkpoint comes at most every half second

JsonArray hex_list(const std::vector<Digest>& hashes) {
  JsonArray list;
  for (const Digest& hash : hashes) list.push_back(Json(hash.hex()));
  return list;
}

Result<std::vector<Digest>> digest_list(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::vector<std::string> texts, get_strings(object, key));
  std::vector<Digest> hashes;
  for (const std::string& text : texts) {
    FIREBREAK_ASSIGN(const Digest hash, Digest::from_hex(text));
    hashes.push_back(hash);
  }
  return hashes;
}

Result<std::uint64_t> get_index(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::int64_t value, get_int(object, key));
  if (value < 0) return fail(Code::kInvalid, fmt::format("'{}' is negative", key));
  return static_cast<std::uint64_t>(value);
}

Result<Bytes> get_octets(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::string text, get_string(object, key));
  return from_base64(text);
}

Result<OpenedRecord> parse_record(std::string_view line) {
  FIREBREAK_ASSIGN(const Json object, parse_json(line));
  OpenedRecord record;
  FIREBREAK_ASSIGN(record.index, get_index(object, "index"));
  FIREBREAK_ASSIGN(record.leaf, get_octets(object, "leaf"));
  FIREBREAK_ASSIGN(record.salt, get_octets(object, "salt"));
  FIREBREAK_ASSIGN(record.row, get_octets(object, "row"));
  const Json* readable = find(object, "record");
  if (readable == nullptr) return fail(Code::kInvalid, "'record' is missing");
  record.json = canonical_json(*readable);
  return record;
}

Result<OpenedRange> parse_head(std::string_view line) {
  FIREBREAK_ASSIGN(const Json object, parse_json(line));
  OpenedRange range;
  FIREBREAK_ASSIGN(range.stream, get_string(object, "stream"));
  FIREBREAK_ASSIGN(range.first, get_index(object, "first"));
  FIREBREAK_ASSIGN(range.last, get_index(object, "last"));
  FIREBREAK_ASSIGN(range.tree_size, get_index(object, "tree_size"));
  FIREBREAK_ASSIGN(const std::string root, get_string(object, "root"));
  FIREBREAK_ASSIGN(range.root, Digest::from_hex(root));
  FIREBREAK_ASSIGN(range.checkpoint, get_string(object, "checkpoint"));
  FIREBREAK_ASSIGN(range.first_proof, digest_list(object, "first_proof"));
  FIREBREAK_ASSIGN(range.last_proof, digest_list(object, "last_proof"));
  return range;
}

}  // namespace

Result<OpenedRange> open_range(record::Stream& stream, std::uint64_t first, std::uint64_t last) {
  OpenedRange range;
  range.stream = stream.config().name;
  // Both ends must be proven against one tree, and the newest checkpoint may move between the two questions.
  for (int attempt = 0;; ++attempt) {
    FIREBREAK_ASSIGN(const record::RecordProof head, stream.prove(first));
    const std::uint64_t end = std::min(last, head.tree_size - 1);
    FIREBREAK_ASSIGN(const record::RecordProof tail, stream.prove(end));
    if (head.tree_size == tail.tree_size) {
      FIREBREAK_ASSIGN(const ledger::Checkpoint checkpoint, ledger::parse_checkpoint(head.checkpoint));
      range.first = first;
      range.last = end;
      range.tree_size = head.tree_size;
      range.root = checkpoint.root;
      range.checkpoint = head.checkpoint;
      range.first_proof = head.proof;
      range.last_proof = tail.proof;
      break;
    }
    if (attempt == kProofTries)
      return fail(Code::kBusy, "the stream grows too fast to prove both ends in one tree");
  }
  for (std::uint64_t at = range.first; at <= range.last;) {
    const std::size_t count = std::min<std::uint64_t>(kRecordsAtOnce, range.last - at + 1);
    const auto take = [&](const record::Record& record) {
      range.records.push_back({record.index, record.leaf, record.salt, record.row, canonical_json(record.fields())});
    };
    FIREBREAK_ASSIGN(at, stream.read_from(at, count, take, record::Erased::kDeliver));
  }
  return range;
}

std::string render_range(const OpenedRange& range) {
  std::string text = canonical_json(JsonObject{{"stream", range.stream},
                                               {"first", range.first},
                                               {"last", range.last},
                                               {"tree_size", range.tree_size},
                                               {"root", range.root.hex()},
                                               {"checkpoint", range.checkpoint},
                                               {"first_proof", hex_list(range.first_proof)},
                                               {"last_proof", hex_list(range.last_proof)}});
  text += '\n';
  for (const OpenedRecord& record : range.records)
    text += fmt::format("{{\"index\":{},\"leaf\":\"{}\",\"record\":{},\"row\":\"{}\",\"salt\":\"{}\"}}\n",
                        record.index, to_base64(record.leaf), record.json, to_base64(record.row),
                        to_base64(record.salt));
  return text;
}

Result<OpenedRange> parse_range(std::string_view text) {
  OpenedRange range;
  std::uint64_t line_number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    ++line_number;
    if (end == std::string_view::npos)
      return fail(Code::kInvalid, fmt::format("line {}: no line end; the file is cut", line_number));
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line_number == 1) {
      Result<OpenedRange> head = parse_head(line);
      if (!head) return fail(std::move(head.error()).with("line 1"));
      range = std::move(*head);
      continue;
    }
    Result<OpenedRecord> record = parse_record(line);
    if (!record) return fail(std::move(record.error()).with(fmt::format("line {}", line_number)));
    range.records.push_back(std::move(*record));
  }
  if (line_number == 0) return fail(Code::kInvalid, "the file is empty");
  return range;
}

// Level by level: node i of a level has its sibling beside it in the range, in one of the two proofs, or (the
// last node of an odd level) none at all.
Result<Digest> range_root(std::uint64_t first, std::uint64_t size, std::vector<Digest> leaves,
                          const std::vector<Digest>& first_proof, const std::vector<Digest>& last_proof) {
  const Error misfit{Code::kCorrupt, "the proof does not fit the range and the tree size", {}, 0};
  if (leaves.empty() || first >= size || leaves.size() > size - first) return fail(misfit);
  std::uint64_t low = first, high = first + leaves.size() - 1, width = size;
  std::size_t left = 0, right = 0;  // consumed of the two proofs
  for (; width > 1; low /= 2, high /= 2, width = (width + 1) / 2) {
    const bool low_has_sibling = low % 2 == 1 || low + 1 < width;
    const bool high_has_sibling = high % 2 == 1 || high + 1 < width;
    std::vector<Digest> row;
    if (low % 2 == 1) {
      if (left >= first_proof.size()) return fail(misfit);
      row.push_back(first_proof[left]);
    }
    row.insert(row.end(), leaves.begin(), leaves.end());
    if (high % 2 == 0 && high_has_sibling) {
      if (right >= last_proof.size()) return fail(misfit);
      row.push_back(last_proof[right]);
    }
    if (low_has_sibling) ++left;
    if (high_has_sibling) ++right;
    leaves.clear();
    for (std::size_t i = 0; i < row.size(); i += 2)
      leaves.push_back(i + 1 < row.size() ? ledger::node_hash(row[i], row[i + 1]) : row[i]);
  }
  if (left != first_proof.size() || right != last_proof.size() || leaves.size() != 1) return fail(misfit);
  return leaves.front();
}

Result<void> check_range(const OpenedRange& range) {
  if (range.last < range.first || range.records.size() != range.last - range.first + 1)
    return fail(Code::kCorrupt, fmt::format("{} records where the head promises {} to {}",
                                            range.records.size(), range.first, range.last));
  std::vector<Digest> leaves;
  leaves.reserve(range.records.size());
  for (std::size_t i = 0; i < range.records.size(); ++i) {
    const OpenedRecord& record = range.records[i];
    if (record.index != range.first + i)
      return fail(Code::kCorrupt,
                  fmt::format("record {} stands where {} belongs", record.index, range.first + i));
    const bool opens = !record.erased() && record.leaf.size() == record::kLeafBytes &&
                       ByteView(record.leaf).substr(kCommitmentAt) == sha256(record.salt, record.row).view();
    // What is not there cannot lie, but neither may words stand in its place.
    const bool only_erased = record.erased() && record.leaf.size() == record::kLeafBytes &&
                             record.json.find("\"erased\":true") != std::string::npos &&
                             record.json.find("\"features\"") == std::string::npos;
    if (!opens && !only_erased)
      return fail(Code::kCorrupt, fmt::format("record {}: row and salt do not open its leaf", record.index));
    leaves.push_back(ledger::leaf_hash(record.leaf));
  }
  FIREBREAK_ASSIGN(const Digest root, range_root(range.first, range.tree_size, std::move(leaves),
                                                 range.first_proof, range.last_proof));
  if (root != range.root)
    return fail(Code::kCorrupt, fmt::format("records {} to {} do not stand in the tree with root {}",
                                            range.first, range.last, range.root.hex()));
  return {};
}

std::size_t erased_in(const OpenedRange& range) {
  return static_cast<std::size_t>(std::count_if(range.records.begin(), range.records.end(),
                                                [](const OpenedRecord& record) { return record.erased(); }));
}

}  // namespace firebreak::evidence
