#include "fold/contain/forecast.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "fold/contain/parts.h"
#include "types/policy.h"

namespace firebreak::contain {
namespace {

constexpr std::size_t kNamedCallers = 400;  // established callers in a measure: within an entry
constexpr std::size_t kNamedKeys = 20;      // of a static block's card

enum class Fate { kServed, kChanged, kFailed };  // of one past request under an option

bool is_attack(const ForecastInput& in, const ForecastRow& row) { return in.chain_digests.contains(row.feature_digest); }
bool is_honest(const ForecastInput& in, const ForecastRow& row) {
  return !is_attack(in, row) && !in.chain_callers.contains(row.caller);
}
// Refused and rule-made answers were no model decision: no option can change what the model said then.
bool counts(const ForecastRow& row) { return row.disposition == Disposition::kServed; }

struct Tally {
  std::int64_t attack = 0, stopped = 0, honest_changed = 0, honest_failed = 0, mixed = 0;
  double amount = 0;
};

// Replays the rows; `fate` may keep state, it sees every counted row in order.
template <class FateOf>
Tally replay(const ForecastInput& in, FateOf fate) {
  Tally tally;
  for (const ForecastRow& row : in.rows) {
    if (!counts(row)) continue;
    const Fate f = fate(row);
    if (is_attack(in, row)) {
      ++tally.attack;
      if (f != Fate::kServed) ++tally.stopped;
      if (f == Fate::kServed && row.label != in.endpoint.positive_label) tally.amount += row.amount;
    } else if (is_honest(in, row)) {
      tally.honest_changed += f == Fate::kChanged ? 1 : 0;
      tally.honest_failed += f == Fate::kFailed ? 1 : 0;
    } else if (f != Fate::kServed) {
      ++tally.mixed;
    }
  }
  return tally;
}

double hours_of(const ForecastInput& in) {
  return std::max(1.0, static_cast<double>(in.to - in.from) / static_cast<double>(kHour));
}

// Three decimals: what a person reads, and the same octets on every machine.
double per_hour(const ForecastInput& in, double count) { return std::round(count / hours_of(in) * 1000) / 1000; }

std::int64_t honest_count(const ForecastInput& in) {
  return std::count_if(in.rows.begin(), in.rows.end(), [&](const ForecastRow& r) { return counts(r) && is_honest(in, r); });
}

Json option(const ForecastInput& in, std::string_view name, std::string title, Json measure, std::int64_t lease_us,
            int approvals, const Tally& tally, std::string undo, std::string note) {
  JsonObject window{{"from", format_time(in.from)}, {"to", format_time(in.to)}};
  if (!in.rows.empty()) {
    window["first"] = in.rows.front().index;
    window["last"] = in.rows.back().index;
  }
  return JsonObject{{"name", name},
                    {"title", std::move(title)},
                    {"measure", std::move(measure)},
                    {"lease_us", lease_us},
                    {"stops", JsonObject{{"attack_queries", tally.stopped}, {"of", tally.attack}}},
                    {"hurts", JsonObject{{"honest_requests_per_hour", per_hour(in, static_cast<double>(honest_count(in)))},
                                         {"honest_answers_changed_per_hour", per_hour(in, static_cast<double>(tally.honest_changed))},
                                         {"honest_failed_per_hour", per_hour(in, static_cast<double>(tally.honest_failed))},
                                         {"mixed_requests_per_hour", per_hour(in, static_cast<double>(tally.mixed))}}},
                    {"amount_at_risk_per_hour", std::round(tally.amount / hours_of(in))},
                    {"undo", std::move(undo)},
                    {"approvals", approvals},
                    {"note", std::move(note)},
                    {"forecast_window", std::move(window)}};
}

// What was added within the last hour, so that the replay keeps the measure's caps.
class HourlyCap {
 public:
  explicit HourlyCap(std::uint32_t most) : most_(most) {}
  bool admit(Time now) {
    while (!times_.empty() && times_.front() <= now - kHour) times_.pop_front();
    if (times_.size() >= most_) return false;
    times_.push_back(now);
    return true;
  }

