#include "fraud/player/stages.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::example {

void Stages::reach(std::string_view stage, Time story_time, const std::string& proof) {
  if (reached(stage)) return;
  reached_.push_back({std::string(stage), proof, story_time});
  fmt::print("  * {}  {}: {}\n", format_time(story_time), stage, proof);
  std::fflush(stdout);
}

bool Stages::reached(std::string_view stage) const {
  return std::any_of(reached_.begin(), reached_.end(), [&](const Reached& r) { return r.stage == stage; });
}

Time Stages::time_of(std::string_view stage) const {
  for (const Reached& r : reached_)
    if (r.stage == stage) return r.time;
  return {};
}

bool Stages::all() const {
  return std::all_of(std::begin(kStages), std::end(kStages), [&](std::string_view stage) { return reached(stage); });
}

std::string Stages::text() const {
  std::string out;
  for (const std::string_view stage : kStages) {
    const auto found = std::find_if(reached_.begin(), reached_.end(), [&](const Reached& r) { return r.stage == stage; });
    out += found == reached_.end() ? fmt::format("  [ ] {}\n", stage)
                                   : fmt::format("  [x] {:<20} {}  {}\n", stage, format_time(found->time), found->proof);
  }
  return out;
}

Json Stages::to_json() const {
  JsonArray items;
  for (const Reached& r : reached_)
    items.push_back(JsonObject{{"stage", r.stage}, {"time", format_time(r.time)}, {"proof", r.proof}});
  return items;
}

}  // namespace firebreak::example
