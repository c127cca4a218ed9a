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
  // What goes into each row of the request is short: thousands of rows would make much of a long one.
  constexpr std::size_t kIdBytes = limits::kIdBytes - 6;  // and "/9999" behind it
  if (event.id.empty()) return fail(Code::kInvalid, "the event has no id (ce-id)", "/id");
  if (event.id.size() > kIdBytes) return fail(Code::kTooLarge, fmt::format("the event's id has more than {} octets", kIdBytes), "/id");
  if (!event.time.empty() && !parse_time(event.time)) return fail(Code::kInvalid, "the event's time is none of RFC 3339", "/time");
  if (event.component.size() > limits::kIdBytes)
    return fail(Code::kTooLarge, fmt::format("the service's name has more than {} octets", limits::kIdBytes), "/inferenceservicename");
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

Result<std::vector<JsonObject>> Tap::take_kserve(const Json& document, std::size_t octets) {
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
    requests_[event.id] = {std::move(records), octets};
    waiting_octets_ += octets;
    if (const auto early = answers_.find(event.id); early != answers_.end()) {
      const Json answer = std::move(early->second.data);
      drop(early);
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
  if (answers_.contains(event.id)) return fail(Code::kConflict, fmt::format("a second answer with the id '{}'", event.id), "/id");
  answers_[event.id] = {event.data, octets};
  waiting_octets_ += octets;
  order_.emplace_back(event.id, now_);
  return bounded();
}

Result<std::vector<JsonObject>> Tap::answered(const std::string& id, const Json& answer) {
  FIREBREAK_ASSIGN(const std::vector<JsonObject> answers, answers_of_json(answer));
  std::vector<JsonObject> records = take_out(requests_.find(id));
  if (answers.size() != records.size()) {
    std::string why = fmt::format("{} rows were asked and {} answers given", records.size(), answers.size());
    if (options_.any_order) return unanswered(std::move(records), why);  // nobody would send them again
    return fail(Code::kInvalid, std::move(why), "/data");
  }
  for (std::size_t i = 0; i < records.size(); ++i)
    if (!answers[i].empty()) records[i]["output"] = answers[i];
  return records;
}

std::vector<JsonObject> Tap::take_out(std::map<std::string, Request>::iterator request) {
  std::vector<JsonObject> records = std::move(request->second.records);
  waiting_octets_ -= request->second.octets;
  requests_.erase(request);
  return records;
}

void Tap::drop(std::map<std::string, Answer>::iterator answer) {
  waiting_octets_ -= answer->second.octets;
  answers_.erase(answer);
}

// Keeps what waits within its limits: the oldest goes.
std::vector<JsonObject> Tap::bounded() {
  const auto over = [&] { return requests_.size() > kMaxPending || answers_.size() > kMaxPending || waiting_octets_ > kMaxPendingBytes; };
  std::vector<JsonObject> given_up;
  while (over() && !order_.empty()) give_up_oldest(given_up);
  while (!order_.empty() && !requests_.contains(order_.front().first) && !answers_.contains(order_.front().first)) order_.pop_front();
  return given_up;
}

void Tap::give_up_oldest(std::vector<JsonObject>& into) {
  const std::string id = std::move(order_.front().first);
  order_.pop_front();
  if (const auto request = requests_.find(id); request != requests_.end())
    for (JsonObject& record : unanswered(take_out(request), kNoAnswer)) into.push_back(std::move(record));
  if (const auto answer = answers_.find(id); answer != answers_.end()) {
    drop(answer);
    ++lost_answers_;
  }
}

std::vector<JsonObject> Tap::give_up_before(Time time) {
  std::vector<JsonObject> given_up;
  while (!order_.empty() && order_.front().second < time) give_up_oldest(given_up);
  return given_up;
}

std::vector<JsonObject> Tap::finish() {
  std::vector<JsonObject> left;
  while (!order_.empty()) give_up_oldest(left);
  return left;
}

}  // namespace firebreak::taps
