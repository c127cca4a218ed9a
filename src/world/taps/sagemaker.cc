// SageMaker data capture: request and answer in one line, each with its content type and encoding.
#include <fmt/core.h>

#include "base/encoding.h"
#include "world/taps/payload.h"
#include "world/taps/tap.h"

namespace firebreak::taps {
namespace {

struct Body {
  std::string text;
  bool csv = false;
};

Result<Body> body_of(const Json& capture, std::string_view side) {
  const Json* part = find(capture, side);
  const std::string pointer = fmt::format("/captureData/{}", side);
  if (part == nullptr || !part->is_object()) return fail(Code::kInvalid, fmt::format("'{}' is missing", side), pointer);
  FIREBREAK_ASSIGN(std::string data, get_string(*part, "data"));
  const std::string encoding = string_or(*part, "encoding"), type = string_or(*part, "observedContentType");
  if (encoding == "BASE64") {
    auto decoded = from_base64(data);
    if (!decoded) return fail(Code::kInvalid, "'data' is no base64", pointer + "/data");
    data = std::move(*decoded);
  } else if (encoding != "CSV" && encoding != "JSON") {
    return fail(Code::kInvalid, fmt::format("encoding '{}' is none of CSV, JSON, BASE64", encoding), pointer + "/encoding");
  }
  return Body{std::move(data), encoding == "CSV" || type.starts_with("text/csv")};
}

Result<Json> json_of(const Body& body, std::string_view side) {
  auto document = parse_json(body.text);
  if (document) return document;
  return fail(Code::kInvalid, fmt::format("the captured {} is not JSON: {}", side, document.error().message),
              fmt::format("/captureData/{}/data", side));
}

}  // namespace

Result<std::vector<JsonObject>> Tap::take_sagemaker(const Json& document) {
  const Json* capture = find(document, "captureData");
  const Json* meta = find(document, "eventMetadata");
  if (capture == nullptr || !capture->is_object()) return fail(Code::kInvalid, "'captureData' is missing", "/captureData");
  if (meta == nullptr || !meta->is_object()) return fail(Code::kInvalid, "'eventMetadata' is missing", "/eventMetadata");
  FIREBREAK_ASSIGN(const Body input, body_of(*capture, "endpointInput"));
  std::vector<JsonObject> rows;
  if (input.csv) {
    FIREBREAK_ASSIGN(rows, rows_of_csv(input.text, options_.columns));
  } else {
    FIREBREAK_ASSIGN(const Json body, json_of(input, "endpointInput"));
    FIREBREAK_ASSIGN(rows, rows_of_json(body, options_.columns));
  }
  std::vector<JsonObject> answers;
  if (find(*capture, "endpointOutput") != nullptr) {
    FIREBREAK_ASSIGN(const Body output, body_of(*capture, "endpointOutput"));
    if (output.csv) {
      FIREBREAK_ASSIGN(answers, answers_of_csv(output.text));
    } else {
      FIREBREAK_ASSIGN(const Json body, json_of(output, "endpointOutput"));
      FIREBREAK_ASSIGN(answers, answers_of_json(body));
    }
  }
  if (!answers.empty() && answers.size() != rows.size())
    return fail(Code::kInvalid, fmt::format("{} rows were asked and {} answers given", rows.size(), answers.size()),
                "/captureData/endpointOutput/data");
  // inferenceId is the caller's own name for the request; it is what a label will come back with.
  const std::string id = string_or(*meta, "inferenceId", string_or(*meta, "eventId"));
  std::vector<JsonObject> records;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    JsonObject record = this->record(rows.size() == 1 || id.empty() ? id : fmt::format("{}/{}", id, i), string_or(*meta, "inferenceTime"));
    record["features"] = std::move(rows[i]);
    if (i < answers.size() && !answers[i].empty()) record["output"] = std::move(answers[i]);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace firebreak::taps
