#include "run/app/rule_hunt.h"

#include <algorithm>

namespace firebreak::app {
namespace {

constexpr std::int64_t kReportEvery = rules::EngineOptions{}.update_us;

class RuleHunt final : public replay::Watcher {
 public:
  RuleHunt(const Endpoint& endpoint, std::shared_ptr<const rules::RuleSet> set, std::unique_ptr<detect::StreamDetector> detector, Time from,
           HuntedMatches& matches)
      : endpoint_(endpoint), set_(std::move(set)), detector_(std::move(detector)), from_(from), matches_(matches) {}

  std::vector<FindingUpdate> observe(const record::Record& record, const Observation& seen) override { return judged(record, seen, seen.time); }
  std::vector<FindingUpdate> observe(const record::Record& record, const LabelObservation& label) override { return judged(record, label, label.time); }
  std::vector<FindingUpdate> observe(const record::Record& record, Time time) override {
    reach(record, time);
    return heard(runner_.observe(record));
  }
  std::vector<FindingUpdate> advance(Time now) override {
    if (detector_ != nullptr) detector_->advance(now);
    return heard(runner_.advance(now));
  }
  // What came in the last minute is held back until the next report.
  std::vector<FindingUpdate> finish(Time now) override { return heard(runner_.advance(now + kReportEvery)); }

 private:
  // The set is taken up at the first record that is not before `from`.
  void reach(const record::Record& record, Time time) {
    newest_ = std::max(newest_, record.time_outside ? std::min(time, record.admitted) : time);
    if (book_->size() == 0 && newest_ >= from_) book_->take({record.index, "", set_});
    runner_.turn(record.index);
  }
  // As a feed does it: the detectors first; the rules see the record, then what the detectors say of it.
  template <class Seen>
  std::vector<FindingUpdate> judged(const record::Record& record, const Seen& seen, Time time) {
    std::vector<FindingUpdate> said;
    if (detector_ != nullptr) said = detector_->observe(seen);
    reach(record, time);
    if (!runner_.running()) return {};
    std::vector<FindingUpdate> ruled = runner_.observe(record, seen);
    for (FindingUpdate& update : runner_.observe(said, record.index)) ruled.push_back(std::move(update));
    return heard(std::move(ruled));
  }
  std::vector<FindingUpdate> heard(std::vector<FindingUpdate> updates) {
    for (const FindingUpdate& update : updates) matches_.hear(update);
    return updates;
  }

