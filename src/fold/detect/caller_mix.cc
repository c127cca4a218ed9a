#include "fold/detect/caller_mix.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace firebreak::detect {
namespace {

constexpr double kLogChance = -20;
constexpr double kMoreCallers = 32;  // few callers double by chance

// ln of a bound on the chance that `hits` or more of n are hits at probability p < hits / n.
double log_tail(double hits, double n, double p) {
  const double q = hits / n;
  if (p <= 0) return -HUGE_VAL;
  return -n * (q * std::log(q / p) + (q < 1 ? (1 - q) * std::log((1 - q) / (1 - p)) : 0));
}

}  // namespace

void CallerMix::observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out) {
  if (observation.caller.empty()) return;
  if (block_.records == 0) {
    block_.first_index = observation.index;
    block_.first_time = observation.time;
  }
  const std::uint64_t id = id_hash(observation.caller);
  std::uint32_t* const known = counts_.find(id);
  const std::uint32_t count = known == nullptr ? 1 : ++*known;
  if (known == nullptr) {
    counts_.put(id, 1);
    ++block_.callers;
  }
  if (count > block_.most) {
    block_.most = count;
    block_.leader = observation.caller;
  }
  block_.last_index = observation.index;
  block_.last_time = observation.time;
  if (++block_.records < kBlock) return;
  judge(now, out);
  block_ = {};
  counts_ = IdTable<std::uint32_t>(kBlock);
}

void CallerMix::judge(Time now, std::vector<FindingUpdate>& out) {
  const double share = block_.most / static_cast<double>(kBlock), callers = block_.callers,
               factor = config_.records.caller_factor;
  const bool asked = ++blocks_ > kLearnt;
  tell(share_, share,
       asked && share > factor * share_.usual && log_tail(block_.most, kBlock, share_.usual) < kLogChance,
       now, out);
  tell(callers_, callers,
       asked && callers > factor * callers_.usual && callers > callers_.usual + kMoreCallers, now, out);
}

void CallerMix::tell(Question& question, double value, bool far, Time now, std::vector<FindingUpdate>& out) {
  Episode& episode = question.episode;
  const bool usual_by_now = episode.open() && now - question.began > kDay;
  if (!far || usual_by_now) {
    if (episode.open()) out.push_back(described(question, value, episode.close(config_)));
    question.usual = std::max(question.usual, value);
    return;
  }
  if (!episode.open()) question.began = now;
  episode.hit(question.kind, block_.first_index, block_.first_time);
  episode.cover(block_.first_index, block_.last_index, block_.first_time, block_.last_time);
  if (episode.due(now, config_.update_us))
    out.push_back(described(question, value, episode.report(config_, now)));
}

FindingUpdate CallerMix::described(const Question& question, double value, FindingUpdate update) const {
  update.severity = Severity::kMedium;
  update.numbers = {{"value", value},
                    {"usual_at_most", question.usual},
                    {"limit", config_.records.caller_factor * question.usual},
                    {"records", kBlock}};
  if (&question == &share_) {
    if (update.phase == FindingPhase::kOpened) update.callers = {block_.leader};
    update.summary = fmt::format(
        "one caller sends {:.0f} % of the last {} records; no caller sent more than {:.0f} % before",
        100 * value, kBlock, 100 * question.usual);
  } else {
    update.summary =
        fmt::format("{:.0f} callers sent the last {} records; there were never more than {:.0f} before",
                    value, kBlock, question.usual);
  }
  return update;
}

}  // namespace firebreak::detect
