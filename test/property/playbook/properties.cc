#include "properties.h"

#include <fmt/format.h>

#include <algorithm>

#include "random_playbook.h"
#include "world.h"

namespace firebreak::reference {
namespace {

std::optional<std::string> compare(const Expected& expected, const Observed& seen) {
  for (const auto& [path, outcome] : seen.outcomes) {
    const auto known = expected.outcomes.find(path);
    if (known == expected.outcomes.end()) return fmt::format("{} ended ({}); the reference does not start it", path, outcome);
    if (known->second == outcome || (is_cut(expected, path) && outcome == "cancelled")) continue;
    return fmt::format("{}: {}; the reference says {}", path, outcome, known->second);
  }
  for (const auto& [path, outcome] : expected.outcomes)
    if (!is_cut(expected, path) && !seen.outcomes.contains(path)) return fmt::format("{} did not end; the reference says {}", path, outcome);
  for (const auto& [way, steps] : seen.starts) {
    const auto known = expected.starts.find(way);
    if (known == expected.starts.end()) return fmt::format("nothing starts on {}", way);
    const bool cut = is_cut(expected, way.substr(0, way.find('@')) + "/");
    if (cut ? steps.size() > known->second.size() || !std::equal(steps.begin(), steps.end(), known->second.begin()) : steps != known->second)
      return fmt::format("on {} came {}; the reference says {}", way, fmt::join(steps, " "), fmt::join(known->second, " "));
  }
  for (const auto& [path, outcome] : seen.runs) {
    const auto known = expected.runs.find(path);
    if (known != expected.runs.end() && (known->second == outcome || (is_cut(expected, path + "/") && outcome == "cancelled"))) continue;
    return fmt::format("the run of '{}' ended: {}", path, outcome);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> against_the_reference(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto playbooks = random_playbooks(random);
  const Fate fate{random()};
  const Expected expected = expect(playbooks, "playbook--p0", fate);
  if (expected.outcomes.size() > 400) return std::nullopt;  // long ones say no more
  World world(playbooks, fate, random);
  world.play(20'000);
  if (!world.seen.problems.empty()) return world.seen.problems.front();
  if (!world.seen.ended) return "the run does not end";
  world.check_end();
  if (!world.seen.problems.empty()) return world.seen.problems.front();
  return compare(expected, world.seen);
}

std::optional<std::string> stopped_at_any_time(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto playbooks = random_playbooks(random);
  World world(playbooks, Fate{random()}, random);
  world.play(random() % 60);
  if (!world.seen.ended) world.stop();
  if (!world.seen.problems.empty()) return world.seen.problems.front();
  world.check_end();
  return world.seen.problems.empty() ? std::nullopt : std::optional(world.seen.problems.front());
}

}  // namespace firebreak::reference
