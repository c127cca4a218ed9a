// Planned changes, which explain shifts, and mutes, which keep findings from alerting: how they come, go and fit.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/finding.h"
#include "types/command.h"

namespace firebreak::incident {
namespace {

constexpr Time kStillRuns{INT64_MAX / 2};
constexpr std::int64_t kShows = kHour;             // a change may show so long after its end
constexpr std::int64_t kLongestMute = 90 * kDay;   // longer: change the rule
constexpr std::int64_t kLongestChange = 366 * kDay;

Result<std::pair<Time, Time>> period_of(const Json& args, std::string_view from_key, std::string_view to_key, Time now, std::int64_t most) {
  std::pair<Time, Time> period{now, now};
  if (find(args, from_key) != nullptr) {
    FIREBREAK_ASSIGN(period.first, get_time(args, from_key));
  }
  FIREBREAK_ASSIGN(period.second, get_time(args, to_key));
  if (period.second <= period.first)
    return fail(Code::kInvalid, fmt::format("it must end after it begins ({})", format_time(period.first)), fmt::format("/{}", to_key));
  if (period.second - period.first > most)
    return fail(Code::kInvalid, fmt::format("it may last {} days", most / kDay), fmt::format("/{}", to_key));
  return period;
}

Result<JsonObject> change_of(const IncidentState& state, const Entry& entry, const Json& args) {
  const std::string kind = string_or(args, "kind"), endpoint = string_or(args, "endpoint");
  if (std::find(std::begin(kChangeKinds), std::end(kChangeKinds), kind) == std::end(kChangeKinds))
    return fail(Code::kInvalid, "'kind' is one of: deploy, retrain, campaign, ab_test, other", "/kind");
  if (!endpoint.empty() && !state.endpoints.contains(endpoint))
    return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint), "/endpoint");
  if (state.changes.size() >= kChanges)
    return fail(Code::kBusy, fmt::format("{} changes are remembered; cancel some", state.changes.size()));
  FIREBREAK_ASSIGN(const auto period, period_of(args, "from", "to", entry.time, kLongestChange));
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  return JsonObject{{"kind", kind},
                    {"endpoint", endpoint},
                    {"from", format_time(period.first)},
                    {"to", format_time(period.second)},
                    {"reason", reason},
                    {"by", who(entry)}};
}

// Those that share most with `word`: its parts, or its beginning.
std::string near_kinds(const std::string& word) {
  std::string out;
  for (const std::string_view kind : finding_kinds()) {
    bool near = kind.starts_with(word.substr(0, 4));
    for (std::size_t at = 0; at < word.size() && !near;) {
      const std::size_t end = std::min(word.find_first_of("_- ", at), word.size());
      near = end - at >= 4 && kind.find(word.substr(at, end - at)) != std::string_view::npos;
      at = end + 1;
    }
    if (near) out += (out.empty() ? "" : ", ") + std::string(kind);
  }
  if (!out.empty()) return "near it: " + out;
  for (const std::string_view kind : finding_kinds()) out += (out.empty() ? "" : ", ") + std::string(kind);
  return "there are: " + out;
}

Result<JsonObject> mute_of(const IncidentState& state, const Entry& entry, const Json& args) {
  const std::string rule = string_or(args, "rule"), kind = string_or(args, "kind"), endpoint = string_or(args, "endpoint");
  if (rule.empty() && kind.empty() && endpoint.empty())
    return fail(Code::kInvalid, "a mute names a rule, a kind of finding or an endpoint: everything is never muted", "/kind");
  for (const std::string& name : {rule, kind})
    if (name.size() > 200) return fail(Code::kTooLarge, "a name has at most 200 octets");
  const auto& kinds = finding_kinds();
  if (!kind.empty() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    return fail(Code::kInvalid, fmt::format("there is no kind of finding '{}'; {}", kind, near_kinds(kind)), "/kind");
  if (!endpoint.empty() && !state.endpoints.contains(endpoint))
    return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint), "/endpoint");
  const auto in_force = std::count_if(state.mutes.begin(), state.mutes.end(), [&](const auto& item) { return item.second.until > entry.time; });
  if (static_cast<std::size_t>(in_force) >= kMutes) return fail(Code::kBusy, fmt::format("{} mutes are in force; lift some", in_force));
  FIREBREAK_ASSIGN(const auto period, period_of(args, "from", "until", entry.time, kLongestMute));
  if (period.second <= entry.time) return fail(Code::kInvalid, "it would be over already", "/until");
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  JsonObject body{{"from", format_time(period.first)}, {"until", format_time(period.second)}, {"reason", reason}, {"by", who(entry)}};
  for (const auto& [key, value] : {std::pair("rule", rule), std::pair("kind", kind), std::pair("endpoint", endpoint)})
    if (!value.empty()) body[key] = value;
  return body;
}

