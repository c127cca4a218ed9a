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

constexpr const char* kNoAnswer = "no answer was logged";

std::vector<JsonObject> unanswered(std::vector<JsonObject> records, const std::string& reason) {
  for (JsonObject& record : records) {
    record["disposition"] = "failed";
    record["reason"] = reason;
  }
  return records;
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
    if (const auto early = answers_.find(event.id); early != answers_.end()) {
      const Json answer = std::move(early->second);
      answers_.erase(early);
      return answered(event.id, answer);
    }
    order_.emplace_back(event.id, now_);
    return bounded();
  }
  if (!event.type.ends_with("inference.response"))
    return fail(Code::kInvalid, fmt::format("event type '{}' is neither …inference.request nor …inference.response", event.type), "/type");
  if (requests_.contains(event.id)) return answered(event.id, event.data);
  if (!options_.any_order) return fail(Code::kNotFound, fmt::format("an answer without its request: '{}'", event.id), "/id");
  FIREBREAK_TRY(answers_of_json(event.data));  // what is no answer is refused when it comes
  answers_[event.id] = event.data;
  order_.emplace_back(event.id, now_);
  return bounded();
}

Result<std::vector<JsonObject>> Tap::answered(const std::string& id, const Json& answer) {
  FIREBREAK_ASSIGN(const std::vector<JsonObject> answers, answers_of_json(answer));
  const auto waiting = requests_.find(id);
  std::vector<JsonObject> records = std::move(waiting->second);
  requests_.erase(waiting);
  if (answers.size() != records.size()) {
    std::string why = fmt::format("{} rows were asked and {} answers given", records.size(), answers.size());
    if (options_.any_order) return unanswered(std::move(records), why);  // nobody would send them again
    return fail(Code::kInvalid, std::move(why), "/data");
  }
  for (std::size_t i = 0; i < records.size(); ++i)
    if (!answers[i].empty()) records[i]["output"] = answers[i];
  return records;
}

// Keeps what waits within kMaxPending: the oldest goes.
std::vector<JsonObject> Tap::bounded() {
  std::vector<JsonObject> given_up;
  while (requests_.size() > kMaxPending || answers_.size() > kMaxPending) {
    const auto [id, came] = order_.front();
    order_.pop_front();
    if (const auto request = requests_.find(id); request != requests_.end()) {
      for (JsonObject& record : unanswered(std::move(request->second), kNoAnswer)) given_up.push_back(std::move(record));
      requests_.erase(request);
    }
    lost_answers_ += answers_.erase(id);
  }
  while (!order_.empty() && !requests_.contains(order_.front().first) && !answers_.contains(order_.front().first)) order_.pop_front();
  return given_up;
}

std::vector<JsonObject> Tap::give_up_before(Time time) {
  std::vector<JsonObject> given_up;
  for (; !order_.empty() && order_.front().second < time; order_.pop_front()) {
    const std::string& id = order_.front().first;
    lost_answers_ += answers_.erase(id);
    const auto request = requests_.find(id);
    if (request == requests_.end()) continue;
    for (JsonObject& record : unanswered(std::move(request->second), kNoAnswer)) given_up.push_back(std::move(record));
    requests_.erase(request);
  }
  return given_up;
}

std::vector<JsonObject> Tap::finish() {
  std::vector<JsonObject> left;
  for (const auto& [id, came] : order_) {
    const auto waiting = requests_.find(id);
    if (waiting == requests_.end()) continue;
    for (JsonObject& record : unanswered(std::move(waiting->second), kNoAnswer)) left.push_back(std::move(record));
    requests_.erase(waiting);
  }
  lost_answers_ += answers_.size();
  answers_.clear();
  order_.clear();
  return left;
}

}  // namespace firebreak::taps
