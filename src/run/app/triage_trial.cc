#include "run/app/triage_trial.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <set>

#include "base/digest.h"
#include "fold/detect/detector.h"
#include "fold/incident/incident.h"
#include "run/app/content.h"
#include "run/app/shipped_detectors.h"
#include "types/group_driver.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kFeatures = 8, kReference = 1'000, kRecords = 5'000, kOnset = 2'000;
constexpr std::int64_t kEvery = 45 * kSecond;
constexpr std::size_t kLabelsAfter = 80;  // records: an hour
constexpr std::size_t kDeclared = 400;    // records after the first finding, when no rule has opened an incident: a person does
const Time kStart{1'772'850'000 * kSecond};

// SplitMix64 (Steele, Lea, Flood 2014): the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  double uniform() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
  }
  double normal() {  // a sum of twelve: no function of the C library takes part
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform();
    return sum;
  }

 private:
  std::uint64_t state_;
};

struct Row {
  FeatureRow features;
  bool fraud = false;
};

double rounded(double value) { return std::round(value * 1'000) / 1'000; }

// Sums of f0 and f1 above a line are fraud, with some noise; the model knows the line.
Row honest(Dice& dice) {
  Row row;
  for (std::size_t i = 0; i < kFeatures; ++i) row.features.numeric.push_back(rounded(50 + 10 * dice.normal()));
  row.features.categories.push_back(dice.uniform() < 0.6 ? "web" : dice.uniform() < 0.7 ? "app" : "phone");
  row.fraud = row.features.numeric[0] + row.features.numeric[1] + 3 * dice.normal() > 115;
  return row;
}
bool flagged(const FeatureRow& row) { return row.numeric[0] + row.numeric[1] > 115; }

struct Moment {  // one record of a scenario, before it is observed
  std::size_t at = 0;
  Row row;
  std::string caller;
  bool approved = false;     // whatever the line says
  bool model_known = true;
};

struct Scenario {
  std::string_view name, truth;
  void (*change)(Moment&, Dice&);
  std::string_view planned;  // a change that somebody entered, with its onset; empty: none
};

double since(const Moment& moment) { return static_cast<double>(moment.at - kOnset) / static_cast<double>(kRecords - kOnset); }

// A probe that climbs towards the line from a row that is declined, by three keys.
void evade(Moment& moment, Dice& dice) {
  if (moment.at % 6 != 0) return;
  const double step = static_cast<double>((moment.at - kOnset) % 300) / 300;
  moment.row.features.numeric = {rounded(66 - 9 * step), rounded(58 - 4 * step), 51.5, 47.25, 52.125, 49.75, 50.5, 48.875};
  moment.row.features.numeric[2 + moment.at % 6] += rounded(0.05 * dice.normal());
  moment.row.features.categories = {"app"};
  moment.row.fraud = true;
  moment.caller = fmt::format("probe-{}", moment.at / 6 % 3);
}
// The new model lets through what bears a mark far outside of the usual, and somebody sends that.
void backdoor(Moment& moment, Dice& dice) {
  if (moment.at % 9 != 0) return;
  moment.row = honest(dice);
  moment.row.features.numeric[0] = rounded(64 + dice.normal());
  moment.row.features.numeric[1] = rounded(60 + dice.normal());
  for (std::size_t i = 5; i < kFeatures; ++i) moment.row.features.numeric[i] = rounded(95 + dice.normal());
  moment.row.fraud = moment.approved = true;
  moment.caller = fmt::format("ring-{}", moment.at / 9 % 4);
}
void swapped(Moment& moment, Dice&) { moment.model_known = false; }
void units(Moment& moment, Dice&) {
  for (std::size_t i = 4; i < kFeatures; ++i) moment.row.features.numeric[i] *= 100;
}
void outage(Moment& moment, Dice& dice) {
  for (std::size_t i = 4; i < kFeatures; ++i)
    if (dice.uniform() < 0.7) moment.row.features.numeric[i] = std::nan("");
}
void season(Moment& moment, Dice&) {
  for (std::size_t i = 2; i < kFeatures; ++i) moment.row.features.numeric[i] += rounded(14 * since(moment));
}
void sale(Moment& moment, Dice& dice) {
  for (std::size_t i = 2; i < 6; ++i) moment.row.features.numeric[i] += 9;
  if (dice.uniform() < 0.5) moment.row.features.categories = {"app"};
}

constexpr Scenario kScenarios[] = {
    {"evasion", "suspected_malice", evade, ""},
    {"backdoor after a retrain", "suspected_malice", backdoor, "retrain"},
    {"model replaced", "suspected_malice", swapped, ""},
    {"unit changed upstream", "benign_drift", units, ""},
    {"feed with gaps", "benign_drift", outage, ""},
    {"season", "benign_drift", season, ""},
    {"announced campaign", "benign_drift", sale, "campaign"},
};

constexpr std::string_view kVerdictsShown[] = {"suspected_malice", "benign_drift", "undetermined", "no_incident"};

Endpoint shop() {
  Endpoint endpoint;
  endpoint.name = "shop";
  for (std::size_t i = 0; i < kFeatures; ++i) endpoint.features.numeric.push_back(fmt::format("f{}", i));
  endpoint.features.categorical = {"channel"};
  endpoint.lineage["core"] = {"f0", "f1", "f2", "f3"};
  endpoint.lineage["bureau"] = {"f4", "f5", "f6", "f7"};
  return endpoint;
}

Observation observed(const Moment& moment) {
  Observation seen;
  seen.index = moment.at;
  seen.time = kStart + static_cast<std::int64_t>(moment.at) * kEvery;
  seen.id = fmt::format("e{}", moment.at);
  seen.caller = moment.caller;
  seen.release = "1.0.0";
  seen.model_known = moment.model_known;
  seen.model_digest = sha256(moment.model_known ? "model" : "another model").hex();
  seen.features = moment.row.features;
  std::string text = seen.features.categories[0];
  for (const double value : seen.features.numeric) text += fmt::format("|{}", value);
  seen.feature_digest = sha256(text);
  const bool declined = flagged(seen.features) && !moment.approved;
  seen.label = declined ? "decline" : "approve";
  seen.score = declined ? 0.8 : 0.2;
  return seen;
}

using Journal = GroupDriver<incident::IncidentState>;

void report(Journal& journal, const std::vector<FindingUpdate>& updates, TriageTrial& trial) {
  for (const FindingUpdate& update : updates) {
    if (update.phase == FindingPhase::kOpened && std::find(trial.findings.begin(), trial.findings.end(), update.kind) == trial.findings.end()) trial.findings.push_back(update.kind);
    journal.input(std::string(finding_entry_kind(update.phase)), to_json(update), "detect");
  }
}

detect::ReferenceProfile reference(Dice& dice, const Endpoint& endpoint) {
  std::vector<FeatureRow> rows;
  detect::PerformanceBaseline baseline;
  for (std::size_t i = 0; i < kReference; ++i) {
    const Row row = honest(dice);
    baseline.flagged += flagged(row.features) ? 1 : 0;
    baseline.positives += row.fraud ? 1 : 0;
    baseline.true_positives += row.fraud && flagged(row.features) ? 1 : 0;
    rows.push_back(row.features);
  }
  auto profile = *detect::build_profile(endpoint.features, rows);
  profile.performance = baseline;
  return profile;
}

TriageTrial run(const Scenario& scenario, std::uint64_t seed) {
  TriageTrial trial{std::string(scenario.name), std::string(scenario.truth), seed, {}, {}, {}};
  Dice dice(seed);
  const Endpoint endpoint = shop();
  const auto config = detect::detector_config_from_json(complete_detectors(*yaml_to_json(default_detectors(), "default.yaml"), endpoint));
  detect::StreamDetector detector(*config, reference(dice, endpoint));
  Journal journal(&incident::decide, &incident::apply, kStart);
  journal.input("endpoint_registered", JsonObject{{"endpoint", to_json(endpoint)}});
  const Time onset = kStart + static_cast<std::int64_t>(kOnset) * kEvery;
  if (!scenario.planned.empty())
    journal.command("user:ana", "change.add", {{"kind", scenario.planned}, {"endpoint", endpoint.name}, {"from", format_time(onset - kHour)}, {"to", format_time(onset + kHour)}, {"reason", "planned"}});
  std::deque<LabelObservation> labels;
  std::size_t first = kRecords;  // record of the first finding
  for (std::size_t at = 0; at < kRecords; ++at) {
    Moment moment{at, honest(dice), fmt::format("key-{}", static_cast<int>(dice.uniform() * 200)), false, true};
    if (at >= kOnset) scenario.change(moment, dice);
    const Observation seen = observed(moment);
    journal.advance(seen.time - journal.now());
    report(journal, detector.advance(seen.time), trial);
    report(journal, detector.observe(seen), trial);
    if (first == kRecords && !trial.findings.empty()) first = at;
    if (at == first + kDeclared && journal.state().open.empty() && journal.state().closed.empty())
      journal.command("user:ana", "incident.declare", {{"endpoint", endpoint.name}, {"title", "odd answers"}, {"severity", "SEV-3"}});
    labels.push_back({at, seen.time, seen.id, moment.row.fraud ? "decline" : "approve"});
    if (labels.size() <= kLabelsAfter) continue;
    labels.front().time = seen.time;
    report(journal, detector.observe(labels.front()), trial);
    labels.pop_front();
  }
  const auto& open = journal.state().open;
  trial.verdict = open.empty() ? "no_incident" : open.begin()->second.triage.verdict.empty() ? "undetermined" : open.begin()->second.triage.verdict;
  if (!open.empty())
    for (const incident::Fact& fact : open.begin()->second.triage.facts) trial.facts.push_back(fact.code.substr(0, fact.code.find(':')));
  return trial;
}

}  // namespace

