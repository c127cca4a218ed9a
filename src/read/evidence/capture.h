// Secures the evidence that a playbook or a person asked for: each item becomes a blob and the body of an
// `evidence_captured` (or `evidence_failed`) entry. docs/formats/evidence-bundle.md describes the items.
//
// An item that cannot be had fails alone; the others are captured. Capturing reads only: nothing outside
// changes. The caller submits the returned drafts to the journal (producer "evidence"); the blobs are durable
// by then.
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
#include "read/evidence/range.h"
#include "types/entry.h"

namespace firebreak::evidence {

// A document from outside, with what Firebreak expected of it.
struct Document {
  std::string name;  // "model_1.0.0.json"
  std::string media_type = "application/json";
  std::string origin;  // where it was read, for a person: "release 1.0.0 of fraud-api, blob store"
  Bytes content;
  std::string expected;  // hex digest that the journal names for it; empty when it names none
};

// Where the items come from. An unset function makes its item fail with that reason.
struct CaptureSources {
  std::function<Result<Document>(const std::string& endpoint)> model;
  std::function<Result<Document>(const std::string& endpoint)> dataset;
  std::function<Result<Document>(const std::string& endpoint)> policy;
  std::function<Result<Document>(const std::string& endpoint)> counters;
  std::function<Result<OpenedRange>(const std::string& stream, std::uint64_t first, std::uint64_t last)>
      inferences;
};

struct CaptureResult {
  std::vector<Draft> drafts;  // one per blob or failure, in the order of volatility (types/volatility.h)
  std::uint64_t captured = 0, failed = 0;
  std::uint64_t octets = 0;
};

// `requested` is the body of evidence_requested, `request` its id ("req-17"). Fails only when the body is not
// one. A model or data set whose bytes differ from the expected digest is captured as found, with both
// digests named: the difference is the evidence.
Result<CaptureResult> capture(BlobStore& blobs, const CaptureSources& sources, const std::string& request,
                              const Json& requested);

// The drafts bear the source {producer "evidence", position = the request's index, ordinal = 1, 2, …}: a
// capture that is repeated after a crash adds only what was missing. `request` ids must therefore be worked
// on in order.
inline constexpr std::string_view kProducer = "evidence";

// The body of an evidence_custody entry. Actions: seal, export, view, verify.
Draft custody(const std::string& evidence, std::string_view action, const std::string& by,
              const std::string& reason);

// A long range becomes several blobs of at most this many records and limits::kDocumentBytes.
inline constexpr std::uint64_t kInferencesPerBlob = 20'000;

}  // namespace firebreak::evidence
