// Secures the evidence that a playbook or a person asked for: each item becomes a blob and the body of an
// `evidence_captured` (or `evidence_failed`) entry. docs/formats/evidence-bundle.md describes the items.
//
// An item that cannot be had fails alone; the others are captured. Capturing reads only: nothing outside changes.
// The caller submits the returned drafts to the journal (producer "evidence"); the blobs are durable by then.
//
// Threads: capture() from one thread at a time per request; it blocks on the sources and on the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "read/evidence/blob_store.h"
#include "types/entry.h"

namespace firebreak::evidence {

// A document from outside, with what Firebreak expected of it.
struct Document {
  std::string name;        // "model_1.0.0.json"
  std::string media_type = "application/json";
  std::string origin;      // where it was read, for a person: "release 1.0.0 of fraud-api, blob store"
  Bytes content;
  std::string expected;    // hex digest that the journal names for it; empty when it names none
};

// One inference as the stream can open it.
struct OpenedRecord {
  std::uint64_t index = 0;
  Bytes leaf;      // the 48 octets in the tree
  Bytes salt;      // leaf[16..48) = SHA-256(salt ‖ row)
  Bytes row;       // canonical typed row
  std::string json;  // the record as a person reads it; empty when its key was destroyed
};

// A contiguous range of a stream against one tree.
struct OpenedRange {
  std::uint64_t first = 0, last = 0;
  std::uint64_t tree_size = 0;
  std::string root;                // hex
  std::string checkpoint;          // signed note over (tree_size, root)
  std::vector<std::string> first_proof, last_proof;  // hex, inclusion proofs of the two ends
  std::vector<OpenedRecord> records;
};

// Where the items come from. An unset function makes its item fail with that reason.
struct CaptureSources {
  std::function<Result<Document>(const std::string& endpoint)> model;
  std::function<Result<Document>(const std::string& endpoint)> dataset;
  std::function<Result<Document>(const std::string& endpoint)> policy;
  std::function<Result<Document>(const std::string& endpoint)> counters;
  // At most `limit` records from `first`, never beyond `last`.
  std::function<Result<OpenedRange>(const std::string& stream, std::uint64_t first, std::uint64_t last)> inferences;
};

struct CaptureResult {
  std::vector<Draft> drafts;  // one per blob or failure, in the order asked for
  std::uint64_t captured = 0, failed = 0;
  std::uint64_t octets = 0;
};

// `requested` is the body of evidence_requested, `request` its id ("req-17"). Fails only when the body is not one.
// A model or data set whose bytes differ from the expected digest is captured as found, with both digests named:
// the difference is the evidence.
Result<CaptureResult> capture(BlobStore& blobs, const CaptureSources& sources, const std::string& request,
                              const Json& requested);

// The body of an evidence_custody entry. Actions: seal, export, view, verify.
Draft custody(const std::string& evidence, std::string_view action, const std::string& by, const std::string& reason);

// Inferences are stored as NDJSON: a head line {stream, first, last, tree_size, root, checkpoint, first_proof,
// last_proof}, then one line {index, leaf, salt, row, record} each, in index order.
inline constexpr std::uint64_t kInferencesPerBlob = 20'000;
std::string render_range(const std::string& stream, const OpenedRange& range);

}  // namespace firebreak::evidence