template <class Map>
Result<JsonObject> ending_of(const Map& known, std::string_view noun, const Entry& entry, const Json& args) {
  const std::string id = string_or(args, noun);
  if (!known.contains(id))
    return fail(Code::kNotFound, fmt::format("no {} '{}' is in force or to come: it was lifted or cancelled already, is over, or never was", noun, id), fmt::format("/{}", noun));
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  return JsonObject{{noun, id}, {"reason", reason}, {"by", who(entry)}};
}

// What is long over explains nothing that can still open.
void forget(IncidentState& state, Time now) {
  std::erase_if(state.changes, [&](const auto& item) { return item.second.to < now - 2 * kRemember; });
  std::erase_if(state.mutes, [&](const auto& item) { return item.second.until < now; });
}

bool is_of_rule(const Finding& finding, const std::string& rule) {
  return finding.kind == "rule_match" && (finding.episode == "rule_match/" + rule || finding.episode.starts_with("rule_match/" + rule + "/"));
}

bool fits(const Mute& mute, const Finding& finding) {
  return (mute.rule.empty() || is_of_rule(finding, mute.rule)) && (mute.kind.empty() || mute.kind == finding.kind) &&
         (mute.endpoint.empty() || mute.endpoint == finding.endpoint);
}

}  // namespace

Drafts decide_calendar(const IncidentState& state, const Entry& entry, const std::string& name, const Json& args) {
  const auto answer = [&](std::string_view kind, Result<JsonObject> body) -> Drafts {
    if (!body) return refuse(entry, body.error().code, body.error().message, body.error().pointer);
    return {make_draft(kind, "", std::move(*body))};
  };
  if (name == "change.add") return answer("change_added", change_of(state, entry, args));
  if (name == "mute.add") return answer("mute_added", mute_of(state, entry, args));
  if (name == "mute.lift") return answer("mute_lifted", ending_of(state.mutes, "mute", entry, args));
  if (name != "change.cancel") return {};
  if (string_or(args, "change").starts_with("act-"))
    return refuse(entry, Code::kConflict, "a promotion has happened: it is no plan that could be cancelled", "/change");
  return answer("change_cancelled", ending_of(state.changes, "change", entry, args));
}

void apply_calendar(IncidentState& state, const Entry& entry) {
  const Json& body = entry.body;
  const auto text = [&](std::string_view key) { return string_or(body, key); };
  const auto time = [&](std::string_view key) { return get_time(body, key).value_or(entry.time); };
  if (entry.kind == "change_added") {
    forget(state, entry.time);
    state.changes[entry.id("chg")] = {text("kind"), text("endpoint"), text("reason"), text("by"), time("from"), time("to")};
  } else if (entry.kind == "change_cancelled") {
    state.changes.erase(text("change"));
  } else if (entry.kind == "mute_added") {
    forget(state, entry.time);
    state.mutes[entry.id("mute")] = {text("rule"), text("kind"), text("endpoint"), text("reason"), text("by"), time("from"), time("until")};
  } else if (entry.kind == "mute_lifted") {
    state.mutes.erase(text("mute"));
  } else if (entry.kind == "ladder_step" && !state.changes.contains(text("action"))) {
    state.changes[text("action")] = {"deploy", text("endpoint"), "release " + text("release"), "firebreak", entry.time, kStillRuns};
  } else if (entry.kind == "ladder_ended") {
    if (const auto at = state.changes.find(text("action")); at != state.changes.end()) at->second.to = entry.time;
  } else if (entry.kind == "finding_muted" || entry.kind == "finding_unmuted") {
    const auto at = state.findings.find(text("finding"));
    if (at != state.findings.end()) at->second.mute = entry.kind == "finding_muted" ? text("mute") : "";
  }
}

const std::pair<const std::string, Mute>* mute_on(const IncidentState& state, const Finding& finding, Time now) {
  for (const auto& item : state.mutes)
    if (item.second.from <= now && now < item.second.until && fits(item.second, finding)) return &item;
  return nullptr;
}

const std::pair<const std::string, Mute>* mute_on_rule(const IncidentState& state, const std::string& rule,
                                                       const std::string& endpoint, Time now) {
  for (const auto& item : state.mutes) {
    const Mute& mute = item.second;
    if (mute.from <= now && now < mute.until && mute.rule == rule && mute.kind.empty() && (mute.endpoint.empty() || mute.endpoint == endpoint))
      return &item;
  }
  return nullptr;
}

std::vector<std::pair<std::string, Change>> changes_on(const IncidentState& state, const Finding& finding) {
  std::vector<std::pair<std::string, Change>> out;
  for (const auto& [id, change] : state.changes)
    if ((change.endpoint.empty() || change.endpoint == finding.endpoint) && change.from <= finding.onset_last &&
        (change.to >= kStillRuns || finding.onset_first <= change.to + kShows))
      out.emplace_back(id, change);
  return out;
}

}  // namespace firebreak::incident
