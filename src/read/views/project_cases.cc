// Verdicts, mutes, planned changes, causes and triage.
#include <fmt/core.h>

#include <algorithm>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

void change_added(Store& store, const Entry& entry) {
  JsonObject change = thing(entry, entry.id("chg"), "planned");
  copy_members(change, entry.body, {"kind", "endpoint", "from", "to", "reason", "by"});
  store.put("change", change);
}

void change_cancelled(Store& store, const Entry& entry) {
  edit(store, entry, "change", string_or(entry.body, "change"), [&](JsonObject& change) {
    change["state"] = "cancelled";
    change["cancelled"] = moment(entry, string_or(entry.body, "by"));
    change["cancelled"].as_object()["reason"] = string_or(entry.body, "reason");
  });
}

// A promotion is a deploy that the journal knows of by itself.
void ladder_step(Store& store, const Entry& entry) {
  const std::string action = string_or(entry.body, "action");
  if (store.get("change", action)) return;
  JsonObject change = thing(entry, action, "running");
  copy_members(change, entry.body, {"endpoint"});
  change["kind"] = "deploy";
  change["from"] = format_time(entry.time);
  change["to"] = nullptr;
  change["reason"] = "release " + string_or(entry.body, "release");
  change["by"] = "firebreak";
  store.put("change", change);
}

void ladder_ended(Store& store, const Entry& entry) {
  edit(store, entry, "change", string_or(entry.body, "action"), [&](JsonObject& change) {
    change["state"] = string_or(entry.body, "outcome");
    change["to"] = format_time(entry.time);
  });
}

void mute_added(Store& store, const Entry& entry) {
  JsonObject mute = thing(entry, entry.id("mute"), "added");
  copy_members(mute, entry.body, {"rule", "kind", "endpoint", "from", "until", "reason", "by"});
  mute["muted"] = 0;
  store.put("mute", mute);
}

void mute_lifted(Store& store, const Entry& entry) {
  edit(store, entry, "mute", string_or(entry.body, "mute"), [&](JsonObject& mute) {
    mute["state"] = "lifted";
    mute["lifted"] = moment(entry, string_or(entry.body, "by"));
    mute["lifted"].as_object()["reason"] = string_or(entry.body, "reason");
  });
}

void finding_muted(Store& store, const Entry& entry) {
  const std::string mute = string_or(entry.body, "mute");
  edit(store, entry, "finding", string_or(entry.body, "finding"), [&](JsonObject& finding) {
    finding["muted"] = moment(entry, string_or(entry.body, "by"));
    copy_members(finding["muted"].as_object(), entry.body, {"mute", "reason", "until"});
  });
  edit(store, entry, "mute", mute, [&](JsonObject& of) { of["muted"] = int_or(of, "muted") + 1; });
}

void finding_unmuted(Store& store, const Entry& entry) {
  edit(store, entry, "finding", string_or(entry.body, "finding"), [&](JsonObject& finding) { finding["muted"] = nullptr; });
}

void finding_verdict(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "finding"), verdict = string_or(entry.body, "verdict");
  JsonObject said = moment(entry, string_or(entry.body, "by"));
  copy_members(said, entry.body, {"verdict", "reason", "duplicate_of"});
  edit(store, entry, "finding", id, [&](JsonObject& finding) {
    JsonArray before;
    if (const Json* judged = find(finding, "judged"); judged != nullptr && judged->is_object()) {
      if (const Json* earlier = find(*judged, "before"); earlier != nullptr && earlier->is_array()) before = earlier->get_array();
      JsonObject last = judged->get_object();
      last.erase("before");
      before.push_back(std::move(last));
    }
    said["before"] = std::move(before);
    finding["judged"] = said;
    finding["verdict"] = verdict;
  });
  const std::string incident = string_or(entry.body, "incident");
  if (!incident.empty())
    store.add_timeline(incident, entry,
                       fmt::format("{} says that {} is {}: {}", person(string_or(entry.body, "by")), id, words(verdict), string_or(entry.body, "reason")));
}

void incident_triaged(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident"), by = string_or(entry.body, "by");
  bool turned = false;
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    JsonObject triage = moment(entry, by);
    copy_members(triage, entry.body, {"verdict", "computed", "facts", "reason"});
    const Json* before = find(incident, "triage");
    turned = before == nullptr || !before->is_object();
    for (const char* key : {"verdict", "by", "reason"}) turned = turned || string_or(*before, key) != string_or(triage, key);
    incident["triage"] = std::move(triage);
  });
  const std::string reason = string_or(entry.body, "reason");
  if (turned)
    store.add_timeline(id, entry, fmt::format("Triage: {} ({}){}", words(string_or(entry.body, "verdict")), person(by), reason.empty() ? "" : ": " + reason));
}

void detectors_proposed(Store& store, const Entry& entry) {
  JsonObject proposal = thing(entry, entry.id("tune"), "proposed");
  copy_members(proposal, entry.body, {"endpoint", "document", "digest", "backtest", "reason", "by"});
  for (const char* absent : {"decided", "in_use"}) proposal[absent] = nullptr;
  store.put("tuning", proposal);
}

void detectors_decided(Store& store, const Entry& entry) {
  edit(store, entry, "tuning", string_or(entry.body, "proposal"), [&](JsonObject& proposal) {
    proposal["state"] = entry.kind == "detectors_approved" ? "approved" : "rejected";
    proposal["decided"] = moment(entry, string_or(entry.body, "by"));
    copy_members(proposal["decided"].as_object(), entry.body, {"reason"});
  });
}

void detectors_renewed(Store& store, const Entry& entry) {
  edit(store, entry, "tuning", string_or(entry.body, "proposal"), [&](JsonObject& proposal) {
    proposal["state"] = "in_use";
    proposal["in_use"] = moment(entry);
    copy_members(proposal["in_use"].as_object(), entry.body, {"stream", "position"});
  });
}

constexpr Handler kHandlers[] = {
    {"detectors_approved", detectors_decided}, {"detectors_proposed", detectors_proposed}, {"detectors_rejected", detectors_decided},
    {"detectors_renewed", detectors_renewed},
    {"change_added", change_added},         {"change_cancelled", change_cancelled}, {"finding_muted", finding_muted},
    {"finding_unmuted", finding_unmuted},   {"finding_verdict", finding_verdict},   {"incident_triaged", incident_triaged},
    {"ladder_ended", ladder_ended},         {"ladder_step", ladder_step},           {"mute_added", mute_added},
    {"mute_lifted", mute_lifted},
};

}  // namespace

std::span<const Handler> case_handlers() { return kHandlers; }

}  // namespace firebreak::views
