#include "run/app/taint_job.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/utf8.h"
#include "fold/contain/contain.h"
#include "fold/provenance/provenance.h"
#include "fold/remedy/remedy.h"
#include "read/evidence/capture.h"
#include "run/app/incident_range.h"
#include "types/finding.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;
constexpr std::string_view kSpki("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);  // RFC 8410: an Ed25519 public key follows

std::string id_of(std::uint64_t list) { return fmt::format("tnt-{}", list); }

struct Asked {
  remedy::Taint taint;
  FeatureSchema features;
  std::set<std::string> callers;  // that findings of the incident name
  std::set<Digest> chain;
};

Result<Asked> gather(const Context& context, std::uint64_t list) {
  Result<Asked> asked = Asked{};
  context.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<remedy::RemedyState>(remedy::kFoldName);
    const auto at = known.taints.find(list);
    if (at == known.taints.end() || !at->second.blob.empty()) return void(asked = fail(Code::kConflict, "it is made already"));
    asked->taint = at->second;
    if (const auto facts = known.incidents.find(asked->taint.incident); facts != known.incidents.end()) asked->callers = facts->second.callers;
    if (const Endpoint* const place = provenance::find_endpoint(view.state<provenance::ProvenanceState>(provenance::kFoldName), asked->taint.endpoint))
      asked->features = place->features;
    for (const auto& [id, chain] : view.state<contain::ContainState>(contain::kFoldName).chains) {
      if (chain.incident != asked->taint.incident) continue;
      for (const auto& [digest, index] : chain.members.digests) asked->chain.insert(digest);
      for (const auto& [caller, index] : chain.members.callers) asked->callers.insert(caller);
    }
  });
  if (!asked) return asked;
  for (std::string& caller : strings_or_empty(asked->taint.asked, "callers")) asked->callers.insert(std::move(caller));
  return asked;
}

struct Found {
  JsonArray inferences, labels;
  std::uint64_t erased = 0;
  std::string from;  // event time of the first
};

Result<Found> collect(const Context& context, const Asked& asked, bool chains) {
  record::Stream* const stream = context.streams.get(asked.taint.stream);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", asked.taint.stream));
  const RecordRange range = range_of(asked.taint.asked, stream->size());
  record::ObservationReader reader(asked.features);
  Found found;
  std::set<std::string> ids;
  bool full = false;
  const std::uint64_t end = stream->size();
  for (std::uint64_t at = range.first; at < end && !full;) {
    FIREBREAK_ASSIGN(at, stream->read_from(at, kPiece, [&](const record::Record& record) {
      const bool inside = record.index < range.end;
      if (record.kind == record::Kind::kInference && inside && record.erased) ++found.erased;
      if (record.erased) return;
      if (record.kind == record::Kind::kLabel) {
        const auto label = record::to_label(record);
        if (label && ids.contains(label->id)) found.labels.push_back(JsonObject{{"record", record.index}, {"id", label->id}});
      }
      if (record.kind != record::Kind::kInference || !inside) return;
      const auto seen = reader.read(record);
      if (!seen || (chains && !asked.chain.contains(seen->feature_digest))) return;
      full = full || found.inferences.size() == replay::kTainted;
      if (full) return;
      if (found.from.empty()) found.from = format_time(seen->time);
      ids.insert(seen->id);
      found.inferences.push_back(JsonObject{{"record", record.index}, {"id", seen->id}, {"features", seen->feature_digest.hex()}});
    }, record::Erased::kDeliver));
  }
  if (full) return fail(Code::kTooLarge, fmt::format("the incident has more than {} inferences: make the list of its chains alone (--scope chains)", replay::kTainted));
  return found;
}

Result<JsonObject> made(const Context& context, std::uint64_t list, const ledger::SigningKey& key) {
  FIREBREAK_ASSIGN(const Asked asked, gather(context, list));
  const std::string scope = string_or(asked.taint.asked, "scope", asked.chain.empty() ? "range" : "chains");
  FIREBREAK_ASSIGN(Found found, collect(context, asked, scope == "chains"));
  const auto sources = strings_or_empty(asked.taint.asked, "sources");
  JsonObject body{{"inferences", found.inferences.size()}, {"labels", found.labels.size()}, {"erased", found.erased}, {"scope", scope},
                  {"callers", asked.callers.size()},       {"sources", sources.size()}};
  JsonObject document{{"version", 1},
                      {"kind", replay::kTaintKind},
                      {"list", id_of(list)},
                      {"incident", asked.taint.incident},
                      {"endpoint", asked.taint.endpoint},
                      {"stream", asked.taint.stream},
                      {"scope", scope},
                      {"from", found.from.empty() ? format_time(context.clock.now()) : found.from},
                      {"made", format_time(context.clock.now())},
                      {"key", key.verifier().text()},
                      {"erased", found.erased},
                      {"features", JsonObject{{"numeric", JsonArray(asked.features.numeric.begin(), asked.features.numeric.end())},
                                              {"categorical", JsonArray(asked.features.categorical.begin(), asked.features.categorical.end())}}},
                      {"inferences", std::move(found.inferences)},
                      {"labels", std::move(found.labels)},
                      {"contributors", JsonObject{{"callers", JsonArray(asked.callers.begin(), asked.callers.end())}, {"sources", JsonArray(sources.begin(), sources.end())}}}};
  const std::string text = canonical_json(document) + "\n";
  FIREBREAK_ASSIGN(const Digest blob, context.blobs.put(text));
  FIREBREAK_ASSIGN(const Bytes signature, from_base64(key.sign(text)));
  body["blob"] = blob.hex();
  body["octets"] = text.size();
  body["signature"] = to_base64(ByteView(signature).substr(4));  // without the key's id: 64 octets, RFC 8032
  body["key"] = key.verifier().text();
  return body;
}

