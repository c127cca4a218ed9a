// Sealed holdouts: its digest stands in the journal before anybody reads it, and who trains never does. Reads come as entries of whoever
// keeps the data (`data.read`); a breach is told once for each read and endpoint.
#include <fmt/core.h>

#include <algorithm>

#include "base/digest.h"
#include "fold/provenance/parts.h"
#include "types/command.h"

namespace firebreak::provenance {
namespace {

Result<std::string> digest_in(const Json& args) {
  FIREBREAK_ASSIGN(const std::string text, get_string(args, "digest"));
  const auto digest = Digest::from_hex(text);
  if (!digest) return fail(Code::kInvalid, "'digest' is the SHA-256 of the holdout's bytes in 64 hex digits", "/digest");
  return digest->hex();
}

// Why this read is a breach on this endpoint; empty: it is none.
std::string breach_in(const ProvenanceState& state, const std::string& endpoint, const std::string& digest, Time committed, const DataRead& read) {
  if (read.digest != digest) return {};
  for (const auto& [key, release] : state.releases)
    if (release.endpoint == endpoint && !release.trained_by.empty() && release.trained_by == read.reader)
      return fmt::format("{} trained {} and read the holdout at {}", read.reader, release.release, format_time(read.at));
  if (read.at < committed) return fmt::format("{} read it at {}, before its digest was committed to at {}", read.reader, format_time(read.at), format_time(committed));
  return {};
}

}  // namespace

Result<Draft> seal_holdout(const ProvenanceState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string endpoint, get_string(args, "endpoint"));
  if (find_endpoint(state, endpoint) == nullptr) return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint), "/endpoint");
  FIREBREAK_ASSIGN(const std::string digest, digest_in(args));
  if (const auto at = state.sealed.find({endpoint, digest}); at != state.sealed.end())
    return fail(Code::kConflict, fmt::format("it was committed to at {} already", format_time(at->second)), "/digest");
  Draft draft = make_draft("holdout_sealed", "", {{"endpoint", endpoint}, {"digest", digest}, {"by", entry.actor}});
  draft.actor = entry.actor;
  return draft;
}

Result<Draft> note_read(const ProvenanceState&, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string digest, digest_in(args));
  FIREBREAK_ASSIGN(const std::string reader, get_string(args, "reader"));
  if (reader.empty() || reader.size() > limits::kIdBytes) return fail(Code::kInvalid, fmt::format("'reader' names an identity in 1..{} octets", limits::kIdBytes), "/reader");
  Time at = entry.time;
  if (find(args, "at") != nullptr) {
    FIREBREAK_ASSIGN(at, get_time(args, "at"));
    if (at > entry.time) return fail(Code::kInvalid, "nobody has read what lies ahead", "/at");
  }
  Draft draft = make_draft("data_read", "", {{"digest", digest}, {"reader", reader}, {"at", format_time(at)}, {"purpose", string_or(args, "purpose")}, {"by", entry.actor}});
  draft.actor = entry.actor;
  return draft;
}

// On a read, a seal, or a release: each breach that nobody has told of yet.
std::vector<Draft> breaches_due(const ProvenanceState& state) {
  std::vector<Draft> drafts;
  for (const auto& [key, committed] : state.sealed)
    for (const auto& [index, read] : state.reads) {
      const std::string why = breach_in(state, key.first, key.second, committed, read);
      if (why.empty()) continue;
      const bool told = std::any_of(state.breaches.begin(), state.breaches.end(), [&](const auto& one) { return one.second.read == index && one.second.endpoint == key.first; });
      if (!told)
        drafts.push_back(make_draft("holdout_breached", "", {{"endpoint", key.first}, {"digest", key.second}, {"reader", read.reader}, {"at", format_time(read.at)}, {"read", index}, {"why", why}}));
    }
  return drafts;
}

std::vector<std::string> breaches_of(const ProvenanceState& state, const std::string& endpoint, const std::string& holdout) {
  std::vector<std::string> out;
  for (const auto& [index, breach] : state.breaches)
    if (breach.endpoint == endpoint && breach.digest == holdout) out.push_back(breach.why);
  return out;
}

void apply_sealed(ProvenanceState& state, const Entry& entry) { state.sealed.try_emplace({string_or(entry.body, "endpoint"), string_or(entry.body, "digest")}, entry.time); }

void apply_read(ProvenanceState& state, const Entry& entry) {
  const Json& body = entry.body;
  state.reads[entry.index] = {string_or(body, "digest"), string_or(body, "reader"), string_or(body, "purpose"), string_or(body, "by"), get_time(body, "at").value_or(entry.time)};
  if (state.reads.size() > kReads) state.reads.erase(state.reads.begin());
}

void apply_breached(ProvenanceState& state, const Entry& entry) {
  const Json& body = entry.body;
  state.breaches[entry.index] = {string_or(body, "endpoint"), string_or(body, "digest"), string_or(body, "reader"), string_or(body, "why"), static_cast<std::uint64_t>(int_or(body, "read")), get_time(body, "at").value_or(entry.time)};
}

Json holdouts_to_json(const ProvenanceState& state) {
  JsonArray sealed, reads, breaches;
  for (const auto& [key, time] : state.sealed) sealed.push_back(JsonObject{{"endpoint", key.first}, {"digest", key.second}, {"time_us", time.us}});
  for (const auto& [index, read] : state.reads)
    reads.push_back(JsonObject{{"index", index}, {"digest", read.digest}, {"reader", read.reader}, {"purpose", read.purpose}, {"by", read.by}, {"at_us", read.at.us}});
  for (const auto& [index, one] : state.breaches)
    breaches.push_back(JsonObject{{"index", index}, {"endpoint", one.endpoint}, {"digest", one.digest}, {"reader", one.reader}, {"why", one.why}, {"read", one.read}, {"at_us", one.at.us}});
  return JsonObject{{"sealed", std::move(sealed)}, {"reads", std::move(reads)}, {"breaches", std::move(breaches)}};
}

Result<void> read_holdouts(const Json& document, ProvenanceState& state) {
  const Json* part = find(document, "holdouts");
  if (part == nullptr || !part->is_object()) return fail(Code::kInvalid, "the state of provenance lacks 'holdouts'");
  const auto each = [&](std::string_view key, auto read) {
    if (const Json* items = find(*part, key); items != nullptr && items->is_array())
      for (const Json& one : items->get_array()) read(one);
  };
  const auto index = [](const Json& one, std::string_view key) { return static_cast<std::uint64_t>(int_or(one, key)); };
  each("sealed", [&](const Json& one) { state.sealed[{string_or(one, "endpoint"), string_or(one, "digest")}] = Time{int_or(one, "time_us")}; });
  each("reads", [&](const Json& one) { state.reads[index(one, "index")] = {string_or(one, "digest"), string_or(one, "reader"), string_or(one, "purpose"), string_or(one, "by"), Time{int_or(one, "at_us")}}; });
  each("breaches", [&](const Json& one) {
    state.breaches[index(one, "index")] = {string_or(one, "endpoint"), string_or(one, "digest"), string_or(one, "reader"), string_or(one, "why"), index(one, "read"), Time{int_or(one, "at_us")}};
  });
  return {};
}

}  // namespace firebreak::provenance
