#include "fraud/player/history.h"

#include <fmt/core.h>

#include "base/digest.h"

namespace firebreak::example {
namespace {

constexpr std::size_t kBatch = 500;

std::string inference_line(const Event& event, const std::string& model_digest) {
  return fmt::format(
      R"({{"type":"inference","id":"{}","time":"{}","caller":"{}","source":"history","endpoint":"fraud-api","release":"1.0.0",)"
      R"("model":{{"name":"fraud-scorer","version":"1.0.0","digest":"{}"}},"features":{},)"
      R"("output":{{"label":"{}","score":{}}},"disposition":"served"}})",
      event.id, format_time(event.time), event.caller, model_digest, event.features, event.prediction, event.score);
}

}  // namespace

std::string label_line(const Event& event) {
  return fmt::format(R"({{"type":"label","id":"{}","time":"{}","label":"{}"}})", event.id, format_time(event.time),
                     event.label);
}

Result<std::size_t> import_history(const Places& places, const People& people, const Story& story, Time until) {
  Api loader(places.server, people.loader);
  Api admin(places.server, people.admin);
  FIREBREAK_ASSIGN(const std::string model, read_data(places.data + "/credit_releases/model_1.0.0.json"));
  const std::string digest = sha256(model).hex();
  std::size_t sent = 0;
  std::uint64_t sequence = 0;
  for (std::size_t at = 0; at < story.events.size() && story.events[at].time < until;) {
    std::string batch;
    std::size_t lines = 0;
    Time last;
    for (; lines < kBatch && at < story.events.size() && story.events[at].time < until; ++lines, ++at) {
      const Event& event = story.events[at];
      batch += (event.is_label ? label_line(event) : inference_line(event, digest)) + "\n";
      last = event.time;
    }
    FIREBREAK_TRY(admin.post("/api/v1/clock", JsonObject{{"to", format_time(last)}}));
    FIREBREAK_TRY(loader.records("fraud-api", std::move(batch), "history", ++sequence));
    sent += lines;
  }
  FIREBREAK_TRY(admin.post("/api/v1/clock", JsonObject{{"to", format_time(until)}}));
  return sent;
}

}  // namespace firebreak::example
