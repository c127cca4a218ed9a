#include "run/app/amendments.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "fold/contain/contain.h"
#include "fold/playbook/plan.h"
#include "fold/provenance/provenance.h"
#include "fold/remedy/remedy.h"
#include "run/app/incident_range.h"
#include "run/app/rule_files.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000, kTrace = 10'000;
constexpr std::string_view kTraceKind = "firebreak-regression-trace";

struct About {
  std::string endpoint, stream;
  FeatureSchema features;
  std::set<Digest> chain;
  JsonObject range;
};

Result<About> about(const Context& context, const std::string& incident) {
  Result<About> out = fail(Code::kNotFound, fmt::format("there is no incident '{}'", incident));
  context.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<remedy::RemedyState>(remedy::kFoldName).incidents;
    const auto at = known.find(incident);
    if (at == known.end()) return;
    About found;
    found.endpoint = at->second.endpoint;
    found.stream = at->second.stream;
    found.range = {{"first", at->second.first}, {"last", at->second.last}};
    if (const Endpoint* const place = provenance::find_endpoint(view.state<provenance::ProvenanceState>(provenance::kFoldName), found.endpoint)) found.features = place->features;
    for (const auto& [id, chain] : view.state<contain::ContainState>(contain::kFoldName).chains)
      if (chain.incident == incident)
        for (const auto& [digest, index] : chain.members.digests) found.chain.insert(digest);
    out = std::move(found);
  });
  return out;
}

// Requests of the incident that got the answer, each query once: of its chains when it has some, else of the records that its findings name.
Result<Json> make_trace(const Context& context, const std::string& incident, const Json& asked) {
  FIREBREAK_TRY(only_keys(asked, {"lesson", "kind", "reason", "answer", "most"}));
  FIREBREAK_ASSIGN(const std::string answer, get_string(asked, "answer"));
  const Json* const given = find(asked, "most");
  const double most = given == nullptr ? 0 : given->is_number() ? number_or(asked, "most") : -1;
  if (!(most >= 0 && most < 1)) return fail(Code::kInvalid, "'most' is the share that may be answered so again: from 0 to less than 1", "/most");
  FIREBREAK_ASSIGN(const About of, about(context, incident));
  record::Stream* const stream = context.streams.get(of.stream);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", of.stream));
  const RecordRange range = range_of(of.range, stream->size());
  record::ObservationReader reader(of.features);
  std::set<Digest> seen;
  std::set<std::string> answers;
  JsonArray records;
  bool full = false;
  for (std::uint64_t at = range.first; at < range.end && !full;) {
    FIREBREAK_ASSIGN(at, stream->read_from(at, kPiece, [&](const record::Record& record) {
      if (record.kind != record::Kind::kInference || record.index >= range.end) return;
      const auto one = reader.read(record);
      if (!one || (!of.chain.empty() && !of.chain.contains(one->feature_digest))) return;
      if (answers.size() < 10) answers.insert(one->label);
      if (one->label != answer || seen.contains(one->feature_digest)) return;
      full = full || records.size() == kTrace;
      if (full) return;
      seen.insert(one->feature_digest);
      records.push_back(record.index);
    }));
  }
  if (full) return fail(Code::kTooLarge, fmt::format("more than {} queries of {} were answered '{}'", kTrace, incident, answer), "/answer");
  std::string had;
  for (const std::string& one : answers) had += (had.empty() ? "" : ", ") + (one.empty() ? "(none)" : one);
  if (records.empty())
    return fail(Code::kInvalid, fmt::format("no request of {} that can be read was answered '{}'{}", incident, answer, had.empty() ? "" : "; there are: " + had), "/answer");
  const std::size_t count = records.size();
  const JsonObject trace{{"version", 1}, {"kind", kTraceKind}, {"incident", incident}, {"endpoint", of.endpoint}, {"stream", of.stream}, {"answer", answer}, {"records", std::move(records)}};
  FIREBREAK_ASSIGN(const Digest blob, context.blobs.put(canonical_json(trace)));
  return JsonObject{{"endpoint", of.endpoint}, {"stream", of.stream}, {"answer", answer}, {"answers", count}, {"most", most}, {"blob", blob.hex()}};
}

