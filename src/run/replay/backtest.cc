#include "run/replay/backtest.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace firebreak::replay {
namespace {

constexpr std::size_t kPiece = 5'000;

class Detectors final : public Watcher {
 public:
  Detectors(const detect::DetectorConfig& config, const detect::ReferenceProfile& profile) : detector_(config, profile) {}
  std::vector<FindingUpdate> observe(const record::Record&, const Observation& observation) override { return detector_.observe(observation); }
  std::vector<FindingUpdate> observe(const record::Record&, const LabelObservation& label) override { return detector_.observe(label); }
  std::vector<FindingUpdate> advance(Time now) override { return detector_.advance(now); }

 private:
  detect::StreamDetector detector_;
};

std::string subject_of(const FindingUpdate& said) { return said.kind + "\n" + said.feature + "\n" + said.segment; }
std::string subject_of(const BacktestFinding& finding) { return subject_of(finding.said); }
std::string subject_of(const BacktestIncident& incident) { return incident.rule; }

std::int64_t apart(const BacktestFinding& a, const BacktestFinding& b) {
  return std::max({std::int64_t{0}, b.said.first_time - a.said.last_time, a.said.first_time - b.said.last_time});
}
std::int64_t apart(const BacktestIncident& a, const BacktestIncident& b) {
  return std::max({std::int64_t{0}, b.first - a.last, a.first - b.last});
}

Json told(const BacktestFinding& finding) {
  JsonObject out{{"kind", finding.said.kind},
                 {"severity", severity_name(finding.said.severity)},
                 {"episode", finding.said.episode},
                 {"opened", format_time(finding.opened)},
                 {"first", finding.said.first_index},
                 {"last", finding.said.last_index},
                 {"first_time", format_time(finding.said.first_time)},
                 {"last_time", format_time(finding.said.last_time)},
                 {"count", finding.said.count},
                 {"summary", finding.said.summary}};
  if (!finding.said.feature.empty()) out["feature"] = finding.said.feature;
  if (!finding.said.segment.empty()) out["segment"] = finding.said.segment;
  return out;
}

Json told(const BacktestIncident& incident) {
  return JsonObject{{"title", incident.title},
                    {"rule", incident.rule},
                    {"severity", incident.severity},
                    {"opened", format_time(incident.opened)},
                    {"first_time", format_time(incident.first)},
                    {"last_time", format_time(incident.last)},
                    {"findings", incident.findings}};
}

// Two say the same when they are about the same thing and their evidence overlaps or lies within an hour; each is matched once.
template <class Item>
JsonObject difference(const std::vector<Item>& before, const std::vector<Item>& after) {
  std::vector<bool> met(before.size());
  std::map<std::string, std::vector<std::size_t>> by_subject;
  for (std::size_t i = 0; i < before.size(); ++i) by_subject[subject_of(before[i])].push_back(i);
  JsonArray appear, vanish;
  std::size_t appearing = 0, vanishing = 0;
  for (const Item& item : after) {
    const auto same = by_subject.find(subject_of(item));
    std::optional<std::size_t> best;
    if (same != by_subject.end())
      for (const std::size_t i : same->second)
        if (!met[i] && apart(before[i], item) <= kHour && (!best || apart(before[i], item) < apart(before[*best], item))) best = i;
    if (best) {
      met[*best] = true;
    } else if (++appearing <= kListed) {
      appear.push_back(told(item));
    }
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!met[i] && ++vanishing <= kListed) vanish.push_back(told(before[i]));
  return {{"before", before.size()},  {"after", after.size()},          {"appearing", appearing},
          {"vanishing", vanishing},   {"appear", std::move(appear)},    {"vanish", std::move(vanish)}};
}

struct Running {
  Side side;
  Tally tally;
};

void hear_all(Running& running, Time now, const std::function<std::vector<FindingUpdate>(Watcher&)>& ask) {
  for (auto& watcher : running.side.watchers)
    for (const FindingUpdate& update : ask(*watcher)) running.tally.hear(update, now);
}

}  // namespace

std::unique_ptr<Watcher> watch(const detect::DetectorConfig& config, const detect::ReferenceProfile& profile) {
  return std::make_unique<Detectors>(config, profile);
}

double weeks_of(std::int64_t span_us) { return static_cast<double>(std::max(span_us, kLeastSpan)) / static_cast<double>(7 * kDay); }

// ---- one side

Tally::Tally(const std::string& endpoint, std::vector<incident::Rule> rules, Time from) : from_(from) {
  give("endpoint_registered", JsonObject{{"endpoint", JsonObject{{"name", endpoint}}}}, from);
  state_.rules = std::move(rules);
}

// As the journal does: apply, then decide, for each entry; drafts join the end.
std::vector<Entry> Tally::give(std::string kind, Json body, Time now) {
  std::vector<Draft> waiting(1);
  waiting[0].kind = std::move(kind);
  waiting[0].body = std::move(body);
  std::vector<Entry> group;
  for (std::size_t at = 0; at < waiting.size() && at < 1'000; ++at) {
    Entry entry;
    entry.index = next_++;
    entry.kind = waiting[at].kind;
    entry.time = now;
    entry.actor = waiting[at].actor;
    entry.body = std::move(waiting[at].body);
    incident::apply(state_, entry);
    for (Draft& more : incident::decide(state_, entry)) waiting.push_back(std::move(more));
    group.push_back(std::move(entry));
  }
  return group;
}

void Tally::work_off(Time now) {
  std::vector<std::string> done;
  for (const auto& [id, open] : state_.open)
    if (open.last_time < now - kWorkedOff) done.push_back(id);
  for (const std::string& id : done) give("incident_closed", JsonObject{{"incident", id}}, now);
}