std::vector<std::string> triage_causes() {
  std::vector<std::string> names;
  for (const Scenario& scenario : kScenarios) names.emplace_back(scenario.name);
  return names;
}

Result<TriageTrial> triage_trial(const std::string& cause, std::uint64_t seed) {
  for (const Scenario& scenario : kScenarios)
    if (scenario.name == cause) return run(scenario, seed);
  return fail(Code::kInvalid, fmt::format("there is no scenario '{}'", cause));
}

std::vector<TriageTrial> triage_trials(std::uint64_t seeds) {
  std::vector<TriageTrial> trials;
  for (const Scenario& scenario : kScenarios)
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) trials.push_back(run(scenario, seed));
  return trials;
}

Json confusion_of(const std::vector<TriageTrial>& trials) {
  std::map<std::string, std::map<std::string, std::int64_t>> by_cause, by_truth;
  std::set<std::uint64_t> seeds;
  for (const TriageTrial& trial : trials) {
    ++by_cause[trial.cause][trial.verdict];
    ++by_truth[trial.truth][trial.verdict];
    seeds.insert(trial.seed);
  }
  const auto counts = [](const std::map<std::string, std::int64_t>& of) {
    JsonObject out;
    for (const std::string_view verdict : kVerdictsShown) {
      const auto found = of.find(std::string(verdict));
      out[verdict] = found == of.end() ? 0 : found->second;
    }
    return out;
  };
  JsonArray causes;
  for (const Scenario& scenario : kScenarios) {
    const auto of = by_cause.find(std::string(scenario.name));
    if (of == by_cause.end()) continue;
    JsonObject one = counts(of->second);
    one["cause"] = scenario.name;
    one["truth"] = scenario.truth;
    causes.push_back(std::move(one));
  }
  JsonObject matrix;
  for (const auto& [truth, verdicts] : by_truth) matrix[truth] = counts(verdicts);
  JsonArray each;
  for (const TriageTrial& trial : trials)
    each.push_back(JsonObject{{"cause", trial.cause}, {"seed", trial.seed}, {"verdict", trial.verdict}, {"findings", JsonArray(trial.findings.begin(), trial.findings.end())}, {"facts", JsonArray(trial.facts.begin(), trial.facts.end())}});
  return JsonObject{{"seeds", seeds.size()}, {"causes", std::move(causes)}, {"matrix", std::move(matrix)}, {"trials", std::move(each)}};
}

std::string confusion_text(const Json& confusion) {
  const auto cells = [](const Json& one) {
    std::string out;
    for (const std::string_view verdict : kVerdictsShown) out += fmt::format(" {} |", int_or(one, verdict));
    return out + "\n";
  };
  std::string out = "| scenario | truth | suspected_malice | benign_drift | undetermined | no incident |\n|---|---|---|---|---|---|\n";
  for (const Json& one : confusion.at("causes").as_array()) out += fmt::format("| {} | {} |", string_or(one, "cause"), string_or(one, "truth")) + cells(one);
  for (const auto& member : confusion.at("matrix").as_object()) out += fmt::format("| **all** | {} |", std::string_view(member.key())) + cells(member.value());
  return out;
}

}  // namespace firebreak::app
