#include "fold/detect/record_watch.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "stats/special.h"

namespace firebreak::detect {
namespace {

constexpr std::size_t kQuestions = 3;
constexpr std::size_t kHits = 256;             // remembered of each
constexpr std::uint64_t kScoresToKnow = 1000;  // inside 0..1, before one outside says anything

std::uint64_t prefix_of(const Digest& digest) {
  std::uint64_t out = 0;
  std::memcpy(&out, digest.view().data(), sizeof out);
  return out;
}

// The newest hits that are together the least likely at the usual share (likelihood ratio of a Poisson law).
struct Burst {
  std::uint64_t hits = 0, records = 1;
};

Burst burst_of(const std::deque<std::uint64_t>& places, std::uint64_t asked, double usual) {
  Burst best;
  double most = -1;
  for (std::uint64_t hits = 1; hits <= places.size(); ++hits) {
    const std::uint64_t records = asked - places[places.size() - hits] + 1;
    const double expected = static_cast<double>(records) * usual, found = static_cast<double>(hits);
    const double ratio = found > expected ? found * std::log(found / expected) - (found - expected) : 0;
    if (ratio > most) most = ratio, best = {hits, records};
  }
  return best;
}

}  // namespace

RecordWatch::RecordWatch(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config), limit_(std::log(config.features.arl_records * kQuestions)), mix_(config), rows_(kRemembered) {
  const double alpha = config.features.reference_alpha / kQuestions;
  copies_ = {"duplicate_requests", "repeat an earlier request", {}, {}, 0, {}, 0, {}};
  late_ = {"timestamp_disorder", "are dated far behind the newest", {}, {}, 0, {}, 0, {}};
  scores_ = {"probability_rule", "have a score that is no probability", {}, {}, 0, {}, 0, {}};
  if (profile.ordered) {
    const double baseline = stats::binomial_upper_limit(static_cast<double>(profile.copies), static_cast<double>(profile.rows / 2), alpha);
    pool_ = std::clamp<std::size_t>(profile.rows / 2, 1, kRemembered);
    if (baseline < 1) copies_.events.emplace(baseline);
  }
  late_.events.emplace(config.records.late_share);
}

bool RecordWatch::repeats(const Observation& observation) {
  const std::uint64_t prefix = prefix_of(observation.feature_digest);
  const std::uint64_t* const newest = rows_.find(prefix);
  const bool repeated = newest != nullptr;
  // A row that comes again stays until its newest copy leaves.
  if (order_.size() == pool_) {
    const std::uint64_t oldest = order_.front();
    order_.pop_front();
    if (const std::uint64_t* const at = rows_.find(oldest); at != nullptr && *at + pool_ <= pooled_) rows_.erase(oldest);
  }
  rows_.put(prefix, pooled_++);
  order_.push_back(prefix);
  return repeated;
}

void RecordWatch::observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out) {
  listen(observation, now, out);
  const Time newest = std::max(now, observation.time);
  close_quiet(newest, out);
  mix_.observe(observation, newest, out);
  ask(late_, now - observation.time > config_.records.late_us, observation, newest, out);
  if (std::isfinite(observation.score)) {
    const bool inside = observation.score >= 0 && observation.score <= 1;
    if (inside && ++inside_ == kScoresToKnow)
      scores_.events.emplace(stats::binomial_upper_limit(0, static_cast<double>(kScoresToKnow), config_.features.reference_alpha / kQuestions));
    ask(scores_, !inside, observation, newest, out);
  }
  if (copies_.events && callers_.counts(observation.caller)) ask(copies_, repeats(observation), observation, newest, out);
}

void RecordWatch::ask(Question& question, bool hit, const Observation& observation, Time now, std::vector<FindingUpdate>& out) {
  if (!question.events) return;
  ++question.asked;
  if (!hit) return;
  question.hits.push_back(question.asked);
  if (question.hits.size() > kHits) question.hits.pop_front();
  question.last_hit = now;
  if (!question.episode.open()) {
    question.events->hit(question.asked);
    question.evidence = question.events->log_evidence(question.asked);
    if (question.evidence < limit_) return;
  }
  question.episode.hit(question.kind, observation.index, observation.time);
  if (!question.episode.due(now, config_.update_us)) return;
  out.push_back(question.episode.report(config_, now));
  describe(question, out.back());
}

void RecordWatch::describe(const Question& question, FindingUpdate& update) const {
  const Burst burst = burst_of(question.hits, question.asked, question.events->baseline());
  const double share = static_cast<double>(burst.hits) / static_cast<double>(burst.records);
  update.severity = Severity::kMedium;
  update.numbers = {{"log_evidence", question.evidence}, {"log_limit", limit_}, {"usual_share_at_most", question.events->baseline()}, {"share", share},
                    {"records", static_cast<double>(burst.records)}};
  update.summary = fmt::format("more records than usual {}: {} of the last {} ({:.2f} % at most are usual)", question.what, burst.hits, burst.records,
                               100 * question.events->baseline());
}

void RecordWatch::listen(const Observation& observation, Time now, std::vector<FindingUpdate>& out) {
  if (silence_.open()) {
    out.push_back(describe_silence(silence_.close(config_), observation.time));
  } else if (records_ > 0 && observation.time > now) {
    longest_gap_us_ = std::max(longest_gap_us_, observation.time - last_);
  }
  if (records_++ == 0) first_ = observation.time;
  last_ = std::max(last_, observation.time);
  last_index_ = observation.index;
  live_ = observation.delay_us <= config_.records.silence_us;
}

FindingUpdate RecordWatch::describe_silence(FindingUpdate update, Time now) const {
  const double seconds = static_cast<double>(now - last_) / static_cast<double>(kSecond);
  const double longest = static_cast<double>(longest_gap_us_) / static_cast<double>(kSecond);
  update.severity = Severity::kHigh;
  update.numbers = {{"value", seconds}, {"limit", longest * config_.records.silence_factor}, {"longest_gap_before_s", longest}};
  update.summary = fmt::format("no data for {:.0f} s; the longest silence before was {:.0f} s", seconds, longest);
  return update;
}

void RecordWatch::close_quiet(Time now, std::vector<FindingUpdate>& out) {
  for (Question* const one : {&copies_, &late_, &scores_}) {
    if (!one->episode.open() || now - one->last_hit <= config_.input.idle_us) continue;
    out.push_back(one->episode.close(config_));
    describe(*one, out.back());
    one->asked = 0;
    one->hits.clear();
    one->events->restart(0);
  }
}

void RecordWatch::advance(Time now, std::vector<FindingUpdate>& out) {
  close_quiet(now, out);
  const bool known = records_ >= config_.records.silence_records && last_ - first_ >= kDay;
  const auto limit = static_cast<std::int64_t>(config_.records.silence_factor * static_cast<double>(longest_gap_us_));
  if (!known || !live_ || silence_.open() || now - last_ <= std::max(limit, config_.records.silence_us)) return;
  silence_.hit("volume_drop", last_index_, last_);
  out.push_back(describe_silence(silence_.report(config_, now), now));
}

std::size_t RecordWatch::bytes() const { return rows_.bytes() + order_.size() * sizeof(std::uint64_t) + callers_.bytes() + mix_.bytes(); }

}  // namespace firebreak::detect
