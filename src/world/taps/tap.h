// Reads one line after the other of somebody else's inference log and makes stream records of them.
//
// One line may hold many inferences (a batch request) or half of one (KServe logs request and answer apart; they are joined
// by ce-id, in a file in their order, on the wire in any). Feature rows without names get those of `columns`, else f0, f1, …
// Limits: a line, or an event, has at most limits::kRecordBytes octets; at most kMaxPending requests and as many answers, and
// kMaxPendingBytes of both, wait for their other halves: the oldest request is given out without an answer, the oldest answer
// dropped and counted. Threads: none; one owner. Errors: kInvalid with the pointer inside the line.
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
#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"

namespace firebreak::taps {

enum class Format { kNdjson, kSageMaker, kKServe, kOpenInference };

std::string_view format_name(Format format);                // "ndjson", "sagemaker", "kserve", "openinference"
Result<Format> parse_format(std::string_view name);
Result<Format> detect_format(std::string_view first_line);  // by what only this format has; kInvalid: it is no JSON object

struct Options {
  std::string endpoint;
  std::vector<std::string> columns;  // of rows without names
  std::string id_prefix;             // of lines that bear no id: "prefix-17"
  std::string now;                   // RFC 3339, of lines that bear no time
  bool any_order = false;            // an answer may come before its request
};

class Tap {
 public:
  static constexpr std::size_t kMaxPending = 10'000, kMaxPendingBytes = 64 * limits::kMiB;

  Tap(Format format, Options options) : format_(format), options_(std::move(options)) {}

  // The records that this line completes; none for the first half of an exchange.
  Result<std::vector<JsonObject>> take(std::string_view line);
  Result<std::vector<JsonObject>> take_document(const Json& document, std::size_t octets);  // as long as its text was
  std::vector<JsonObject> finish();  // requests whose answers never came, without an answer

  // For halves that come over time: what comes from now on came at `now`; requests from before `time` are given out without
  // an answer, and answers from before it are dropped.
  void set_now(Time now);
  std::vector<JsonObject> give_up_before(Time time);

  std::size_t pending() const { return requests_.size(); }
  std::uint64_t lost_answers() const { return lost_answers_; }

 private:
  Result<std::vector<JsonObject>> take_ndjson(const Json& document);
  Result<std::vector<JsonObject>> take_sagemaker(const Json& document);
  Result<std::vector<JsonObject>> take_kserve(const Json& document, std::size_t octets);
  Result<std::vector<JsonObject>> take_open_inference(const Json& document);
  Result<std::vector<JsonObject>> answered(const std::string& id, const Json& answer);
  std::vector<JsonObject> bounded();
  JsonObject record(std::string id, std::string time) const;

  const Format format_;
  Options options_;
  std::uint64_t lines_ = 0, lost_answers_ = 0;
  Time now_;
  struct Request {
    std::vector<JsonObject> records;  // without an answer
    std::size_t octets = 0;
  };
  struct Answer {
    Json data;
    std::size_t octets = 0;
  };
  void give_up_oldest(std::vector<JsonObject>& into);
  std::vector<JsonObject> take_out(std::map<std::string, Request>::iterator request);
  void drop(std::map<std::string, Answer>::iterator answer);

  std::map<std::string, Request> requests_;         // KServe: by ce-id
  std::map<std::string, Answer> answers_;           // that came before their requests
  std::deque<std::pair<std::string, Time>> order_;  // of both, oldest first
  std::size_t waiting_octets_ = 0;
};

}  // namespace firebreak::taps
