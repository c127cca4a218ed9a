#include "run/drill/recorded.h"

#include <fmt/core.h>

#include "read/table/source.h"

namespace firebreak::drill {
namespace {

Result<Event> read_event(const std::string& line) {
  FIREBREAK_ASSIGN(const Json document, parse_json(line));
  Event event;
  FIREBREAK_ASSIGN(event.time, get_time(document, "time"));
  FIREBREAK_ASSIGN(event.id, get_string(document, "id"));
  event.is_label = string_or(document, "type") == "label";
  if (event.is_label) {
    const Json* const label = find(document, "label");
    if (label == nullptr) return fail(Code::kInvalid, "'label' is missing", "/label");
    event.label = label->is_string() ? std::string(label->get_string()) : canonical_json(*label);
    return event;
  }
  FIREBREAK_ASSIGN(event.caller, get_string(document, "caller"));
  FIREBREAK_ASSIGN(event.label, get_string(document, "prediction"));
  const Json *const features = find(document, "features"), *const score = find(document, "score");
  if (features == nullptr || !features->is_object()) return fail(Code::kInvalid, "'features' must be an object", "/features");
  if (score == nullptr || !score->is_number()) return fail(Code::kInvalid, "'score' must be a number", "/score");
  event.features = canonical_json(*features);
  event.score = canonical_json(*score);
  return event;
}

std::string scored(const replay::Ensemble& model, const Json& features) {
  std::vector<double> numbers;
  std::vector<std::string> words;
  for (const std::string& name : model.numeric()) numbers.push_back(number_or(features, name));
  for (const std::string& name : model.categorical()) words.push_back(string_or(features, name));
  const replay::Scored answer = model.score(numbers, {words.begin(), words.end()});
  return fmt::format(R"({{"label":"{}","score":{}}})", answer.label, answer.score);
}

void place(Recording& out, const RecordedStream& stream, Event event) {
  if (event.time < stream.history_from || !(event.time < stream.to)) return;
  const bool before = event.time < stream.from;
  event.time = stream.at + (event.time - stream.from);
  (before ? out.history : out.played).push_back(std::move(event));
}

}  // namespace

Result<Recording> read_recording(Files& files, const RecordedStream& stream, const std::string& path) {
  FIREBREAK_ASSIGN(const std::unique_ptr<table::Source> source, table::Source::open(files, path));
  Recording out;
  std::string text;
  std::uint64_t number = 0;
  const auto take = [&](const std::string& line) -> Result<void> {
    ++number;
    if (line.empty()) return {};
    auto event = read_event(line);
    if (!event) return fail(std::move(event.error()).with(fmt::format("{}, line {}", path, number)));
    place(out, stream, std::move(*event));
    return {};
  };
  for (bool more = true; more;) {
    FIREBREAK_ASSIGN(more, source->append_to(text));
    std::size_t from = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; from = end + 1, end = text.find('\n', from)) FIREBREAK_TRY(take(text.substr(from, end - from)));
    text.erase(0, from);
  }
  if (!text.empty()) FIREBREAK_TRY(take(text));
  const auto earlier = [](const Event& a, const Event& b) { return a.time < b.time; };
  std::stable_sort(out.history.begin(), out.history.end(), earlier);
  std::stable_sort(out.played.begin(), out.played.end(), earlier);
  if (out.played.empty()) return fail(Code::kInvalid, fmt::format("{} has nothing from {} to {}", path, format_time(stream.from), format_time(stream.to)));
  return out;
}

Recording make_recording(const RecordedStream& stream) {
  Recording out;
  for (Event& event : synthesize(stream.made, stream.endpoint, stream.history_from, stream.to)) place(out, stream, std::move(event));
  return out;
}

Result<std::unique_ptr<RecordedModel>> RecordedModel::start(const Drill& drill, const std::vector<Recording>& recordings) {
  auto model = std::make_unique<RecordedModel>();
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    auto& answers = model->answers_[drill.streams[i].endpoint];
    for (const Event& event : recordings[i].played) {
      if (event.is_label) continue;
      std::string answer = fmt::format(R"({{"label":"{}","score":{}}})", event.label, event.score);
      model->first_.try_emplace(drill.streams[i].endpoint, answer);
      answers[event.id] = std::move(answer);
    }
  }
  RecordedModel& self = *model;
  FIREBREAK_ASSIGN(model->server_, net::HttpServer::start({}, [&self](net::Request request, net::Responder responder) { self.answer(request, responder); }));
  return model;
}

void RecordedModel::add(const Place& place) {
  auto behind = std::make_shared<Behind>(Behind{place, std::nullopt});
  if (auto ensemble = replay::Ensemble::parse(place.model)) behind->ensemble = std::move(*ensemble);
  behind->place.model.clear();
  const std::lock_guard lock(mutex_);
  behind_["/" + place.endpoint + "/" + place.release] = std::move(behind);
}

bool RecordedModel::was_asked(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return probes_.contains(id);
}

void RecordedModel::answer(const net::Request& request, const net::Responder& responder) {
  const std::size_t second = request.path.find('/', request.path.find('/', 1) + 1);
  const std::string prefix = request.path.substr(0, second);
  std::shared_ptr<const Behind> behind;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = behind_.find(prefix); at != behind_.end()) behind = at->second;
  }
  if (behind == nullptr) return responder.fail({Code::kNotFound, "there is no such release", "", 0});
  const auto asked = parse_json(request.body);
  if (!asked) return responder.fail(asked.error());
  const Place& place = behind->place;
  net::Response response;
  if (!place.batch_path.empty() && request.path.substr(prefix.size()) == place.batch_path) {
    const Json* const rows = find(*asked, "rows");
    if (!behind->ensemble || rows == nullptr || !rows->is_array()) return responder.fail({Code::kUnavailable, "the model's file cannot be asked for rows", "/rows", 0});
    response.body = R"({"answers":[)";
    for (const Json& row : rows->get_array()) response.body += (response.body.ends_with('[') ? "" : ",") + scored(*behind->ensemble, row);
    response.body += "]}";
    return responder(std::move(response));
  }
  const std::string id = string_or(*asked, "id");
  if (id.starts_with("probe-")) {
    const std::lock_guard lock(mutex_);
    probes_.insert(id);
    if (const auto first = first_.find(place.endpoint); first != first_.end()) response.body = first->second;
  } else if (const auto known = answers_.find(place.endpoint); place.recorded && known != answers_.end()) {
    if (const auto found = known->second.find(id); found != known->second.end()) response.body = found->second;
  }
  const Json* const features = find(*asked, "features");
  if (response.body.empty() && behind->ensemble && features != nullptr) response.body = scored(*behind->ensemble, *features);
  if (response.body.empty()) return responder.fail({Code::kUnavailable, "nothing was recorded under this id", "/id", 0});
  responder(std::move(response));
}

}  // namespace firebreak::drill
