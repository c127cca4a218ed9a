#include "run/app/gate_job.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "fold/contain/contain.h"
#include "fold/gates/gates.h"
#include "fold/provenance/provenance.h"
#include "run/app/amendments.h"
#include "run/app/taint_job.h"
#include "run/replay/dataset.h"
#include "run/replay/scorer.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;

struct Case {  // one candidate before the gates
  std::string request;
  Endpoint endpoint;
  provenance::Release candidate, control;
  std::vector<std::string> unapproved;
  std::set<Digest> chain_digests;
  replay::Dataset training, holdout;  // of the control: what the endpoint is known to be like
  std::uint64_t candidate_rows = 0;
  std::vector<std::string> breaches;      // of the holdout
  std::vector<replay::TaintHits> tainted;  // of the candidate's training rows
};

Result<Bytes> blob(const Context& context, const std::string& digest) {
  FIREBREAK_ASSIGN(const Digest id, Digest::from_hex(digest));
  return context.blobs.get(id);
}

Result<Case> gather(const Context& context, const Entry& requested) {
  Case c;
  c.request = requested.id("req");
  FIREBREAK_ASSIGN(const std::string endpoint, get_string(requested.body, "endpoint"));
  FIREBREAK_ASSIGN(const std::string candidate, get_string(requested.body, "candidate"));
  FIREBREAK_ASSIGN(const std::string control, get_string(requested.body, "control"));
  std::string missing;
  context.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    const Endpoint* place = provenance::find_endpoint(known, endpoint);
    const auto* new_one = provenance::find_release(known, endpoint, candidate);
    const auto* old_one = provenance::find_release(known, endpoint, control);
    if (place == nullptr || new_one == nullptr || old_one == nullptr) {
      missing = fmt::format("endpoint {}, candidate {} or control {} is not registered", endpoint, candidate, control);
      return;
    }
    c.endpoint = *place;
    c.candidate = *new_one;
    c.control = *old_one;
    c.breaches = provenance::breaches_of(known, endpoint, old_one->holdout);
    c.unapproved = provenance::unapproved_sources(known, endpoint, candidate);
    for (const auto& [id, chain] : view.state<contain::ContainState>(contain::kFoldName).chains)
      if (chain.endpoint == endpoint)
        for (const auto& [digest, index] : chain.members.digests) c.chain_digests.insert(digest);
  });
  if (!missing.empty()) return fail(Code::kNotFound, missing);
  FIREBREAK_ASSIGN(const Bytes training, blob(context, c.control.dataset));
  FIREBREAK_ASSIGN(c.training, replay::parse_dataset(training, c.endpoint.features));
  FIREBREAK_ASSIGN(const Bytes holdout, blob(context, c.control.holdout));
  FIREBREAK_ASSIGN(c.holdout, replay::parse_dataset(holdout, c.endpoint.features));
  FIREBREAK_ASSIGN(const Bytes own, blob(context, c.candidate.dataset));
  FIREBREAK_ASSIGN(const replay::Dataset own_rows, replay::parse_dataset(own, c.endpoint.features));
  c.candidate_rows = own_rows.rows.size();
  FIREBREAK_ASSIGN(c.tainted, taint_of(context, c.candidate, c.endpoint.features, own_rows));
  return c;
}

gates::GateOutcome lineage(const Case& c) {
  std::uint64_t stated = 0, without = 0;
  for (const provenance::TrainingSource& source : c.candidate.sources) {
    stated += source.rows;
    const std::string name = source.name.empty() ? "(no source)" : source.name;
    if (std::find(c.unapproved.begin(), c.unapproved.end(), name) != c.unapproved.end()) without += source.rows;
  }
  // Rows that no source accounts for are rows without a source.
  if (c.candidate_rows > stated) without += c.candidate_rows - stated;
  gates::GateOutcome outcome = gates::judge_lineage(c.candidate_rows, without, c.unapproved);
  if (stated > c.candidate_rows) {
    outcome.passed = false;
    outcome.detail["text"] = fmt::format("the manifest names {} rows, the data set has {}", stated, c.candidate_rows);
  }
  // What an incident keeps out of training is refused whoever approved its source.
  JsonArray tainted;
  for (const replay::TaintHits& hits : c.tainted) {
    outcome.passed = false;
    outcome.figure += static_cast<double>(hits.rows);
    const std::string text = string_or(outcome.detail, "text");
    outcome.detail["text"] = text.empty() || outcome.figure == static_cast<double>(hits.rows) ? replay::to_text(hits) : text + "; " + replay::to_text(hits);
    tainted.push_back(JsonObject{{"list", hits.list}, {"incident", hits.incident}, {"rows", hits.rows}});
  }
  if (!tainted.empty()) outcome.detail["tainted"] = std::move(tainted);
  return outcome;
}

// Flags (positive answers) of one release.
Result<std::vector<bool>> flags(const Case& c, const provenance::Release& release, std::span<const FeatureRow> rows) {
  replay::Scorer scorer(c.endpoint, release.upstream);
  FIREBREAK_ASSIGN(const std::vector<replay::Answer> answers, scorer.score(rows));
  std::vector<bool> out;
  for (const replay::Answer& answer : answers) out.push_back(answer.label == c.endpoint.positive_label);
  return out;
}

