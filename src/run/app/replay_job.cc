#include "run/app/replay_job.h"

#include <fmt/core.h>

#include <cmath>

#include "fold/contain/contain.h"
#include "fold/provenance/provenance.h"
#include "run/app/incident_range.h"
#include "run/replay/dataset.h"
#include "run/replay/scorer.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;
constexpr std::size_t kLeast = 30, kMost = 20'000;  // labelled inputs of one set
constexpr double kPoints = 0.10, kZ = 3.1;

struct Inputs {
  std::vector<FeatureRow> rows;
  std::vector<bool> positive;
  std::uint64_t served = 0, served_right = 0;  // of those that a model answered
};

struct Asked {
  Endpoint endpoint;
  provenance::Release old_one, new_one;
};

// What serves when nothing contains the endpoint.
std::string serving(const journal::View& view, const std::string& endpoint) {
  const auto& endpoints = view.state<contain::ContainState>(contain::kFoldName).endpoints;
  const auto slot = endpoints.find(endpoint);
  return slot == endpoints.end() ? std::string() : slot->second.base_release;
}

Result<Asked> gather(const Context& context, const Json& body) {
  Asked asked;
  std::string missing;
  const std::string endpoint = string_or(body, "endpoint");
  context.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    const Endpoint* const place = provenance::find_endpoint(known, endpoint);
    if (place == nullptr) return void(missing = fmt::format("there is no endpoint '{}'", endpoint));
    asked.endpoint = *place;
    for (const auto& [key, release] : {std::pair("old", &asked.old_one), std::pair("new", &asked.new_one)}) {
      std::string name = string_or(body, key);
      if (name == "last-known-good") name = provenance::last_known_good(known, endpoint);
      if (name == "serving") name = serving(view, endpoint);
      const auto* const found = provenance::find_release(known, endpoint, name);
      if (found == nullptr) return void(missing = fmt::format("there is no release '{}' of '{}'", name, endpoint));
      *release = *found;
    }
  });
  if (!missing.empty()) return fail(Code::kNotFound, missing);
  return asked;
}

Result<Inputs> old_inputs(const Context& context, const Asked& asked) {
  FIREBREAK_ASSIGN(const Digest id, Digest::from_hex(asked.old_one.holdout));
  FIREBREAK_ASSIGN(const Bytes text, context.blobs.get(id));
  FIREBREAK_ASSIGN(replay::Dataset set, replay::parse_dataset(text, asked.endpoint.features));
  return Inputs{std::move(set.rows), std::move(set.positive), 0, 0};
}

// The inferences of the range, with the newest label that has come for each, wherever it stands behind them.
Result<Inputs> new_inputs(const Context& context, const Asked& asked, const Json& body) {
  record::Stream* const stream = context.streams.get(string_or(body, "stream"));
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", string_or(body, "stream")));
  const RecordRange range = range_of(body, stream->size());
  record::ObservationReader reader(asked.endpoint.features);
  std::map<std::string, Observation> seen;
  std::map<std::string, std::string> labels;
  const std::uint64_t end = stream->size();
  for (std::uint64_t at = range.first; at < end;) {
    FIREBREAK_ASSIGN(at, stream->read_from(at, kPiece, [&](const record::Record& record) {
      if (record.erased) return;
      if (record.kind == record::Kind::kInference && record.index < range.end && seen.size() < kMost) {
        if (auto observation = reader.read(record)) seen[observation->id] = std::move(*observation);
      } else if (record.kind == record::Kind::kLabel) {
        if (const auto label = record::to_label(record)) labels[label->id] = label->label;
      }
    }));
  }
  Inputs inputs;
  for (auto& [id, observation] : seen) {
    const auto label = labels.find(id);
    if (label == labels.end()) continue;
    const bool positive = label->second == asked.endpoint.positive_label;
    inputs.rows.push_back(std::move(observation.features));
    inputs.positive.push_back(positive);
    if (!is_model_decision(observation.disposition) || observation.label.empty()) continue;
    ++inputs.served;
    inputs.served_right += (observation.label == asked.endpoint.positive_label) == positive ? 1 : 0;
  }
  return inputs;
}