struct InForce {
  std::uint64_t built = 0;
  std::string blob;
};

std::vector<InForce> lists_in_force(const Context& context) {
  std::vector<InForce> lists;
  context.journal.with_state([&](const journal::View& view) {
    for (const auto& [index, taint] : remedy::taints_in_force(view.state<remedy::RemedyState>(remedy::kFoldName))) lists.push_back({taint->built, taint->blob});
  });
  return lists;
}

Result<replay::TaintList> read_list(const Context& context, const std::string& blob) {
  FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(blob));
  FIREBREAK_ASSIGN(const Bytes text, context.blobs.get(digest));
  return replay::parse_taint_list(text);
}

replay::TaintHits hits_of(const replay::TaintList& list, const provenance::Release& release, const FeatureSchema& features, const replay::Dataset& rows) {
  std::map<std::string, std::uint64_t> sources;
  for (const provenance::TrainingSource& source : release.sources) sources[source.name] += source.rows;
  return replay::taint_in(list, rows, features, release.training_cut, sources);
}

struct Registered {
  provenance::Release release;
  FeatureSchema features;
};

std::vector<Registered> registered(const Context& context) {
  std::vector<Registered> all;
  context.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    for (const auto& [key, release] : known.releases)
      if (const Endpoint* const place = provenance::find_endpoint(known, release.endpoint)) all.push_back({release, place->features});
  });
  return all;
}

Result<void> open_finding(const Context& context, std::uint64_t trigger, std::uint64_t ordinal, const provenance::Release& release, const replay::TaintHits& hits) {
  FindingUpdate update;
  update.episode = fmt::format("tainted_training_data/{}/{}/{}", release.endpoint, release.release, hits.list);
  update.kind = "tainted_training_data";
  update.severity = Severity::kHigh;
  update.endpoint = release.endpoint;
  update.stream = "journal";
  update.first_index = update.last_index = release.index;
  update.first_time = update.last_time = context.clock.now();
  update.count = hits.rows;
  update.numbers["rows"] = static_cast<double>(hits.rows);
  for (const auto& [why, rows] : hits.by) update.numbers["by_" + why] = static_cast<double>(rows);
  update.summary = shortened(fmt::format("release {} of {}: {}", release.release, release.endpoint, replay::to_text(hits)), 1'000);
  Draft draft{std::string(finding_entry_kind(update.phase)), to_json(update), "taint", {}, Source{"taint", 0, trigger, ordinal}};
  const auto group = context.journal.submit_wait(std::move(draft));
  if (!group && group.error().code != Code::kConflict) return fail(Error(group.error()));
  return {};
}

Result<std::optional<replay::TaintHits>> hits_on(const Context& context, const Registered& one, const std::string& blob) {
  FIREBREAK_ASSIGN(const replay::TaintList list, read_list(context, blob));
  FIREBREAK_ASSIGN(const Digest dataset, Digest::from_hex(one.release.dataset));
  FIREBREAK_ASSIGN(const Bytes text, context.blobs.get(dataset));
  FIREBREAK_ASSIGN(const replay::Dataset rows, replay::parse_dataset(text, one.features));
  const replay::TaintHits hits = hits_of(list, one.release, one.features, rows);
  return hits.rows == 0 ? std::nullopt : std::optional(hits);
}

}  // namespace

void build_taint(const Context& context, std::uint64_t list, const ledger::SigningKey& key) {
  std::string incident;
  context.journal.with_state([&](const journal::View& view) {
    const auto& taints = view.state<remedy::RemedyState>(remedy::kFoldName).taints;
    if (const auto at = taints.find(list); at != taints.end() && at->second.blob.empty()) incident = at->second.incident;
  });
  if (incident.empty()) return;  // made before a restart
  auto body = made(context, list, key);
  if (!body) body = JsonObject{{"error", shortened(body.error().message, 500)}};
  (*body)["incident"] = incident;
  (*body)["list"] = id_of(list);
  if (auto group = context.journal.submit_wait(Draft{"taint_built", std::move(*body), "taint", id_of(list), {}}); !group)
    context.logger.error("a taint list was not taken by the journal", group.error());
}