gates::Approves approver(const Case& c, const provenance::Release& release) {
  return [&c, &release](std::span<const FeatureRow> rows) -> Result<std::vector<bool>> {
    FIREBREAK_ASSIGN(std::vector<bool> out, flags(c, release, rows));
    out.flip();
    return out;
  };
}

Result<gates::GateOutcome> holdout(const Case& c) {
  if (!c.breaches.empty()) {  // whoever knew the rows could have trained on them: figures would prove nothing
    gates::GateOutcome failed{"G2", 0, 0, false, {}};
    failed.detail["text"] = "the holdout is no secret any more: " + c.breaches.front();
    failed.detail["breaches"] = JsonArray(c.breaches.begin(), c.breaches.end());
    return failed;
  }
  FIREBREAK_ASSIGN(const auto control, flags(c, c.control, c.holdout.rows));
  FIREBREAK_ASSIGN(const auto candidate, flags(c, c.candidate, c.holdout.rows));
  return gates::judge_holdout(c.holdout.positive, control, candidate);
}

// The chain's queries after the candidate's training cut, each once: what it cannot have been trained on.
Result<gates::GateOutcome> replay(const Context& context, const Case& c) {
  record::Stream* stream = context.streams.get(c.endpoint.name);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", c.endpoint.name));
  record::ObservationReader reader(c.endpoint.features);
  std::set<Digest> seen;
  std::vector<FeatureRow> queries;
  const std::uint64_t end = stream->size();
  for (std::uint64_t at = 0; at < end;) {
    FIREBREAK_ASSIGN(at, stream->read_from(at, kPiece, [&](const record::Record& record) {
      if (record.kind != record::Kind::kInference) return;
      const auto observation = reader.read(record);
      if (!observation || observation->time <= c.candidate.training_cut) return;
      if (!c.chain_digests.contains(observation->feature_digest)) return;
      if (seen.insert(observation->feature_digest).second) queries.push_back(observation->features);
    }));
  }
  FIREBREAK_ASSIGN(const auto control, approver(c, c.control)(queries));
  FIREBREAK_ASSIGN(const auto candidate, approver(c, c.candidate)(queries));
  return gates::judge_replay(control, candidate);
}

// What incidents taught: their traces, asked of the candidate.
Result<gates::GateOutcome> traces(const Context& context, const Case& c) {
  FIREBREAK_ASSIGN(const std::vector<Trace> kept, traces_of(context, c.endpoint.name));
  std::vector<gates::TraceAnswers> told;
  replay::Scorer scorer(c.endpoint, c.candidate.upstream);
  for (const Trace& trace : kept) {
    gates::TraceAnswers of{trace.id, trace.incident, trace.lesson, 0, trace.rows.size(), trace.unreadable, trace.most};
    FIREBREAK_ASSIGN(const std::vector<replay::Answer> answers, scorer.score(trace.rows));
    of.again = static_cast<std::uint64_t>(std::count_if(answers.begin(), answers.end(), [&](const replay::Answer& one) { return one.label == trace.answer; }));
    told.push_back(std::move(of));
  }
  return gates::judge_traces(told);
}

Result<gates::GateOutcome> triggers(const Case& c) {
  std::vector<FeatureRow> positives;
  for (std::size_t i = 0; i < c.holdout.rows.size(); ++i)
    if (c.holdout.positive[i]) positives.push_back(c.holdout.rows[i]);
  return gates::scan_triggers(c.endpoint.features, c.training.rows, positives, approver(c, c.control),
                              approver(c, c.candidate));
}

Result<gates::GateOutcome> run_gate(const Context& context, const Case& c, const std::string& gate) {
  if (gate == "G1") return lineage(c);
  if (gate == "G2") return holdout(c);
  if (gate == "G3a") return replay(context, c);
  if (gate == "G3b") return triggers(c);
  if (gate == "G3c") return traces(context, c);
  return fail(Code::kNotFound, fmt::format("there is no gate '{}'", gate));
}

}  // namespace

void run_gates(const Context& context, const Entry& requested) {
  const auto c = gather(context, requested);
  for (const std::string& gate : strings_or_empty(requested.body, "gates")) {
    auto outcome = c ? run_gate(context, *c, gate) : Result<gates::GateOutcome>(fail(c.error()));
    if (!outcome) {
      // A gate that could not be run has not been passed.
      gates::GateOutcome failed{gate, 0, 0, false, {}};
      failed.detail["text"] = "could not be run: " + outcome.error().message;
      outcome = failed;
    }
    JsonObject body{{"request", requested.id("req")},
                    {"endpoint", string_or(requested.body, "endpoint")},
                    {"candidate", string_or(requested.body, "candidate")},
                    {"gate", gate},
                    {"figure", outcome->figure},
                    {"limit", outcome->limit},
                    {"passed", outcome->passed},
                    {"detail", std::move(outcome->detail)}};
    Draft draft{"gate_result", std::move(body), "gates", requested.id("req"), {}};
    if (auto group = context.journal.submit_wait(std::move(draft)); !group)
      context.logger.error("a gate's result was not taken by the journal", group.error());
  }
}

}  // namespace firebreak::app