Result<std::uint64_t> right_answers(const Asked& asked, const provenance::Release& release, const Inputs& inputs) {
  replay::Scorer scorer(asked.endpoint, release.upstream);
  FIREBREAK_ASSIGN(const auto answers, scorer.score(inputs.rows));
  std::uint64_t right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += (answers[i].label == asked.endpoint.positive_label) == inputs.positive[i] ? 1 : 0;
  return right;
}

Result<Quadrants> replay(const Context& context, const Json& body) {
  FIREBREAK_ASSIGN(const Asked asked, gather(context, body));
  FIREBREAK_ASSIGN(const Inputs old_set, old_inputs(context, asked));
  FIREBREAK_ASSIGN(const Inputs new_set, new_inputs(context, asked, body));
  if (old_set.rows.size() < kLeast) return fail(Code::kConflict, fmt::format("the holdout of {} has {} rows; {} are the least", string_or(body, "old"), old_set.rows.size(), kLeast));
  if (new_set.rows.size() < kLeast) return fail(Code::kConflict, fmt::format("{} inferences of the incident have a label; {} are the least", new_set.rows.size(), kLeast));
  Quadrants q{old_set.rows.size(), new_set.rows.size(), 0, 0, 0, 0, new_set.served, new_set.served_right};
  FIREBREAK_ASSIGN(q.old_on_old, right_answers(asked, asked.old_one, old_set));
  FIREBREAK_ASSIGN(q.old_on_new, right_answers(asked, asked.old_one, new_set));
  FIREBREAK_ASSIGN(q.new_on_old, right_answers(asked, asked.new_one, old_set));
  FIREBREAK_ASSIGN(q.new_on_new, right_answers(asked, asked.new_one, new_set));
  return q;
}

double share(std::uint64_t right, std::uint64_t of) { return static_cast<double>(right) / static_cast<double>(of); }

// Worse than the old release on the old inputs, by more than chance and by more than anybody would let pass.
bool is_bad(std::uint64_t right, std::uint64_t of, const Quadrants& q) {
  const double base = share(q.old_on_old, q.old_of), here = share(right, of);
  const double pooled = share(right + q.old_on_old, of + q.old_of);
  const double error = std::sqrt(pooled * (1 - pooled) * (1.0 / static_cast<double>(of) + 1.0 / static_cast<double>(q.old_of)));
  return base - here > kPoints && (error == 0 || (base - here) / error > kZ);
}

}  // namespace

std::string verdict_of(const Quadrants& q) {
  const bool inputs = is_bad(q.old_on_new, q.new_of, q), model = is_bad(q.new_on_old, q.old_of, q);
  if (inputs && model) return is_bad(q.new_on_new, q.new_of, q) ? "inputs+model" : "model";
  if (inputs) return "inputs";
  if (model) return "model";
  return q.served >= kLeast && is_bad(q.served_right, q.served, q) ? "serving" : "labels";
}

void replay_two_by_two(const Context& context, const Entry& requested) {
  const auto quadrants = replay(context, requested.body);
  JsonObject body{{"request", requested.id("req")}, {"incident", string_or(requested.body, "incident")}};
  if (!quadrants) {
    body["error"] = quadrants.error().message;
  } else {
    const Quadrants& q = *quadrants;
    const auto text = [](std::uint64_t right, std::uint64_t of) { return fmt::format("{:.4f}", share(right, of)); };
    body["verdict"] = verdict_of(q);
    body["values"] = JsonObject{{"__verdict__", verdict_of(q)},
                                {"__old_on_old__", text(q.old_on_old, q.old_of)},
                                {"__old_on_new__", text(q.old_on_new, q.new_of)},
                                {"__new_on_old__", text(q.new_on_old, q.old_of)},
                                {"__new_on_new__", text(q.new_on_new, q.new_of)}};
    body["of"] = JsonObject{{"old", q.old_of}, {"new", q.new_of}};
  }
  if (auto group = context.journal.submit_wait(Draft{"replay_told", std::move(body), "replay", requested.id("req"), {}}); !group)
    context.logger.error("the verdict of a replay was not taken by the journal", group.error());
}

}  // namespace firebreak::app
