#include "fold/rules/engine.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::rules {
namespace {

constexpr std::size_t kValueShown = 96;  // of a group's value; longer ones end in a hash

std::uint64_t hash(std::string_view text) {
  std::uint64_t out = 1469598103934665603ULL;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return out;
}

bool readable(const Value& value) {
  return value.kind == ValueKind::kText || value.kind == ValueKind::kNumber || value.kind == ValueKind::kFlag || value.kind == ValueKind::kTime;
}

std::string span_text(std::int64_t us) {
  if (us % kDay == 0) return fmt::format("{}d", us / kDay);
  if (us % kHour == 0) return fmt::format("{}h", us / kHour);
  if (us % kMinute == 0) return fmt::format("{}m", us / kMinute);
  return fmt::format("{}s", us / kSecond);
}

}  // namespace

RuleEngine::RuleEngine(std::shared_ptr<const RuleSet> set, EngineOptions options)
    : set_(std::move(set)), options_(std::move(options)), users_(set_->rules().size()), touched_(set_->correlations().size()) {
  const auto& linked = set_->correlations();
  correlations_.reserve(linked.size());
  for (std::uint32_t i = 0; i < linked.size(); ++i) {
    correlations_.emplace_back(*set_->rules()[linked[i].rule].correlation, options_.correlation_bytes);
    for (std::uint32_t j = 0; j < linked[i].from.size(); ++j) users_[linked[i].from[j]].emplace_back(i, j);
  }
  event_.reset(set_->matcher().fields().size());
}

// ---- matches

void RuleEngine::add_match(std::uint32_t rule, const Event& event) {
  for (const auto& [correlation, position] : users_[rule]) touched_[correlation].push_back(position);
  if (!options_.all_speak && !set_->speaks(rule)) return;
  Match& match = matches_.emplace_back();
  match.rule = rule;
  match.first = match.last = {event.time, event.index, arrivals_};
  match.indexes.push_back(event.index);
  const Value& caller = event.values[set_->matcher().fields().find("caller")->second];
  if (caller.kind == ValueKind::kText) match.callers.emplace_back(caller.text.substr(0, kGroupBytes));
}

bool RuleEngine::group_of(const std::vector<std::uint32_t>& slots, const Correlation& correlation, const Event& event, std::string& key) const {
  key.clear();
  std::array<char, 40> buffer;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const Value& value = event.values[slots[i]];
    if (!readable(value)) return false;
    const std::string_view text = text_of(value, buffer);
    if (i > 0) key += ", ";
    key += correlation.group_by[i];
    key += '=';
    key += text.substr(0, kValueShown);
    if (text.size() > kValueShown) key += fmt::format("...{:016x}", hash(text));
  }
  return true;
}

void RuleEngine::correlate(std::size_t at, const Event& event) {
  auto& positions = touched_[at];
  if (positions.empty()) return;
  const Linked& linked = set_->correlations()[at];
  const Correlation& correlation = *set_->rules()[linked.rule].correlation;
  // From the last rule to the first: one event is not two of a sequence.
  std::sort(positions.rbegin(), positions.rend());
  std::optional<Fired> fired;
  bool rising = false;
  for (const std::uint32_t position : positions) {
    std::array<char, 40> buffer;
    std::string_view value;
    if (correlation.type == Correlation::Type::kValueCount) {
      if (!readable(event.values[linked.value_slot])) continue;
      value = text_of(event.values[linked.value_slot], buffer);
    }
    if (!group_of(linked.group_slots[position], correlation, event, key_)) continue;
    auto one = correlations_[at].take(position, {event.time, event.index, arrivals_}, newest_, key_, value);
    // A map of one rule's aliases may lead to another group: each counts, the last one that holds is told.
    if (!one) continue;
    rising = rising || one->rising;
    fired = std::move(one);
  }
  positions.clear();
  if (!fired) return;
  if (rising)
    for (const auto& [other, position] : users_[linked.rule]) touched_[other].push_back(position);
  if (!options_.all_speak && !set_->speaks(linked.rule)) return;
  Match& match = matches_.emplace_back();
  match.rule = linked.rule;
  match.group = key_;
  match.count = fired->count;
  match.first = fired->first;
  match.last = fired->last;
  match.indexes = std::move(fired->indexes);
  for (std::size_t i = 0; i < correlation.group_by.size(); ++i)
    if (correlation.group_by[i] == "caller") {
      std::array<char, 40> buffer;
      match.callers.emplace_back(text_of(event.values[linked.group_slots[0][i]], buffer).substr(0, kGroupBytes));
    }
}

