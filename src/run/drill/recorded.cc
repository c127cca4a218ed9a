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

Result<std::unique_ptr<RecordedModel>> RecordedModel::start(const std::vector<Recording>& recordings) {
  auto model = std::make_unique<RecordedModel>();
  for (const Recording& recording : recordings)
    for (const Event& event : recording.played)
      if (!event.is_label) model->answers_[event.id] = fmt::format(R"({{"label":"{}","score":{}}})", event.label, event.score);
  const auto& answers = model->answers_;
  FIREBREAK_ASSIGN(model->server_, net::HttpServer::start({}, [&answers](net::Request request, net::Responder responder) {
                     const auto asked = parse_json(request.body);
                     const auto found = asked ? answers.find(string_or(*asked, "id")) : answers.end();
                     if (found == answers.end()) return responder.fail({Code::kUnavailable, "nothing was recorded under this id", "/id", 0});
                     net::Response response;
                     response.body = found->second;
                     responder(std::move(response));
                   }));
  return model;
}

}  // namespace firebreak::drill
