#include "types/entry.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/json_arena.h"

namespace firebreak {
namespace {

Json to_object(const Entry& entry) {
  JsonObject object;
  object["v"] = entry.version;
  object["kind"] = entry.kind;
  object["time"] = format_time(entry.time);
  object["actor"] = entry.actor;
  object["cause"] = entry.cause;
  if (!entry.source.producer.empty())
    object["source"] = JsonObject{{"producer", entry.source.producer},
                                  {"epoch", entry.source.epoch},
                                  {"position", entry.source.position},
                                  {"ordinal", entry.source.ordinal}};
  object["body"] = entry.body;
  return object;
}

}  // namespace

std::string Entry::id(std::string_view prefix) const { return fmt::format("{}-{}", prefix, index); }

std::uint64_t index_of(std::string_view id) {
  const std::size_t dash = id.rfind('-');
  std::uint64_t index = 0;
  if (dash != std::string_view::npos) std::from_chars(id.data() + dash + 1, id.data() + id.size(), index);
  return index;
}

bool is_input_kind(std::string_view kind) {
  constexpr std::string_view kInputs[] = {
      "command",         "server_started",  "config_applied",    "tick",            "clock_fed",
      "anchor",          "finding_opened",  "finding_updated",   "finding_closed",  "options_offered",
      "evidence_captured", "evidence_failed", "evidence_custody", "order_started",  "order_outcome",
      "effect_check",    "gate_result",    "rollback_accepted", "erasure_done",    "erasure_forgotten",
      "retention_done",    "segment_archived", "archive_read",     "store_tested",    "impact_told",
      "replay_told",       "playbook_call_started", "playbook_call_ended", "readiness_seen", "regime_configured", "notify_applied", "templates_applied", "delivery_started", "delivery_ended", "exercise_declared", "host_clock_seen",
      "remedy_started",    "remedy_rows",      "remedy_ended",       "taint_built",
      "tickets_applied",   "ticket_call_started", "ticket_call_ended", "ticket_heard"};
  return std::find(std::begin(kInputs), std::end(kInputs), kind) != std::end(kInputs);
}

Draft make_draft(std::string_view kind, std::string cause, JsonObject body) {
  Draft draft;
  draft.kind = kind;
  draft.cause = std::move(cause);
  draft.body = std::move(body);
  return draft;
}

std::uint64_t cause_of_drafts(const Entry& decided_on, std::uint64_t input) {
  return decided_on.kind == "command_accepted" && (find(decided_on.body, "activation") != nullptr || find(decided_on.body, "amendment") != nullptr) ? decided_on.index : input;
}

std::string entry_bytes(const Entry& entry) { return canonical_json(to_object(entry)); }

Result<Entry> parse_entry(std::uint64_t index, std::string_view bytes) {
  FIREBREAK_ASSIGN(Json object, parse_json_in_arena(bytes));
  Json* const body = object.is_object() ? object.get_object().if_contains("body") : nullptr;
  // Made from it and not assigned to: only so it keeps its memory.
  Entry entry{.index = index, .version = 1, .kind = {}, .time = {}, .actor = {}, .cause = {}, .source = {}, .body = body != nullptr ? Json(std::move(*body)) : Json()};
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(object, "v"));
  entry.version = static_cast<int>(version);
  FIREBREAK_ASSIGN(entry.kind, get_string(object, "kind"));
  FIREBREAK_ASSIGN(entry.time, get_time(object, "time"));
  FIREBREAK_ASSIGN(entry.actor, get_string(object, "actor"));
  FIREBREAK_ASSIGN(entry.cause, get_string(object, "cause"));
  if (const Json* source = find(object, "source")) {
    FIREBREAK_ASSIGN(entry.source.producer, get_string(*source, "producer"));
    entry.source.epoch = static_cast<std::uint64_t>(int_or(*source, "epoch"));
    entry.source.position = static_cast<std::uint64_t>(int_or(*source, "position"));
    entry.source.ordinal = static_cast<std::uint64_t>(int_or(*source, "ordinal"));
  }
  if (body == nullptr) return fail(Code::kInvalid, "'body' is missing", "/body");
  return entry;
}

Json entry_to_json(const Entry& entry) {
  Json object = to_object(entry);
  object.as_object()["index"] = entry.index;
  return object;
}

}  // namespace firebreak