 private:
  std::uint32_t most_;
  std::deque<Time> times_;
};

Json chain_quarantine(const ForecastInput& in) {
  const EndpointCaps& caps = in.endpoint.caps;
  std::set<std::string> callers;
  std::set<Digest> digests;
  HourlyCap caller_cap(caps.quarantine_keys_per_hour), digest_cap(caps.quarantine_digests_per_hour);
  // Sets as they would have been then: a key or query is caught from its second appearance on, not by hindsight.
  const Tally tally = replay(in, [&](const ForecastRow& row) {
    const bool caught = callers.contains(row.caller) || digests.contains(row.feature_digest);
    if (is_attack(in, row)) {
      if (in.chain_callers.contains(row.caller) && !callers.contains(row.caller) && caller_cap.admit(row.time))
        callers.insert(row.caller);
      if (!digests.contains(row.feature_digest) && digest_cap.admit(row.time)) digests.insert(row.feature_digest);
    }
    return caught ? Fate::kChanged : Fate::kServed;
  });
  return option(in, "chain_quarantine", "Quarantine the chains: the rules answer their keys and every copy of their queries",
                JsonObject{{"kind", "quarantine"},
                           {"incident", in.incident},
                           {"max_callers_per_hour", caps.quarantine_keys_per_hour},
                           {"max_digests_per_hour", caps.quarantine_digests_per_hour}},
                kLongestQuarantine, 1, tally, "lift: keys and queries get the model's answer again",
                fmt::format("{} keys, {} queries now; grows with the chains by at most {} keys and {} queries an hour",
                            in.chain_callers.size(), in.chain_digests.size(), caps.quarantine_keys_per_hour,
                            caps.quarantine_digests_per_hour));
}

// First request of each caller, from the history given or else from the rows.
std::map<std::string, Time> first_seen(const ForecastInput& in) {
  std::map<std::string, Time> first = in.first_seen;
  for (const ForecastRow& row : in.rows) {
    const auto [at, added] = first.emplace(row.caller, row.time);
    if (!added && row.time < at->second) at->second = row.time;
  }
  return first;
}

Json rate_limit_young(const ForecastInput& in) {
  const std::map<std::string, Time> first = first_seen(in);
  const std::int64_t age = in.endpoint.caps.young_key_age_us;
  struct Bucket {
    double tokens;
    Time at;
  };
  std::map<std::string, Bucket> buckets;
  const Tally tally = replay(in, [&](const ForecastRow& row) {
    const auto known = first.find(row.caller);
    if (known != first.end() && row.time - known->second >= age) return Fate::kServed;
    auto [bucket, added] = buckets.try_emplace(row.caller, Bucket{in.young_burst, row.time});
    const double minutes = static_cast<double>(row.time - bucket->second.at) / static_cast<double>(kMinute);
    bucket->second.tokens = std::min(in.young_burst, bucket->second.tokens + minutes * in.young_per_minute);
    bucket->second.at = row.time;
    if (bucket->second.tokens < 1) return Fate::kFailed;
    bucket->second.tokens -= 1;
    return Fate::kServed;
  });
  JsonArray established;
  std::size_t old = 0;
  for (const auto& [caller, time] : first) {
    if (in.to - time < age) continue;
    if (++old <= kNamedCallers) established.emplace_back(caller);
  }
  std::string note = fmt::format("{} callers are older than {} h and never limited", old, age / kHour);
  if (old > kNamedCallers) note += fmt::format("; {} of them are left to the gateway's own memory", old - kNamedCallers);
  return option(in, "rate_limit_young",
                fmt::format("Limit every key younger than {} h to {:g} requests a minute", age / kHour, in.young_per_minute),
                JsonObject{{"kind", "rate_limit"},
                           {"scope", "young_keys"},
                           {"per_minute", in.young_per_minute},
                           {"burst", in.young_burst},
                           {"young_age_s", age / kSecond},
                           {"established", std::move(established)}},
                kLongestOther, 1, tally, "lift: young keys are limited no more", std::move(note));
}

std::pair<double, double> review_band(const ForecastInput& in) {
  if (in.review_low != 0 || in.review_high != 0) return {in.review_low, in.review_high};
  std::vector<double> scores;
  for (const ForecastRow& row : in.rows)
    if (counts(row) && is_attack(in, row) && row.label != in.endpoint.positive_label && std::isfinite(row.score))
      scores.push_back(row.score);
  if (scores.empty()) return {0, 0};
  std::sort(scores.begin(), scores.end());
  // Upper end just above the highest approved score: attackers aim below the cut-off.
  return {scores[scores.size() / 10], scores.back() + 0.0001};
}

Json manual_review(const ForecastInput& in, double low, double high) {
  const Tally tally = replay(in, [&](const ForecastRow& row) {
    return row.score >= low && row.score < high ? Fate::kChanged : Fate::kServed;
  });
  return option(in, "manual_review", fmt::format("Hand answers with a score of {:g} up to {:g} to a person", low, high),
                JsonObject{{"kind", "review"}, {"low", low}, {"high", high}}, kLongestOther, 1, tally,
                "lift: answers in the band go out as they are",
                fmt::format("about {:g} answers an hour for people to look at",
                            per_hour(in, static_cast<double>(tally.stopped + tally.honest_changed + tally.mixed))));
}

Json static_block(const ForecastInput& in) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> keys;  // requests, of them in a chain
  const Tally tally = replay(in, [&](const ForecastRow& row) {
    if (!in.chain_callers.contains(row.caller)) return Fate::kServed;
    auto& [requests, members] = keys[row.caller];
    ++requests;
    members += is_attack(in, row) ? 1 : 0;
    return Fate::kFailed;
  });
  std::vector<std::pair<std::string, std::pair<std::int64_t, std::int64_t>>> most(keys.begin(), keys.end());
  std::stable_sort(most.begin(), most.end(), [](const auto& a, const auto& b) { return a.second.second > b.second.second; });
  JsonArray shares;
  for (const auto& [caller, counted] : most) {
    if (shares.size() >= kNamedKeys) break;
    const double outside = static_cast<double>(counted.first - counted.second) / static_cast<double>(counted.first);
    shares.push_back(JsonObject{{"caller", caller}, {"requests", counted.first}, {"honest_share", std::round(outside * 1000) / 1000}});
  }
  Json card = option(in, "static_block", fmt::format("Block the {} keys of the chains (403)", in.chain_callers.size()),
                     JsonObject{{"kind", "block"}, {"incident", in.incident}}, kLongestOther, 2, tally,
                     "lift: the keys may ask again",
                     "by hindsight: the list does not grow, an attacker who takes new keys walks past it");
  card.as_object()["keys"] = std::move(shares);
  return card;
}

}  // namespace