  const Endpoint endpoint_;
  const std::shared_ptr<const rules::RuleSet> set_;
  const std::unique_ptr<detect::StreamDetector> detector_;
  const Time from_;
  HuntedMatches& matches_;
  const std::shared_ptr<RuleBook> book_ = std::make_shared<RuleBook>();
  RuleRunner runner_{endpoint_, book_};
  Time newest_{INT64_MIN};
};

Json told(const rules::RuleSet& set, const HuntedMatches::Key& key, const Hunted& hunted, double weeks) {
  const rules::Rule* const rule = set.find(key.first);
  JsonObject out{{"rule", key.first},
                 {"title", rule == nullptr ? "" : rule->title},
                 {"level", severity_name(rule == nullptr ? Severity::kMedium : rule->level.value_or(Severity::kMedium))},
                 {"matches", hunted.matches},
                 {"per_week", static_cast<double>(hunted.matches) / weeks},
                 {"episodes", hunted.episodes},
                 {"first", hunted.first_index},
                 {"last", hunted.last_index},
                 {"first_time", format_time(hunted.first_time)},
                 {"last_time", format_time(hunted.last_time)},
                 {"indexes", JsonArray(hunted.indexes.begin(), hunted.indexes.end())}};
  if (!key.second.empty()) out["group"] = key.second;
  if (!hunted.callers.empty()) out["callers"] = JsonArray(hunted.callers.begin(), hunted.callers.end());
  return out;
}

}  // namespace

void HuntedMatches::hear(const FindingUpdate& update) {
  // rule_match/RULE/INDEX
  const std::size_t from = std::min(update.episode.find('/') + 1, update.episode.size()), to = std::max(update.episode.rfind('/'), from);
  Key key{update.episode.substr(from, to - from), update.segment};
  auto at = all_.find(key);
  if (at == all_.end() && all_.size() >= kHuntedKept) {
    std::uint64_t& open = unlisted_open_[key];
    unlisted_ += update.count - open;
    open = update.count;
    if (update.phase == FindingPhase::kClosed) unlisted_open_.erase(key);
    return;
  }
  const bool fresh = at == all_.end();
  if (fresh) at = all_.emplace(std::move(key), Hunted{}).first;
  Hunted& of = at->second;
  of.episodes += update.phase == FindingPhase::kOpened;
  of.matches += update.count - of.open;
  of.open = update.phase == FindingPhase::kClosed ? 0 : update.count;
  of.first_index = fresh ? update.first_index : std::min(of.first_index, update.first_index);
  of.last_index = std::max(of.last_index, update.last_index);
  of.first_time = fresh ? update.first_time : std::min(of.first_time, update.first_time);
  of.last_time = fresh ? update.last_time : std::max(of.last_time, update.last_time);
  for (const std::uint64_t index : update.indexes) {
    const auto place = std::lower_bound(of.indexes.begin(), of.indexes.end(), index);
    if ((place != of.indexes.end() && *place == index) || of.indexes.size() >= kHuntedIndexes) continue;
    of.indexes.insert(place, index);
  }
  for (const std::string& caller : update.callers)
    if (of.callers.size() < kHuntedCallers && std::find(of.callers.begin(), of.callers.end(), caller) == of.callers.end()) of.callers.push_back(caller);
}

bool reads_findings(const rules::RuleSet& set) {
  return std::any_of(set.rules().begin(), set.rules().end(), [](const rules::Rule& rule) {
    const rules::Logsource& source = rule.source;
    return !rule.correlation && (source.product.empty() || source.product == "firebreak") && (source.category.empty() || source.category == "finding");
  });
}

Result<Json> hunt_rules(record::Stream& stream, const Endpoint& endpoint, std::shared_ptr<const rules::RuleSet> set,
                        std::unique_ptr<detect::StreamDetector> detector, std::vector<incident::Rule> rules, Time from) {
  HuntedMatches hunted;
  const bool blind = detector == nullptr && reads_findings(*set);
  replay::Side none, side;
  side.rules = std::move(rules);
  side.watchers.push_back(std::make_unique<RuleHunt>(endpoint, set, std::move(detector), from, hunted));
  FIREBREAK_ASSIGN(const Json answer, replay::backtest(stream, endpoint, std::move(none), std::move(side), from));

  const double weeks = replay::weeks_of(int_or(answer, "span_s") * kSecond);
  std::vector<const std::pair<const HuntedMatches::Key, Hunted>*> order;
  std::uint64_t total = hunted.unlisted();
  for (const auto& one : hunted.all()) {
    order.push_back(&one);
    total += one.second.matches;
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->second.matches > b->second.matches; });
  JsonArray matches;
  for (std::size_t i = 0; i < std::min(order.size(), replay::kListed); ++i) matches.push_back(told(*set, order[i]->first, order[i]->second, weeks));

  JsonArray assumptions{"the rules were applied at 'from': a correlation begins empty", "nothing is muted", "late records and erased rows are as they are recorded now"};
  if (blind) assumptions.push_back("no detector judges this stream: rules over findings saw none");
  JsonObject out;
  for (const char* key : {"endpoint", "from", "since", "to", "span_s", "records"}) out[key] = answer.at(key);
  out["total"] = total;
  out["per_week"] = static_cast<double>(total) / weeks;
  out["left_out"] = order.size() - matches.size();
  out["matches"] = std::move(matches);
  out["findings"] = answer.at("findings").at("after");
  out["incidents"] = answer.at("incidents").at("appear");
  out["alerts_per_week"] = answer.at("alerts_per_week").at("after");
  out["assumptions"] = std::move(assumptions);
  return Json(std::move(out));
}

}  // namespace firebreak::app
