#include "fold/keeping/keeping.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "types/command.h"
#include "types/free_text.h"

namespace firebreak::keeping {
namespace {

using Drafts = std::vector<Draft>;

constexpr std::size_t kOpenErasures = 10'000, kHolds = 10'000;

std::string who(const Entry& entry) { return string_or(entry.body, "by", entry.actor); }

Draft make(std::string kind, JsonObject body) {
  Draft draft;
  draft.kind = std::move(kind);
  draft.body = std::move(body);
  return draft;
}

Draft refuse(std::string_view command, Code code, std::string reason, std::string pointer = {}) {
  return make("command_refused", refusal(command, code, std::move(reason), std::move(pointer)));
}

std::uint64_t number_of(const std::string& id, std::string_view prefix) { return id.starts_with(prefix) ? index_of(id) : 0; }

bool is_hash(const std::string& text) { return Digest::from_hex(text).has_value(); }

Drafts request_erasure(const KeepingState& state, const Entry& entry, const Json& args) {
  const std::string subject = string_or(args, "subject"), reason = string_or(args, "reason");
  if (!is_hash(subject)) return {refuse("erase.request", Code::kInvalid, "the subject is named by its keyed hash", "/subject")};
  if (reason.empty()) return {refuse("erase.request", Code::kInvalid, "an erasure needs its reason", "/reason")};
  if (state.erasures.size() >= kOpenErasures)
    return {refuse("erase.request", Code::kBusy, fmt::format("{} erasures are open", state.erasures.size()))};
  JsonObject body{{"subject", subject}, {"reason", reason}, {"by", entry.actor}};
  if (const Json* streams = find(args, "streams")) body["streams"] = *streams;
  return {make("erase_requested", std::move(body))};
}

Drafts add_hold(const KeepingState& state, const Entry& entry, const Json& args) {
  const std::string subject = string_or(args, "subject");
  if (!subject.empty() && !is_hash(subject))
    return {refuse("hold.add", Code::kInvalid, "the subject is named by its keyed hash", "/subject")};
  if (string_or(args, "reason").empty()) return {refuse("hold.add", Code::kInvalid, "a hold needs its reason", "/reason")};
  if (state.holds.size() >= kHolds)
    return {refuse("hold.add", Code::kBusy, fmt::format("{} holds are in force", state.holds.size()))};
  return {make("hold_added", {{"subject", subject},
                              {"stream", string_or(args, "stream")},
                              {"reason", string_or(args, "reason")},
                              {"by", entry.actor}})};
}

Drafts lift_hold(const KeepingState& state, const Entry& entry, const Json& args) {
  const std::string id = string_or(args, "hold");
  const auto found = state.holds.find(number_of(id, "hold-"));
  if (found == state.holds.end())
    return {refuse("hold.lift", Code::kNotFound, fmt::format("no hold '{}' is in force", id), "/hold")};
  if (!entry.actor.starts_with("user:")) return {refuse("hold.lift", Code::kForbidden, "only people lift a hold")};
  const std::string& first = found->second.lift_proposed_by;
  JsonObject body{{"hold", id}, {"by", entry.actor}, {"reason", string_or(args, "reason")}};
  if (first.empty()) return {make("hold_lift_proposed", std::move(body))};
  if (first == entry.actor) return {refuse("hold.lift", Code::kForbidden, "lifting a hold needs a second person")};
  body["with"] = first;
  return {make("hold_lifted", std::move(body))};
}

// At once or not at all: what a text says is not known here, so a hold that names no person covers every text.
Drafts erase_text(const KeepingState& state, const Entry& entry, const Json& args) {
  const std::string text = string_or(args, "text"), reason = string_or(args, "reason");
  if (!text_digest(text))
    return {refuse("text.erase", Code::kInvalid, "a text is named by its reference: 'text:' and 64 digits; GET /api/v1/journal shows it", "/text")};
  if (reason.empty()) return {refuse("text.erase", Code::kInvalid, "an erasure needs its reason", "/reason")};
  for (const auto& [index, hold] : state.holds)
    if (hold.subject.empty())
      return {refuse("text.erase", Code::kConflict, fmt::format("hold-{} keeps every text; two people lift it with hold.lift", index))};
  return {make("text_erased", {{"text", text}, {"reason", reason}, {"by", entry.actor}})};
}

Drafts on_command(const KeepingState& state, const Entry& entry) {
  const Json& args = command_args(entry);
  const std::string name = string_or(entry.body, "name");
  if (name == "erase.request") return request_erasure(state, entry, args);
  if (name == "text.erase") return erase_text(state, entry, args);
  if (name == "hold.add") return add_hold(state, entry, args);
  if (name == "hold.lift") return lift_hold(state, entry, args);
  return {};
}

// Every erasure that nothing holds and that was not ordered yet.
Drafts orders_due(const KeepingState& state) {
  Drafts drafts;
  for (const auto& [index, erasure] : state.erasures)
    if (!erasure.ordered && holds_on(state, erasure).empty())
      drafts.push_back(make("erase_ordered", {{"erasure", fmt::format("era-{}", index)}}));
  return drafts;
}

void apply_done(KeepingState& state, const Entry& entry) {
  auto open = state.erasures.extract(number_of(string_or(entry.body, "erasure"), "era-"));
  if (open.empty()) return;
  const Json* const took = find(entry.body, "streams");
  state.done[open.key()] = {std::move(open.mapped()), entry.index, format_time(entry.time), took != nullptr ? *took : Json(JsonObject{}), 0};
  while (state.done.size() > kDoneKept) state.done.erase(state.done.begin());
}

Json asked_json(std::uint64_t index, const Erasure& erasure) {
  return JsonObject{{"index", index},
                    {"subject", erasure.subject},
                    {"streams", JsonArray(erasure.streams.begin(), erasure.streams.end())},
                    {"reason", erasure.reason},
                    {"by", erasure.by},
                    {"requested", erasure.requested},
                    {"ordered", erasure.ordered}};
}

Erasure asked_from(const Json& one) {
  const auto streams = strings_or_empty(one, "streams");
  return {string_or(one, "subject"), {streams.begin(), streams.end()}, string_or(one, "reason"), string_or(one, "by"),
          string_or(one, "requested"), bool_or(one, "ordered", false)};
}

}  // namespace

std::vector<std::uint64_t> holds_on(const KeepingState& state, const Erasure& erasure) {
  std::vector<std::uint64_t> found;
  for (const auto& [index, hold] : state.holds) {
    const bool person = hold.subject.empty() || hold.subject == erasure.subject;
    const bool place = hold.stream.empty() || erasure.streams.empty() || erasure.streams.contains(hold.stream);
    if (person && place) found.push_back(index);
  }
  return found;
}

Kept held_in(const KeepingState& state, const std::string& stream) {
  Kept kept;
  for (const auto& [index, hold] : state.holds) {
    if (!hold.stream.empty() && hold.stream != stream) continue;
    if (hold.subject.empty()) {
      kept.everything = true;
    } else {
      kept.subjects.insert(hold.subject);
    }
  }
  return kept;
}

Drafts decide(const KeepingState& state, const Entry& entry) {
  if (entry.kind == "command_accepted") return on_command(state, entry);
  if (entry.kind == "erase_requested" || entry.kind == "hold_lifted") return orders_due(state);
  return {};
}

void apply(KeepingState& state, const Entry& entry) {
  const Json& body = entry.body;
  if (entry.kind == "hold_added") {
    state.holds[entry.index] = {string_or(body, "subject"), string_or(body, "stream"), string_or(body, "reason"), who(entry), ""};
    // What was ordered and is not done waits again: a hold beats an erasure until its keys are gone.
    for (auto& [index, erasure] : state.erasures)
      if (!holds_on(state, erasure).empty()) erasure.ordered = false;
  } else if (entry.kind == "hold_lift_proposed") {
    const auto hold = state.holds.find(number_of(string_or(body, "hold"), "hold-"));
    if (hold != state.holds.end()) hold->second.lift_proposed_by = who(entry);
  } else if (entry.kind == "hold_lifted") {
    state.holds.erase(number_of(string_or(body, "hold"), "hold-"));
  } else if (entry.kind == "erase_requested") {
    const auto streams = strings_or_empty(body, "streams");
    state.erasures[entry.index] = {string_or(body, "subject"), {streams.begin(), streams.end()}, string_or(body, "reason"),
                                   who(entry), format_time(entry.time), false};
  } else if (entry.kind == "erase_ordered") {
    const auto erasure = state.erasures.find(number_of(string_or(body, "erasure"), "era-"));
    if (erasure != state.erasures.end()) erasure->second.ordered = true;
  } else if (entry.kind == "erasure_done") {
    apply_done(state, entry);
  } else if (entry.kind == "erasure_forgotten") {
    const auto done = state.done.find(number_of(string_or(body, "erasure"), "era-"));
    if (done != state.done.end()) done->second.forgotten = entry.index;
  } else if (entry.kind == "retention_done") {
    Expired& expired = state.expired[string_or(body, "stream")];
    expired.cutoff = string_or(body, "cutoff");
    expired.records += static_cast<std::uint64_t>(int_or(body, "records", 0));
    expired.entry = entry.index;
  }
}

Json to_json(const KeepingState& state) {
  JsonArray holds, erasures;
  for (const auto& [index, hold] : state.holds)
    holds.push_back(JsonObject{{"index", index},
                               {"subject", hold.subject},
                               {"stream", hold.stream},
                               {"reason", hold.reason},
                               {"by", hold.by},
                               {"lift_proposed_by", hold.lift_proposed_by}});
  for (const auto& [index, erasure] : state.erasures) erasures.push_back(asked_json(index, erasure));
  JsonArray all_done;
  for (const auto& [index, done] : state.done) {
    JsonObject one = asked_json(index, done.asked).as_object();
    one["entry"] = done.entry;
    one["time"] = done.time;
    one["took"] = done.took;
    one["forgotten"] = done.forgotten;
    all_done.push_back(std::move(one));
  }
  JsonArray expired;
  for (const auto& [stream, one] : state.expired)
    expired.push_back(JsonObject{{"stream", stream}, {"cutoff", one.cutoff}, {"records", one.records}, {"entry", one.entry}});
  return JsonObject{{"holds", std::move(holds)}, {"erasures", std::move(erasures)}, {"done", std::move(all_done)}, {"expired", std::move(expired)}};
}

Result<KeepingState> state_from_json(const Json& document) {
  KeepingState state;
  const Json* const holds = find(document, "holds");
  const Json* const erasures = find(document, "erasures");
  const Json* const expired = find(document, "expired");
  const Json* const done = find(document, "done");
  const auto is_list = [](const Json* list) { return list != nullptr && list->is_array(); };
  if (!is_list(holds) || !is_list(erasures) || !is_list(done) || !is_list(expired))
    return fail(Code::kCorrupt, "keeping: not a state of this fold");
  for (const Json& one : holds->get_array()) {
    FIREBREAK_ASSIGN(const std::int64_t index, get_int(one, "index"));
    state.holds[static_cast<std::uint64_t>(index)] = {string_or(one, "subject"), string_or(one, "stream"),
                                                      string_or(one, "reason"), string_or(one, "by"),
                                                      string_or(one, "lift_proposed_by")};
  }
  for (const Json& one : erasures->get_array()) {
    FIREBREAK_ASSIGN(const std::int64_t index, get_int(one, "index"));
    state.erasures[static_cast<std::uint64_t>(index)] = asked_from(one);
  }
  for (const Json& one : done->get_array()) {
    FIREBREAK_ASSIGN(const std::int64_t index, get_int(one, "index"));
    const Json* const took = find(one, "took");
    state.done[static_cast<std::uint64_t>(index)] = {asked_from(one), static_cast<std::uint64_t>(int_or(one, "entry", 0)), string_or(one, "time"),
                                                     took != nullptr ? *took : Json(JsonObject{}), static_cast<std::uint64_t>(int_or(one, "forgotten", 0))};
  }
  for (const Json& one : expired->get_array())
    state.expired[string_or(one, "stream")] = {string_or(one, "cutoff"), static_cast<std::uint64_t>(int_or(one, "records", 0)),
                                               static_cast<std::uint64_t>(int_or(one, "entry", 0))};
  return state;
}

}  // namespace firebreak::keeping