void Tally::hear(const FindingUpdate& update, Time now) {
  const bool opens = update.phase == FindingPhase::kOpened;
  if (now < from_ && opens) return;
  if (!opens && !known_.contains(update.episode)) return;  // opened before
  work_off(now);
  const auto group = give(std::string(finding_entry_kind(update.phase)), to_json(update), now);
  if (opens) {
    known_[update.episode] = outcome_.findings.size();
    by_id_[group.front().id("find")] = outcome_.findings.size();
    outcome_.findings.push_back({update, now, {}});
  }
  FindingUpdate& said = outcome_.findings[known_.at(update.episode)].said;
  said = update;
  said.indexes.clear();
  said.callers.clear();
  said.digests.clear();
  const auto join = [&](const std::string& finding, const std::string& incident) {
    const auto at = by_id_.find(finding);
    if (at != by_id_.end()) outcome_.findings[at->second].incident = incident;
    ++outcome_.incidents[incidents_.at(incident)].findings;
  };
  for (const Entry& entry : group) {
    if (entry.kind == "incident_opened") {
      incidents_[entry.id("inc")] = outcome_.incidents.size();
      outcome_.incidents.push_back({string_or(entry.body, "title"), string_or(entry.body, "rule"), string_or(entry.body, "severity"), {}, {}, now, 0});
      for (const std::string& finding : strings_or_empty(entry.body, "findings")) join(finding, entry.id("inc"));
    } else if (entry.kind == "incident_finding_linked") {
      join(string_or(entry.body, "finding"), string_or(entry.body, "incident"));
    }
  }
  for (const auto& [id, open] : state_.open) {
    BacktestIncident& of = outcome_.incidents[incidents_.at(id)];
    of.first = open.first_time;
    of.last = open.last_time;
    of.severity = open.severity;
  }
}

Outcome Tally::outcome(std::int64_t span_us) const {
  Outcome out = outcome_;
  const auto alone = std::count_if(out.findings.begin(), out.findings.end(), [](const BacktestFinding& finding) {
    return finding.incident.empty() && finding.said.severity >= Severity::kMedium;
  });
  out.alerts_per_week = (static_cast<double>(out.incidents.size()) + static_cast<double>(alone)) / weeks_of(span_us);
  return out;
}

// ---- both

namespace {

// A time from the future would take both sides there: it counts from when it came.
Time counted(const record::Record& record, Time stated) { return record.time_outside ? std::min(stated, record.admitted) : stated; }

Time stated_time(const record::Record& record) {
  const auto time = get_time(record.fields(), "time");
  return time ? counted(record, *time) : record.admitted;
}

}  // namespace

Json compare(const Outcome& before, const Outcome& after) {
  return JsonObject{{"findings", difference(before.findings, after.findings)},
                    {"incidents", difference(before.incidents, after.incidents)},
                    {"alerts_per_week", JsonObject{{"before", before.alerts_per_week}, {"after", after.alerts_per_week}}}};
}

Result<Json> backtest(record::Stream& stream, const Endpoint& endpoint, Side before, Side after, Time from) {
  std::vector<incident::Rule> rules_before = before.rules, rules_after = after.rules;
  std::array<Running, 2> sides{Running{std::move(before), Tally(endpoint.name, std::move(rules_before), from)},
                               Running{std::move(after), Tally(endpoint.name, std::move(rules_after), from)}};
  record::ObservationReader reader(endpoint.features);
  Time now, told_of, since;
  std::uint64_t records = 0;
  const auto pass = [&](Time time) {
    now = std::max(now, time);
    if (now >= from && ++records == 1) since = now;
    if (now - told_of < kMinute) return;
    told_of = now;
    for (Running& side : sides) hear_all(side, now, [&](Watcher& watcher) { return watcher.advance(now); });
  };
  const auto take = [&](const record::Record& record) {
    if (record.kind == record::Kind::kInference) {
      const auto observation = reader.read(record);
      if (!observation) return;
      pass(counted(record, observation->time));
      for (Running& side : sides) hear_all(side, now, [&](Watcher& watcher) { return watcher.observe(record, *observation); });
    } else if (record.kind == record::Kind::kLabel) {
      const auto label = record::to_label(record);
      if (!label) return;
      pass(counted(record, label->time));
      for (Running& side : sides) hear_all(side, now, [&](Watcher& watcher) { return watcher.observe(record, *label); });
    } else if (record.kind != record::Kind::kControl) {
      const Time time = stated_time(record);
      pass(time);
      for (Running& side : sides) hear_all(side, now, [&](Watcher& watcher) { return watcher.observe(record, time); });
    }
  };
  const std::uint64_t end = stream.size();
  for (std::uint64_t at = 0; at < end;) {
    FIREBREAK_ASSIGN(at, stream.read_from(at, std::min<std::uint64_t>(kPiece, end - at), take));
  }
  for (Running& side : sides) hear_all(side, now, [&](Watcher& watcher) { return watcher.finish(now); });
  if (records == 0) return fail(Code::kNotFound, fmt::format("nothing was recorded of '{}' from {} on", endpoint.name, format_time(from)), "/from");
  JsonObject out = compare(sides[0].tally.outcome(now - since), sides[1].tally.outcome(now - since)).as_object();
  out["endpoint"] = endpoint.name;
  out["from"] = format_time(from);
  out["since"] = format_time(since);
  out["to"] = format_time(now);
  out["span_s"] = (now - since) / kSecond;
  out["records"] = records;
  out["assumptions"] = JsonArray{"nothing is muted", "an incident is worked off when nothing of it was seen for a day",
                                 "labels, late records and erased rows are as they are recorded now"};
  return Json(std::move(out));
}

}  // namespace firebreak::replay
