// Actions, orders, effect checks, the ladder, the freeze.
#include <fmt/core.h>

#include "read/views/projection.h"
#include "types/policy.h"

namespace firebreak::views {
namespace {

// One line for a person: as the fold worded it, else the measure in words.
std::string what_of(const Json& body) {
  if (std::string text = string_or(body, "text"); !text.empty()) return text;
  const Json* document = find(body, "measure");
  if (document != nullptr) {
    if (const Result<Measure> measure = measure_from_json(*document)) return describe(*measure);
  }
  return fmt::format("{} on {}", string_or(body, "class", "action"), string_or(body, "endpoint"));
}

// The measure of a promotion is the end of its ladder: all traffic to one release. Empty for other actions.
std::string promoted_release(const Json& body) {
  const Json* weights = find_pointer(body, "/measure/weights");
  const bool one = string_or(body, "class") == "promotion" && weights != nullptr && weights->is_object() &&
                   weights->get_object().size() == 1;
  return one ? std::string(weights->get_object().begin()->key()) : std::string();
}

template <class Change>
void edit_action(Store& store, const Entry& entry, Change change) {
  edit(store, entry, "action", string_or(entry.body, "action"), change);
}

void tell(Store& store, const Entry& entry, const JsonObject& action, std::string_view text) {
  const std::string incident = string_or(action, "incident");
  if (!incident.empty()) store.add_timeline(incident, entry, text);
}

void action_proposed(Store& store, const Entry& entry) {
  JsonObject action = thing(entry, entry.id("act"), "proposed");
  copy_members(action, entry.body,
               {"incident", "endpoint", "class", "measure", "measure_blob", "digest", "lease_us",
                "requested_by", "expires", "undo", "forecast", "option", "ladder"});
  action["release"] = promoted_release(entry.body);
  action["what"] = what_of(entry.body);
  action["approvals_needed"] = int_or(entry.body, "approvals", 1);
  action["approved_by"] = JsonArray{};
  action["approvers"] = "";
  for (const char* absent : {"ordered", "in_force", "lifted", "ended", "until"}) action[absent] = nullptr;
  action["extensions"] = JsonObject{{"count", 0}, {"callers", 0}, {"digests", 0}};
  action["checks"] = JsonObject{
      {"count", 0}, {"green", 0}, {"red", 0}, {"told", ""}, {"first_green", nullptr}, {"last", nullptr}};
  action["steps"] = JsonArray{};
  store.put("action", action);
  const std::int64_t lease = int_or(entry.body, "lease_us");
  tell(store, entry, action,
       fmt::format("{} proposed {}: {}{}. Digest {}", person(string_or(entry.body, "requested_by")),
                   entry.id("act"), string_or(action, "what"), lease > 0 ? ", lease " + duration(lease) : "",
                   string_or(entry.body, "digest").substr(0, 16)));
}

void action_approved(Store& store, const Entry& entry) {
  edit_action(store, entry, [&](JsonObject& action) {
    const std::string glass = string_or(entry.body, "break_glass");  // one person was enough
    action["approved_by"].as_array().push_back(moment(entry, string_or(entry.body, "by")));
    if (!glass.empty()) action["break_glass"] = glass;
    const std::string standing = string_or(entry.body, "standing");  // said in advance
    if (!standing.empty()) action["standing"] = standing;
    const std::string before = string_or(action, "approvers");
    action["approvers"] = before + (before.empty() ? "" : ", ") + person(string_or(entry.body, "by"));
    const auto have = static_cast<std::int64_t>(action["approved_by"].as_array().size());
    if ((have >= int_or(action, "approvals_needed") || !glass.empty()) && string_or(action, "state") == "proposed")
      action["state"] = "approved";
    tell(store, entry, action,
         fmt::format("{} approved {} ({}{}), bound to digest {}", person(string_or(entry.body, "by")), string_or(action, "id"),
                     glass.empty() ? fmt::format("{} of {}", have, int_or(action, "approvals_needed")) : "alone, under " + glass,
                     standing.empty() ? "" : ", in advance by " + standing,
                     string_or(entry.body, "digest").substr(0, 16)));
  });
}

// Every way an action ends, with the word for it.
void end_action(Store& store, const Entry& entry, std::string_view state, std::string_view words) {
  edit_action(store, entry, [&](JsonObject& action) {
    JsonObject end = moment(entry, string_or(entry.body, "by"));
    copy_members(end, entry.body, {"reason"});
    if (state == "lifted") action["lifted"] = end;
    action["ended"] = std::move(end);
    action["state"] = state;
    const std::string reason = string_or(entry.body, "reason"), by = string_or(entry.body, "by");
    tell(store, entry, action,
         fmt::format("{} {}{}{}{}", string_or(action, "id"), words, by.empty() ? "" : " by " + person(by),
                     reason.empty() ? "" : ": ", reason));
  });
}

void action_rejected(Store& store, const Entry& entry) { end_action(store, entry, "rejected", "rejected"); }
void action_expired(Store& store, const Entry& entry) {
  end_action(store, entry, "expired", "expired unapproved");
}
void action_lifted(Store& store, const Entry& entry) { end_action(store, entry, "lifted", "lifted"); }
void action_failed(Store& store, const Entry& entry) { end_action(store, entry, "failed", "failed"); }
void action_uncertain(Store& store, const Entry& entry) {
  end_action(store, entry, "uncertain", "has an uncertain effect, a person must look");
}

void order(Store& store, const Entry& entry) {
  const std::string id = entry.id("ord"), verb = string_or(entry.body, "verb");
  JsonObject document = thing(entry, id, "ordered");
  copy_members(document, entry.body,
               {"action", "endpoint", "connector", "verb", "fence", "class", "attempt_limit"});
  document["attempts"] = JsonArray{};
  document["outcome"] = nullptr;
  edit_action(store, entry, [&](JsonObject& action) {
    document["incident"] = string_or(action, "incident");
    if (verb == "apply" && action["ordered"].is_null()) {
      JsonObject ordered = moment(entry);
      ordered["order"] = id;
      action["ordered"] = std::move(ordered);
      action["state"] = "ordered";
    }
    if (verb != "extend")
      tell(store, entry, action,
           fmt::format("Order {} ({} {}) to {}", id, verb, string_or(action, "id"),
                       string_or(entry.body, "connector")));
  });
  store.put("order", document);
}

void order_started(Store& store, const Entry& entry) {
  edit(store, entry, "order", string_or(entry.body, "order"), [&](JsonObject& document) {
    document["state"] = "started";
    JsonObject attempt = moment(entry);
    copy_members(attempt, entry.body, {"attempt"});
    document["attempts"].as_array().push_back(std::move(attempt));
  });
}

std::string outcome_text(const std::string& id, const Json& body) {
  const std::string detail = string_or(body, "detail"), policy = string_or(body, "policy_digest");
  std::string text = fmt::format("Order {} {}", id, string_or(body, "result"));
  if (!detail.empty()) text += ": " + detail;
  if (!policy.empty()) text += "; digest of the policy in force " + policy.substr(0, 16);
  return text;
}

void order_outcome(Store& store, const Entry& entry) {
  edit(store, entry, "order", string_or(entry.body, "order"), [&](JsonObject& document) {
    const std::string result = string_or(entry.body, "result");
    document["state"] = result;
    JsonObject outcome = moment(entry);
    copy_members(outcome, entry.body, {"attempt", "result", "policy_digest", "detail"});
    document["outcome"] = std::move(outcome);
    if (string_or(document, "verb") == "extend" && result == "done") return;
    if (const std::string incident = string_or(document, "incident"); !incident.empty())
      store.add_timeline(incident, entry, outcome_text(string_or(document, "id"), entry.body));
  });
}

std::string check_text(const JsonObject& action, const Json& body) {
  const std::string begin =
      fmt::format("Effect check of {} is {}: ", string_or(action, "id"), string_or(body, "verdict"));
  if (const std::string reason = string_or(body, "reason"); !reason.empty()) return begin + reason;
  const Json nothing = JsonObject{};
  const Json* works = find(body, "works");
  const Json* harm = find(body, "harm");
  if (works == nullptr) works = &nothing;
  if (harm == nullptr) harm = &nothing;
  return begin +
         fmt::format("{} of {} chain queries kept from the model; {} of {} other answers changed, {} failed",
                     int_or(*works, "not_served"), int_or(*works, "of"), int_or(*harm, "changed"),
                     int_or(*harm, "of"), int_or(*harm, "failed"));
}

// A check comes every minute: the timeline tells the first one that is green or red and every change between
// the two. "waiting" (nothing to judge by in the window) is no verdict and does not part two green ones.
void effect_check(Store& store, const Entry& entry) {
  edit_action(store, entry, [&](JsonObject& action) {
    JsonObject& checks = action["checks"].as_object();
    const std::string verdict = string_or(entry.body, "verdict");
    const std::string before = string_or(action["checks"], "told");
    JsonObject check = moment(entry);
    copy_members(check, entry.body, {"window", "works", "harm", "canary", "verdict", "reason"});
    checks["count"] = int_or(action["checks"], "count") + 1;
    if (verdict == "green" || verdict == "red") checks[verdict] = int_or(action["checks"], verdict) + 1;
    if (verdict == "green" && checks["first_green"].is_null()) checks["first_green"] = check;
    checks["last"] = std::move(check);
    if (verdict == before || verdict == "waiting") return;
    checks["told"] = verdict;
    tell(store, entry, action, check_text(action, entry.body));
  });
}

void action_in_force(Store& store, const Entry& entry) {
  edit_action(store, entry, [&](JsonObject& action) {
    action["state"] = "in_force";
    action["in_force"] = moment(entry);
    const std::int64_t lease = int_or(action, "lease_us");
    const std::string until = string_or(entry.body, "until");
    if (!until.empty()) {
      action["until"] = until;
    } else if (lease > 0) {
      action["until"] = format_time(entry.time + lease);
    }
    tell(store, entry, action,
         fmt::format("{} is in force: {}", string_or(action, "id"), string_or(action, "what")));
  });
}

void action_extended(Store& store, const Entry& entry) {
  edit_action(store, entry, [&](JsonObject& action) {
    JsonObject& sum = action["extensions"].as_object();
    const auto callers = static_cast<std::int64_t>(strings_or_empty(entry.body, "callers").size());
    const auto digests = static_cast<std::int64_t>(string_or(entry.body, "digests").size() / 4 * 3 / 32);
    const bool first = int_or(action["extensions"], "count") == 0;
    sum["callers"] = int_or(action["extensions"], "callers") + callers;
    sum["digests"] = int_or(action["extensions"], "digests") + digests;
    sum["count"] = int_or(action["extensions"], "count") + 1;
    if (first)
      tell(store, entry, action,
           fmt::format(
               "{} follows the chain: first extension by {} callers and {} queries (later ones are counted, "
               "not listed)",
               string_or(action, "id"), callers, digests));
  });
}

void lease_extended(Store& store, const Entry& entry) {
  edit_action(store, entry, [&](JsonObject& action) {
    copy_members(action, entry.body, {"until"});
    tell(store, entry, action,
         fmt::format("Lease of {} extended to {}: {}", string_or(action, "id"),
                     string_or(entry.body, "until"), string_or(entry.body, "reason")));
  });
}

void ladder_step(Store& store, const Entry& entry) {
  edit_action(store, entry, [&](JsonObject& action) {
    const Json* value = find(entry.body, "step");
    const std::string name = value != nullptr && value->is_int64() ? std::to_string(value->get_int64())
                                                                   : string_or(entry.body, "step");
    JsonObject step = moment(entry);
    copy_members(step, entry.body, {"step", "weights", "since"});
    action["steps"].as_array().push_back(std::move(step));
    const bool share = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
    const std::string id = string_or(action, "id");
    if (share)
      tell(store, entry, action, fmt::format("Canary of {}: {} % of the traffic to the candidate", id, name));
    if (!share && name == "shadow")
      tell(store, entry, action,
           fmt::format("Shadow of {} begins: the candidate answers copies, callers do not see it", id));
    if (!share && name != "shadow") tell(store, entry, action, fmt::format("Watch window of {} begins", id));
  });
}

// An aborted ladder is taken back like a lifted measure; what was promoted stays, but the action is over.
void ladder_ended(Store& store, const Entry& entry) {
  edit_action(store, entry, [&](JsonObject& action) {
    const std::string outcome = string_or(entry.body, "outcome");
    JsonObject end = moment(entry, string_or(entry.body, "by"));
    copy_members(end, entry.body, {"outcome", "reason"});
    if (outcome == "aborted") action["lifted"] = end;
    action["ended"] = end;
    action["ladder_ended"] = std::move(end);
    action["state"] = outcome == "promoted" ? "promoted" : "lifted";
    if (outcome == "aborted")
      edit(store, entry, "release", string_or(action, "endpoint") + "/" + string_or(action, "release"),
           [&](JsonObject& release) {
             release["state"] = "promotion_aborted";
             release["aborted_action"] = string_or(action, "id");
             release["aborted_because"] = string_or(entry.body, "reason");
           });
    tell(store, entry, action,
         fmt::format("Promotion {} {}: {}", string_or(action, "id"), outcome,
                     string_or(entry.body, "reason")));
  });
}

void lease_warning(Store& store, const Entry& entry) {
  edit_action(store, entry, [&](JsonObject& action) {
    tell(store, entry, action,
         fmt::format("Lease of {} ends in {} min unless renewed", string_or(action, "id"),
                     int_or(entry.body, "minutes_left")));
  });
}

void freeze_state(Store& store, const Entry& entry, std::string_view state, std::string_view words) {
  // A proposal to end it changes neither who froze nor why.
  if (state == "thaw_proposed") {
    edit(store, entry, "freeze", "freeze", [&](JsonObject& freeze) {
      freeze["state"] = state;
      freeze["thaw"] = moment(entry, string_or(entry.body, "by"));
    });
  } else {
    JsonObject freeze = thing(entry, "freeze", state);
    freeze["by"] = person(string_or(entry.body, "by"));
    copy_members(freeze, entry.body, {"reason"});
    store.put("freeze", freeze);
  }
  for (const std::string& incident : open_incidents(store, ""))
    store.add_timeline(incident, entry,
                       fmt::format("{} by {}: {}", words, person(string_or(entry.body, "by")),
                                   string_or(entry.body, "reason")));
}

void frozen(Store& store, const Entry& entry) {
  freeze_state(store, entry, "frozen", "Frozen: nothing new leaves,");
}
void thaw_proposed(Store& store, const Entry& entry) {
  freeze_state(store, entry, "thaw_proposed", "Thaw proposed");
}
void thawed(Store& store, const Entry& entry) { freeze_state(store, entry, "thawed", "Thawed"); }

constexpr Handler kHandlers[] = {
    {"action_proposed", action_proposed},   {"action_approved", action_approved},
    {"action_rejected", action_rejected},   {"action_expired", action_expired},
    {"action_lifted", action_lifted},       {"action_failed", action_failed},
    {"action_uncertain", action_uncertain}, {"order", order},
    {"order_started", order_started},       {"order_outcome", order_outcome},
    {"effect_check", effect_check},         {"action_in_force", action_in_force},
    {"action_extended", action_extended},   {"ladder_step", ladder_step},
    {"ladder_ended", ladder_ended},         {"lease_warning", lease_warning},
    {"lease_extended", lease_extended},     {"frozen", frozen},
    {"thaw_proposed", thaw_proposed},       {"thawed", thawed},
};

}  // namespace

std::span<const Handler> contain_handlers() { return kHandlers; }

}  // namespace firebreak::views
