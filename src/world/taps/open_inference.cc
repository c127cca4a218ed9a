// An exchange of the Open Inference Protocol v2 (REST): {"request": {"id", "inputs": […]}, "response": {"id", "model_name",
// "model_version", "outputs": […]}, "time"?}, the two bodies as they went over the wire.
// Source: kserve/open-inference-protocol, specification/protocol/inference_rest.md.
#include <fmt/core.h>

#include "world/taps/payload.h"
#include "world/taps/tap.h"

namespace firebreak::taps {

Result<std::vector<JsonObject>> Tap::take_open_inference(const Json& document) {
  const Json* request = find(document, "request");
  if (request == nullptr || !request->is_object()) return fail(Code::kInvalid, "'request' is missing: the body that was asked", "/request");
  FIREBREAK_ASSIGN(std::vector<JsonObject> rows, rows_of_json(*request, options_.columns));
  const Json* response = find(document, "response");
  std::string id = string_or(*request, "id");
  std::vector<JsonObject> answers;
  JsonObject model;
  if (response != nullptr && response->is_object()) {
    FIREBREAK_ASSIGN(answers, answers_of_json(*response));
    if (id.empty()) id = string_or(*response, "id");
    if (const std::string name = string_or(*response, "model_name"); !name.empty()) model["name"] = name;
    if (const std::string version = string_or(*response, "model_version"); !version.empty()) model["version"] = version;
    if (answers.size() != rows.size())
      return fail(Code::kInvalid, fmt::format("{} rows were asked and {} answers given", rows.size(), answers.size()), "/response/outputs");
  }
  std::vector<JsonObject> records;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    JsonObject record = this->record(rows.size() == 1 || id.empty() ? id : fmt::format("{}/{}", id, i), string_or(document, "time"));
    record["features"] = std::move(rows[i]);
    if (!model.empty()) record["model"] = model;
    if (i < answers.size() && !answers[i].empty()) record["output"] = std::move(answers[i]);
    if (response == nullptr || !response->is_object()) record["disposition"] = "failed";
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace firebreak::taps
