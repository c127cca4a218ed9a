#include "fold/recall/recall.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

namespace firebreak::recall {
namespace {

constexpr std::string_view kAlways[] = {"text_erased", "privileged_note_released", "endpoint_registered", "config_applied", "detectors_approved", "rules_taken", "segment_archived"};
constexpr std::string_view kRequests[] = {"evidence_requested", "forecast_requested", "gate_requested", "impact_requested", "replay_requested"};
constexpr std::string_view kShipper = "offsite";

bool among(std::span<const std::string_view> kinds, std::string_view kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }

// What an entry answers of a request; empty: nothing. As run/app/request_book.cc has it.
std::string answered_by(const Entry& entry) {
  if (entry.kind == "evidence_captured" || entry.kind == "evidence_failed") return string_or(entry.body, "item");
  if (entry.kind == "gate_result") return string_or(entry.body, "gate");
  if (entry.kind == "options_offered") return "options";
  if (entry.kind == "impact_told") return "impact";
  if (entry.kind == "replay_told") return "replay";
  return {};
}

std::set<std::string> asked_by(const Entry& entry) {
  if (entry.kind == "forecast_requested") return {"options"};
  if (entry.kind == "impact_requested") return {"impact"};
  if (entry.kind == "replay_requested") return {"replay"};
  const auto list = strings_or_empty(entry.body, entry.kind == "evidence_requested" ? "items" : "gates");
  return {list.begin(), list.end()};
}

void take_answer(RecallState& state, const Entry& entry) {
  const std::string answered = answered_by(entry);
  if (answered.empty()) return;
  const auto request = state.requests.find(string_or(entry.body, "request"));
  if (request == state.requests.end()) return;
  request->second.entries.insert(entry.index);
  request->second.missing.erase(answered);
  if (request->second.missing.empty()) state.requests.erase(request);
}

void take_finding(RecallState& state, const Entry& entry) {
  std::string key = string_or(entry.body, "stream") + "\n" + string_or(entry.body, "episode");
  if (entry.kind == "finding_closed") state.open.erase(key);
  else state.open[std::move(key)].insert(entry.index);
}

// Shipped evidence of a request that is still open is read again for the request's sake: then its shipping too.
void take_shipping(RecallState& state, const Entry& entry) {
  const std::string evidence = string_or(entry.body, "evidence");
  state.unshipped.erase(evidence);
  for (auto& [id, request] : state.requests)
    if (request.entries.contains(index_of(evidence))) request.entries.insert(entry.index);
}

// A name for what only the newest of counts; empty: it is none of these.
std::string newest_of(const Entry& entry) {
  if (entry.kind == "anchor") return "anchor " + string_or(entry.body, "stream");
  if (entry.kind == "profile_built") return "profile " + string_or(entry.body, "endpoint") + "\n" + string_or(entry.body, "release");
  if (entry.kind == "readiness_seen") return "readiness " + string_or(entry.body, "endpoint");
  if (entry.kind == "clock_fed" || entry.kind == "rules_applied") return entry.kind;
  return {};
}

Json numbers(const std::set<std::uint64_t>& set) { return JsonArray(set.begin(), set.end()); }

Result<std::uint64_t> number(const Json& value) {
  if (!value.is_int64() || value.get_int64() < 0) return fail(Code::kInvalid, "an index is a whole number");
  return static_cast<std::uint64_t>(value.get_int64());
}

Result<std::set<std::uint64_t>> read_numbers(const Json* list) {
  if (list == nullptr || !list->is_array()) return fail(Code::kInvalid, "a list of indexes is expected");
  std::set<std::uint64_t> out;
  for (const Json& item : list->get_array()) {
    FIREBREAK_ASSIGN(const std::uint64_t index, number(item));
    out.insert(out.end(), index);
  }
  return out;
}

Result<std::map<std::string, std::uint64_t>> read_named(const Json& document, std::string_view key) {
  const Json* const part = find(document, key);
  if (part == nullptr || !part->is_object()) return fail(Code::kInvalid, fmt::format("'{}' is missing", key), fmt::format("/{}", key));
  std::map<std::string, std::uint64_t> out;
  for (const auto& member : part->get_object()) {
    FIREBREAK_ASSIGN(out[std::string(member.key())], number(member.value()));
  }
  return out;
}

}  // namespace

void apply(RecallState& state, const Entry& entry) {
  if (entry.kind.starts_with("finding_")) return take_finding(state, entry);
  if (among(kAlways, entry.kind)) {
    state.always.insert(entry.index);
    return;
  }
  if (std::string name = newest_of(entry); !name.empty()) {
    state.newest[std::move(name)] = entry.index;
    return;
  }
  if (entry.kind == "rollback_accepted") state.newest.erase("anchor " + string_or(entry.body, "log"));
  if (among(kRequests, entry.kind)) state.requests[entry.id("req")] = {{entry.index}, asked_by(entry)};
  if (entry.kind == "evidence_captured") state.unshipped[entry.id("ev")] = entry.index;
  if (entry.kind == "evidence_custody" && entry.actor == kShipper) take_shipping(state, entry);
  take_answer(state, entry);
}

std::vector<std::uint64_t> matter(const RecallState& state, bool with_evidence) {
  std::set<std::uint64_t> all = state.always;
  for (const auto& [name, index] : state.newest) all.insert(index);
  for (const auto& [episode, indexes] : state.open) all.insert(indexes.begin(), indexes.end());
  for (const auto& [id, request] : state.requests) all.insert(request.entries.begin(), request.entries.end());
  if (with_evidence)
    for (const auto& [id, index] : state.unshipped) all.insert(index);
  return {all.begin(), all.end()};
}

Json to_json(const RecallState& state) {
  JsonObject newest, open, requests, unshipped;
  for (const auto& [name, index] : state.newest) newest[name] = index;
  for (const auto& [episode, indexes] : state.open) open[episode] = numbers(indexes);
  for (const auto& [id, request] : state.requests)
    requests[id] = JsonObject{{"entries", numbers(request.entries)}, {"missing", JsonArray(request.missing.begin(), request.missing.end())}};
  for (const auto& [id, index] : state.unshipped) unshipped[id] = index;
  return JsonObject{{"always", numbers(state.always)}, {"newest", std::move(newest)}, {"open", std::move(open)}, {"requests", std::move(requests)}, {"unshipped", std::move(unshipped)}};
}

Result<RecallState> state_from_json(const Json& document) {
  RecallState state;
  FIREBREAK_ASSIGN(state.always, read_numbers(find(document, "always")));
  FIREBREAK_ASSIGN(state.newest, read_named(document, "newest"));
  FIREBREAK_ASSIGN(state.unshipped, read_named(document, "unshipped"));
  const Json* const open = find(document, "open");
  const Json* const requests = find(document, "requests");
  if (open == nullptr || !open->is_object()) return fail(Code::kInvalid, "'open' is missing", "/open");
  if (requests == nullptr || !requests->is_object()) return fail(Code::kInvalid, "'requests' is missing", "/requests");
  for (const auto& member : open->get_object()) {
    FIREBREAK_ASSIGN(state.open[std::string(member.key())], read_numbers(&member.value()));
  }
  for (const auto& member : requests->get_object()) {
    Request& request = state.requests[std::string(member.key())];
    FIREBREAK_ASSIGN(request.entries, read_numbers(find(member.value(), "entries")));
    const auto missing = strings_or_empty(member.value(), "missing");
    request.missing = {missing.begin(), missing.end()};
  }
  return state;
}

}  // namespace firebreak::recall
