// Reads one line after the other of somebody else's inference log and makes stream records of them.
//
// One line may hold many inferences (a batch request) or half of one (KServe logs request and answer apart; they are joined
// by ce-id). Feature rows without names get those of `columns`, else f0, f1, …
// Limits: a line has at most limits::kRecordBytes octets; at most kMaxPending requests wait for their answers, the oldest is
// given out without one. Threads: none; one owner. Errors: kInvalid with the pointer inside the line.
// Sources: SageMaker Developer Guide "Capture data" (eventVersion 0); KServe pkg/logger, CloudEvents 1.0; Open Inference
// Protocol v2. docs/formats/taps.md.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::taps {

enum class Format { kNdjson, kSageMaker, kKServe };

std::string_view format_name(Format format);                // "ndjson", "sagemaker", "kserve"
Result<Format> parse_format(std::string_view name);
Result<Format> detect_format(std::string_view first_line);  // by what only this format has; kInvalid: it is no JSON object

struct Options {
  std::string endpoint;
  std::vector<std::string> columns;  // of rows without names
  std::string id_prefix;             // of lines that bear no id: "prefix-17"
  std::string now;                   // RFC 3339, of lines that bear no time
};

class Tap {
 public:
  static constexpr std::size_t kMaxPending = 10'000;

  Tap(Format format, Options options) : format_(format), options_(std::move(options)) {}

  // The records that this line completes; none for the first half of an exchange.
  Result<std::vector<JsonObject>> take(std::string_view line);
  std::vector<JsonObject> finish();  // requests whose answers never came, without an answer

  std::size_t pending() const { return requests_.size(); }

 private:
  Result<std::vector<JsonObject>> take_ndjson(const Json& document);
  Result<std::vector<JsonObject>> take_sagemaker(const Json& document);
  Result<std::vector<JsonObject>> take_kserve(const Json& document);
  JsonObject record(std::string id, std::string time) const;

  const Format format_;
  const Options options_;
  std::uint64_t lines_ = 0;
  std::map<std::string, std::vector<JsonObject>> requests_;  // KServe: ce-id -> records without an answer
  std::deque<std::string> order_;                            // of requests_, oldest first
};

}  // namespace firebreak::taps