const std::vector<Match>& RuleEngine::match(const Event& event) {
  matches_.clear();
  newest_ = std::max(newest_, event.time);
  now_ = std::max(now_, event.time);
  ++arrivals_;
  set_->matcher().match(event, scratch_, found_);
  if (found_.empty()) return matches_;
  for (const std::uint32_t detection : found_) add_match(set_->detections()[detection], event);
  for (std::size_t i = 0; i < touched_.size(); ++i) correlate(i, event);
  std::sort(matches_.begin(), matches_.end(), [](const Match& a, const Match& b) { return a.rule < b.rule; });
  return matches_;
}

// ---- findings

std::int64_t RuleEngine::idle_of(std::uint32_t rule) const {
  const auto& correlation = set_->rules()[rule].correlation;
  return correlation ? std::max(options_.idle_us, correlation->timespan_us) : options_.idle_us;
}

void RuleEngine::hit(const Match& match, std::vector<FindingUpdate>& out) {
  const auto [at, fresh] = episodes_.try_emplace({match.rule, match.group});
  Episode& episode = at->second;
  if (fresh) {
    episode.name = fmt::format("rule_match/{}/{}", set_->rules()[match.rule].key(), match.last.index);
    episode.segment = match.group;
    episode.first_index = match.indexes.empty() ? match.last.index : match.indexes.front();
    episode.first_time = match.first.time;
    episode.last_time = match.last.time;
    episode.last_hit = now_;
  }
  for (const std::uint64_t index : match.indexes) {
    episode.first_index = std::min(episode.first_index, index);
    // A correlation names again what it named before: the first time all, then what is new.
    if (episode.indexes.size() < kIndexes && (fresh || index > episode.last_index || index == match.last.index)) episode.indexes.push_back(index);
  }
  if (!match.indexes.empty()) episode.last_index = std::max(episode.last_index, match.indexes.back());
  std::sort(episode.indexes.begin(), episode.indexes.end());
  episode.indexes.erase(std::unique(episode.indexes.begin(), episode.indexes.end()), episode.indexes.end());
  episode.first_time = std::min(episode.first_time, match.first.time);
  episode.last_time = std::max(episode.last_time, match.last.time);
  episode.last_hit = std::max(episode.last_hit, now_);
  episode.most = std::max(episode.most, match.count);
  ++episode.count;
  episode.news = true;
  for (const std::string& caller : match.callers) {
    const std::uint64_t known = hash(caller);
    const auto place = std::lower_bound(episode.said.begin(), episode.said.end(), known);
    if ((place != episode.said.end() && *place == known) || episode.said.size() >= kIndexes || episode.callers.size() >= kCallers) continue;
    episode.said.insert(place, known);
    episode.callers.push_back(caller);
  }
  next_look_ = std::min(next_look_, episode.last_hit + idle_of(match.rule));
  if (!episode.reported || now_ - episode.last_report >= options_.update_us) out.push_back(report(match.rule, episode));
  else next_look_ = std::min(next_look_, episode.last_report + options_.update_us);
  if (episodes_.size() <= kMostEpisodes) return;
  auto oldest = episodes_.begin();
  for (auto it = episodes_.begin(); it != episodes_.end(); ++it)
    if (it->second.last_hit < oldest->second.last_hit && it != at) oldest = it;
  if (oldest == at) oldest = std::next(at) == episodes_.end() ? episodes_.begin() : std::next(at);
  out.push_back(close(oldest->first.first, oldest->second));
  episodes_.erase(oldest);
}

FindingUpdate RuleEngine::describe(std::uint32_t rule_at, const Episode& episode) const {
  const Rule& rule = set_->rules()[rule_at];
  FindingUpdate update;
  update.episode = episode.name;
  update.kind = "rule_match";
  update.severity = rule.level.value_or(Severity::kMedium);
  update.endpoint = options_.endpoint;
  update.stream = options_.stream;
  update.first_index = episode.first_index;
  update.last_index = episode.last_index;
  update.first_time = episode.first_time;
  update.last_time = episode.last_time;
  update.count = episode.count;
  update.segment = episode.segment;
  update.numbers["matches"] = static_cast<double>(episode.count);
  const std::string for_whom = episode.segment.empty() ? "" : " for " + episode.segment;
  if (!rule.correlation) {
    update.summary = fmt::format("rule '{}' ({}): {} match{}", rule.title, rule.key(), episode.count, episode.count == 1 ? "" : "es");
    return update;
  }
  const Correlation& correlation = *rule.correlation;
  update.numbers["count"] = static_cast<double>(episode.most);
  update.numbers["count_limit"] = static_cast<double>(correlation.least);
  update.numbers["timespan_s"] = static_cast<double>(correlation.timespan_us / kSecond);
  update.summary = fmt::format("rule '{}' ({}): {} of at least {} within {}{}", rule.title, rule.key(), episode.most, correlation.least,
                               span_text(correlation.timespan_us), for_whom);
  return update;
}