void secure_taint(const Context& context, std::uint64_t list) {
  remedy::Taint taint;
  context.journal.with_state([&](const journal::View& view) {
    const auto& taints = view.state<remedy::RemedyState>(remedy::kFoldName).taints;
    if (const auto at = taints.find(list); at != taints.end()) taint = at->second;
  });
  if (taint.blob.empty()) return;
  const auto digest = Digest::from_hex(taint.blob);
  const auto octets = digest ? context.blobs.size(*digest) : Result<std::uint64_t>(fail(Error(digest.error())));
  if (!octets) return context.logger.error("a taint list could not be read", octets.error());
  JsonObject body{{"request", id_of(list)}, {"incident", taint.incident}, {"item", "taint_list"}, {"digest", taint.blob}, {"octets", *octets},
                  {"media_type", "application/json"}, {"name", fmt::format("taint-{}.json", id_of(list))}, {"origin", fmt::format("made of stream {}, journal entry {}", taint.stream, taint.built)}};
  const auto group = context.journal.submit_wait(Draft{"evidence_captured", std::move(body), "taint", id_of(list), Source{"taint-evidence", 0, list, 0}});
  if (!group && group.error().code == Code::kConflict) return;  // it is evidence already
  if (!group) return context.logger.error("a taint list was not taken as evidence", group.error());
  const std::string id = group->entries.front().id("ev");
  if (auto sealed = context.journal.submit_wait(evidence::custody(id, "seal", "firebreak", "captured for the incident")); !sealed)
    context.logger.error("the seal of evidence was not taken by the journal", sealed.error());
}

void check_training(const Context& context, std::uint64_t trigger) {
  std::uint64_t ordinal = 0;
  for (const InForce& list : lists_in_force(context))
    for (const Registered& one : registered(context)) {
      if (std::max(one.release.index, list.built) != trigger) continue;
      const auto hits = hits_on(context, one, list.blob);
      if (!hits) context.logger.error(fmt::format("the training rows of {} {} could not be held against a taint list", one.release.endpoint, one.release.release), hits.error());
      if (!hits || !*hits) continue;
      if (auto opened = open_finding(context, trigger, ++ordinal, one.release, **hits); !opened)
        context.logger.error("a finding about training data was not taken by the journal", opened.error());
    }
}

std::vector<std::uint64_t> unchecked_training(const Context& context) {
  const auto mark = context.journal.mark("taint");
  std::set<std::uint64_t> triggers;
  for (const InForce& list : lists_in_force(context))
    for (const Registered& one : registered(context))
      if (const std::uint64_t trigger = std::max(one.release.index, list.built); !mark || trigger >= mark->position) triggers.insert(trigger);
  return {triggers.begin(), triggers.end()};
}

Result<std::vector<replay::TaintHits>> taint_of(const Context& context, const provenance::Release& release, const FeatureSchema& features, const replay::Dataset& rows) {
  std::vector<replay::TaintHits> all;
  for (const InForce& one : lists_in_force(context)) {
    FIREBREAK_ASSIGN(const replay::TaintList list, read_list(context, one.blob));
    replay::TaintHits hits = hits_of(list, release, features, rows);
    if (hits.rows != 0) all.push_back(std::move(hits));
  }
  return all;
}

Result<Json> taint_document(const Context& context, const std::string& incident) {
  std::uint64_t list = 0, built = 0;
  std::string blob;
  context.journal.with_state([&](const journal::View& view) {
    for (const auto& [index, taint] : remedy::taints_in_force(view.state<remedy::RemedyState>(remedy::kFoldName)))
      if (taint->incident == incident) {
        list = index;
        built = taint->built;
        blob = taint->blob;
      }
  });
  if (blob.empty()) return fail(Code::kNotFound, fmt::format("{} has no taint list: 'firebreak taint build {}' makes it", incident, incident), "/incident");
  FIREBREAK_ASSIGN(const auto entries, context.journal.entries(built, 1));
  if (entries.empty() || entries.front().kind != "taint_built") return fail(Code::kCorrupt, fmt::format("journal entry {} does not tell of {}", built, id_of(list)));
  const Json& body = entries.front().body;
  FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(blob));
  FIREBREAK_ASSIGN(const Bytes text, context.blobs.get(digest));
  FIREBREAK_ASSIGN(const ledger::VerifierKey key, ledger::parse_vkey(string_or(body, "key")));
  const std::string pem = fmt::format("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", to_base64(Bytes(kSpki) + key.public_key));
  return Json(JsonObject{{"list", id_of(list)}, {"incident", incident}, {"entry", built}, {"digest", blob}, {"document", text},
                         {"signature", string_or(body, "signature")}, {"key", string_or(body, "key")}, {"pem", pem}});
}

}  // namespace firebreak::app
