#include "world/taps/tap.h"

#include <fmt/core.h>

#include "base/limits.h"
#include "base/time.h"
#include "world/taps/payload.h"

namespace firebreak::taps {

std::string_view format_name(Format format) {
  switch (format) {
    case Format::kSageMaker: return "sagemaker";
    case Format::kKServe: return "kserve";
    case Format::kOpenInference: return "openinference";
    case Format::kNdjson: break;
  }
  return "ndjson";
}

Result<Format> parse_format(std::string_view name) {
  for (const Format format : {Format::kNdjson, Format::kSageMaker, Format::kKServe, Format::kOpenInference})
    if (name == format_name(format)) return format;
  return fail(Code::kInvalid, fmt::format("'{}' is none of the formats ndjson, sagemaker, kserve, openinference", name));
}

Result<Format> detect_format(std::string_view first_line) {
  FIREBREAK_ASSIGN(const Json document, parse_json(first_line));
  if (!document.is_object()) return fail(Code::kInvalid, "a line is one JSON object");
  if (find(document, "captureData") != nullptr) return Format::kSageMaker;
  const Json* request = find(document, "request");
  if (request != nullptr && request->is_object() && find(*request, "inputs") != nullptr) return Format::kOpenInference;
  const Json* headers = find(document, "headers");
  if (find(document, "specversion") != nullptr || (headers != nullptr && headers->is_object())) return Format::kKServe;
  return Format::kNdjson;
}

JsonObject Tap::record(std::string id, std::string time) const {
  if (time.empty()) time = options_.now;
  if (const auto parsed = parse_time(time)) time = format_time(*parsed);
  return {{"type", "inference"},
          {"id", id.empty() ? fmt::format("{}-{}", options_.id_prefix, lines_) : std::move(id)},
          {"time", std::move(time)},
          {"endpoint", options_.endpoint},
          {"source", fmt::format("tap:{}", format_name(format_))},
          {"disposition", "served"}};
}

Result<std::vector<JsonObject>> Tap::take(std::string_view line) {
  if (line.size() > limits::kRecordBytes)
    return fail(Code::kTooLarge, fmt::format("the line has {} octets, at most {} are taken", line.size(), limits::kRecordBytes));
  auto document = parse_json(line);
  if (!document) {
    ++lines_;
    return fail(std::move(document.error()));
  }
  return take_document(*document, line.size());
}

Result<std::vector<JsonObject>> Tap::take_document(const Json& document, std::size_t octets) {
  ++lines_;
  if (octets > limits::kRecordBytes)
    return fail(Code::kTooLarge, fmt::format("the event has {} octets, at most {} are taken", octets, limits::kRecordBytes));
  if (!document.is_object()) return fail(Code::kInvalid, "a line is one JSON object");
  switch (format_) {
    case Format::kSageMaker: return take_sagemaker(document);
    case Format::kKServe: return take_kserve(document, octets);
    case Format::kOpenInference: return take_open_inference(document);
    case Format::kNdjson: break;
  }
  return take_ndjson(document);
}

// Our own records as they are; what a simple log lacks is filled in.
Result<std::vector<JsonObject>> Tap::take_ndjson(const Json& document) {
  const std::string type = string_or(document, "type", "inference");
  if (type != "inference") return std::vector<JsonObject>{document.as_object()};
  if (find(document, "features") == nullptr)
    return fail(Code::kInvalid, "an inference has 'features': {name: value, …}", "/features");
  JsonObject record = this->record(string_or(document, "id"), string_or(document, "time"));
  for (const auto& member : document.get_object())
    if (member.key() != "id" && member.key() != "time") record[member.key()] = member.value();
  // A bare answer is allowed: {"features": {…}, "score": 0.4} and {"features": {…}, "prediction": "1"}.
  if (!record.contains("output")) {
    FIREBREAK_ASSIGN(const auto answers, answers_of_json(document));
    if (!answers.empty() && !answers.front().empty()) record["output"] = answers.front();
    for (const std::string_view key : {"label", "score", "prediction", "probability", "predicted_label"}) record.erase(key);
  }
  return std::vector<JsonObject>{std::move(record)};
}

void Tap::set_now(Time now) {
  now_ = now;
  options_.now = format_time(now);
}

}  // namespace firebreak::taps