FindingUpdate RuleEngine::report(std::uint32_t rule, Episode& episode) {
  FindingUpdate update = describe(rule, episode);
  update.phase = episode.reported ? FindingPhase::kUpdated : FindingPhase::kOpened;
  update.indexes.swap(episode.indexes);
  update.callers.swap(episode.callers);
  episode.reported = true;
  episode.news = false;
  episode.last_report = now_;
  return update;
}

FindingUpdate RuleEngine::close(std::uint32_t rule, Episode& episode) {
  FindingUpdate update = report(rule, episode);
  update.phase = FindingPhase::kClosed;
  return update;
}

void RuleEngine::look_around(std::vector<FindingUpdate>& out) {
  if (now_ < next_look_) return;
  next_look_ = Time{INT64_MAX};
  for (auto it = episodes_.begin(); it != episodes_.end();) {
    Episode& episode = it->second;
    const std::uint32_t rule = it->first.first;
    const Time quiet_at = episode.last_hit + idle_of(rule);
    if (now_ >= quiet_at) {
      out.push_back(close(rule, episode));
      it = episodes_.erase(it);
      continue;
    }
    next_look_ = std::min(next_look_, quiet_at);
    if (episode.news && now_ - episode.last_report >= options_.update_us) out.push_back(report(rule, episode));
    if (episode.news) next_look_ = std::min(next_look_, episode.last_report + options_.update_us);
    ++it;
  }
}

std::vector<FindingUpdate> RuleEngine::observe(const Event& event) {
  std::vector<FindingUpdate> out;
  now_ = std::max(now_, event.time);
  look_around(out);
  for (const Match& one : match(event)) hit(one, out);
  return out;
}

std::vector<FindingUpdate> RuleEngine::observe(const FindingUpdate& finding, std::uint64_t index) {
  Json body = to_json(finding);
  JsonObject& object = body.get_object();
  object["phase"] = std::string_view(finding_entry_kind(finding.phase)).substr(sizeof("finding_") - 1);
  fill(event_, set_->matcher().fields(), set_->matcher().fields().size(), body, {"firebreak", "finding", ""}, finding.last_time,
       set_->matcher().words());
  event_.index = index;
  return observe(event_);
}

std::vector<FindingUpdate> RuleEngine::advance(Time now) {
  std::vector<FindingUpdate> out;
  now_ = std::max(now_, now);
  look_around(out);
  return out;
}

std::vector<FindingUpdate> RuleEngine::finish(const std::string& why) {
  std::vector<FindingUpdate> out;
  for (auto& [key, episode] : episodes_) {
    out.push_back(close(key.first, episode));
    out.back().summary += "; closed: " + why;
  }
  episodes_.clear();
  return out;
}

// ---- bounds

std::size_t RuleEngine::bytes() const {
  std::size_t out = scratch_.asked.capacity() * 9 + scratch_.marked.capacity() * 4;
  for (const CorrelationState& state : correlations_) out += state.bytes();
  for (const auto& [key, episode] : episodes_) {
    out += sizeof(Key) + sizeof(Episode) + key.second.capacity() + episode.name.capacity() + episode.segment.capacity();
    out += (episode.indexes.capacity() + episode.said.capacity()) * 8;
    for (const std::string& caller : episode.callers) out += sizeof(caller) + caller.capacity();
  }
  return out;
}

std::size_t RuleEngine::most_bytes() const {
  const std::size_t episode = sizeof(Key) + sizeof(Episode) + 4 * 1024 + 2 * kIndexes * 8 * 2 + kCallers * (sizeof(std::string) + kGroupBytes);
  return scratch_.asked.capacity() * 9 + scratch_.marked.capacity() * 4 + (kMostEpisodes + 1) * episode +
         correlations_.size() * (options_.correlation_bytes + 512 * 1024);
}

std::uint64_t RuleEngine::late() const {
  std::uint64_t out = 0;
  for (const CorrelationState& state : correlations_) out += state.late();
  return out;
}

std::uint64_t RuleEngine::forgotten() const {
  std::uint64_t out = 0;
  for (const CorrelationState& state : correlations_) out += state.forgotten();
  return out;
}

}  // namespace firebreak::rules