ForecastRow forecast_row(const Observation& observation, const Endpoint& endpoint) {
  ForecastRow row{observation.index, observation.time,  observation.caller, observation.feature_digest,
                  observation.label, observation.score, 0,                  observation.disposition};
  const auto& names = endpoint.features.numeric;
  const auto at = std::find(names.begin(), names.end(), endpoint.amount_field);
  const auto place = static_cast<std::size_t>(at - names.begin());
  if (at != names.end() && place < observation.features.numeric.size() &&
      std::isfinite(observation.features.numeric[place]))
    row.amount = observation.features.numeric[place];
  return row;
}

std::vector<Json> forecast_options(const ForecastInput& input) {
  std::vector<Json> options;
  if (!input.chain_callers.empty() || !input.chain_digests.empty()) options.push_back(chain_quarantine(input));
  options.push_back(rate_limit_young(input));
  // Without an approved answer in a chain there is no band to review.
  if (const auto [low, high] = review_band(input); low < high) options.push_back(manual_review(input, low, high));
  if (!input.chain_callers.empty()) options.push_back(static_block(input));
  return options;
}

std::string forecast_method(const ForecastInput& input) {
  return fmt::format(
      "replay of {} recorded requests from {} to {}; attack = the request's features are in a chain of {}; honest = not in "
      "a chain and the caller in none (the truth is not known); mixed = requests of the chains' callers outside the chains; "
      "quarantine sets as they would have grown then, within the caps per hour; amount at risk = {} of attack requests the "
      "model approved and the option does not stop, per hour",
      input.rows.size(), format_time(input.from), format_time(input.to), input.incident,
      input.endpoint.amount_field.empty() ? "nothing (no amount field)" : input.endpoint.amount_field);
}

}  // namespace firebreak::contain
