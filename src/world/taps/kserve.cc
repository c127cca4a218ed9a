// KServe's inference logger: request and answer are CloudEvents of their own with the same id. Two shapes are read: the
// structured event ({"specversion", "id", "type", "data", …}) and a recorded HTTP message ({"headers": {"ce-id": …}, "body": …}).
#include <fmt/core.h>

#include "base/encoding.h"
#include "world/taps/payload.h"
#include "world/taps/tap.h"

namespace firebreak::taps {
namespace {

struct Event {
  std::string id, type, time, source, component;
  Json data;
};

// A header by its lower-case name, however the recorder wrote it.
std::string header(const Json& headers, std::string_view name) {
  for (const auto& member : headers.get_object()) {
    std::string lower(member.key());
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (lower == name && member.value().is_string()) return std::string(member.value().get_string());
  }
  return {};
}

Result<Json> data_of(const Json* data, std::string_view pointer) {
  if (data == nullptr) return fail(Code::kInvalid, "the event has no data", std::string(pointer));
  if (!data->is_string()) return *data;
  auto document = parse_json(data->get_string());
  if (document) return document;
  const auto decoded = from_base64(std::string(data->get_string()));
  if (decoded)
    if (auto inner = parse_json(*decoded)) return inner;
  return fail(Code::kInvalid, "the event's data is not JSON", std::string(pointer));
}

Result<Event> event_of(const Json& document) {
  Event event;
  if (const Json* headers = find(document, "headers"); headers != nullptr && headers->is_object()) {
    event = {header(*headers, "ce-id"), header(*headers, "ce-type"), header(*headers, "ce-time"), header(*headers, "ce-source"),
             header(*headers, "ce-inferenceservicename"), {}};
    FIREBREAK_ASSIGN(event.data, data_of(find(document, "body"), "/body"));
  } else {
    event = {string_or(document, "id"), string_or(document, "type"), string_or(document, "time"), string_or(document, "source"),
             string_or(document, "inferenceservicename"), {}};
    const bool base64 = find(document, "data_base64") != nullptr;
    FIREBREAK_ASSIGN(event.data, data_of(find(document, base64 ? "data_base64" : "data"), "/data"));
  }
  if (event.id.empty()) return fail(Code::kInvalid, "the event has no id (ce-id)", "/id");
  return event;
}

}  // namespace

Result<std::vector<JsonObject>> Tap::take_kserve(const Json& document) {
  FIREBREAK_ASSIGN(const Event event, event_of(document));
  if (event.type.ends_with("inference.request")) {
    FIREBREAK_ASSIGN(std::vector<JsonObject> rows, rows_of_json(event.data, options_.columns));
    std::vector<JsonObject> records;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      JsonObject record = this->record(rows.size() == 1 ? event.id : fmt::format("{}/{}", event.id, i), event.time);
      record["features"] = std::move(rows[i]);
      if (!event.component.empty()) record["service"] = event.component;
      records.push_back(std::move(record));
    }
    if (requests_.contains(event.id)) return fail(Code::kConflict, fmt::format("a second request with the id '{}'", event.id), "/id");
    requests_[event.id] = std::move(records);
    order_.push_back(event.id);
    std::vector<JsonObject> given_up;
    while (requests_.size() > kMaxPending) {
      const auto oldest = requests_.find(order_.front());
      order_.pop_front();
      if (oldest == requests_.end()) continue;
      for (JsonObject& record : oldest->second) given_up.push_back(std::move(record));
      requests_.erase(oldest);
    }
    while (!order_.empty() && !requests_.contains(order_.front())) order_.pop_front();
    return given_up;
  }
  if (!event.type.ends_with("inference.response"))
    return fail(Code::kInvalid, fmt::format("event type '{}' is neither …inference.request nor …inference.response", event.type), "/type");
  const auto waiting = requests_.find(event.id);
  if (waiting == requests_.end()) return fail(Code::kNotFound, fmt::format("an answer without its request: '{}'", event.id), "/id");
  FIREBREAK_ASSIGN(const std::vector<JsonObject> answers, answers_of_json(event.data));
  std::vector<JsonObject> records = std::move(waiting->second);
  requests_.erase(waiting);
  if (answers.size() != records.size())
    return fail(Code::kInvalid, fmt::format("{} rows were asked and {} answers given", records.size(), answers.size()), "/data");
  for (std::size_t i = 0; i < records.size(); ++i)
    if (!answers[i].empty()) records[i]["output"] = answers[i];
  return records;
}

}  // namespace firebreak::taps