Result<Json> make_playbook(const Json& asked) {
  FIREBREAK_TRY(only_keys(asked, {"lesson", "kind", "reason", "playbook"}));
  const Json* const document = find(asked, "playbook");
  if (document == nullptr) return fail(Code::kInvalid, "'playbook' is missing: a CACAO 2.0 document", "/playbook");
  if (const auto runs = playbook::runnable_plan(*document); !runs) return fail(runs.error().code, runs.error().message, "/playbook" + runs.error().pointer);
  return *document;
}

Result<Json> blob_json(const Context& context, const std::string& digest) {
  FIREBREAK_ASSIGN(const Digest name, Digest::from_hex(digest));
  FIREBREAK_ASSIGN(const Bytes text, context.blobs.get(name));
  return parse_json(text);
}

Result<Trace> read_trace(const Context& context, const std::string& id, const provenance::Regression& kept, const FeatureSchema& features) {
  Trace trace{id, kept.incident, kept.lesson, kept.answer, kept.most, {}, 0};
  FIREBREAK_ASSIGN(const Json document, blob_json(context, kept.blob));
  const Json* const records = find(document, "records");
  record::Stream* const stream = context.streams.get(kept.stream);
  if (string_or(document, "kind") != kTraceKind || records == nullptr || !records->is_array()) return fail(Code::kCorrupt, fmt::format("the trace of {} is no regression trace", id));
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", kept.stream));
  record::ObservationReader reader(features);
  for (const Json& index : records->get_array()) {
    const auto record = stream->read(index.is_number() ? index.to_number<std::uint64_t>() : stream->size());
    if (!record && record.error().code != Code::kNotFound) return fail(record.error());
    auto one = record && !record->erased ? reader.read(*record) : Result<Observation>(fail(Code::kNotFound, "erased"));
    if (one) trace.rows.push_back(std::move(one->features));
    else ++trace.unreadable;
  }
  return trace;
}

}  // namespace

Result<Json> make_amendment(const Context& context, RuleDesk& rules, const std::string& incident, const Json& asked) {
  FIREBREAK_ASSIGN(const std::string kind, get_string(asked, "kind"));
  Result<Json> document = fail(Code::kInvalid, fmt::format("'{}' is no kind of a change: rule, playbook, regression, retire", kind), "/kind");
  if (kind == "rule") {
    FIREBREAK_TRY(only_keys(asked, {"lesson", "kind", "reason", "rules"}));
    FIREBREAK_ASSIGN(const About of, about(context, incident));
    document = rules.amended(asked, of.endpoint);
  } else if (kind == "playbook") {
    document = make_playbook(asked);
  } else if (kind == "regression") {
    document = make_trace(context, incident, asked);
  } else if (kind == "retire") {
    FIREBREAK_TRY(only_keys(asked, {"lesson", "kind", "reason", "amendment"}));
    FIREBREAK_ASSIGN(const std::string ends, get_string(asked, "amendment"));
    document = Json(JsonObject{{"amendment", ends}});
  }
  if (!document) return fail(document.error());
  return JsonObject{{"kind", kind}, {"document", std::move(*document)}};
}

Result<Json> amendment_content(const Context& context, const Json& amendment) {
  const Json* const document = find(amendment, "document");
  const std::string change = string_or(amendment, "change");
  if (document == nullptr || (change != "rule" && change != "regression")) return Json(nullptr);
  return blob_json(context, string_or(*document, change == "rule" ? "own" : "blob"));
}

Result<std::vector<Trace>> traces_of(const Context& context, const std::string& endpoint) {
  std::map<std::string, provenance::Regression> kept;
  FeatureSchema features;
  context.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    for (const auto& [id, one] : known.regressions)
      if (one.endpoint == endpoint) kept.emplace(id, one);
    if (const Endpoint* const place = provenance::find_endpoint(known, endpoint)) features = place->features;
  });
  std::vector<Trace> out;
  for (const auto& [id, one] : kept) {
    FIREBREAK_ASSIGN(Trace trace, read_trace(context, id, one, features));
    out.push_back(std::move(trace));
  }
  return out;
}

}  // namespace firebreak::app
