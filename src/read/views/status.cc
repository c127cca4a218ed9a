// The one screen: what needs a person now, who waits for whom, what is due next.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "read/views/projection.h"
#include "read/views/screens.h"

namespace firebreak::views {
namespace {

struct Screen {
  JsonArray needs, waiting, due;

  void need(std::string_view who, std::string_view what, const JsonObject& subject,
            std::string_view command) {
    needs.push_back(JsonObject{{"who", who},
                               {"what", what},
                               {"since", string_or(subject, "time")},
                               {"incident", string_or(subject, "incident")},
                               {"subject", string_or(subject, "id")},
                               {"command", command}});
  }
  void wait(std::string_view who, std::string_view for_whom, std::string_view what,
            const JsonObject& subject) {
    waiting.push_back(JsonObject{{"who", who},
                                 {"for", for_whom},
                                 {"what", what},
                                 {"since", string_or(subject, "time")},
                                 {"incident", string_or(subject, "incident")}});
  }
  void add_due(std::string_view member, std::string_view what, const JsonObject& subject) {
    const std::string time = string_or(subject, member);
    if (!time.empty())
      due.push_back(JsonObject{{"time", time},
                               {"what", what},
                               {"incident", string_or(subject, "incident")},
                               {"subject", string_or(subject, "id")}});
  }
};

std::vector<JsonObject> all(Store& store, std::string kind, std::string state, std::string incident = {}) {
  return store.list({.kind = std::move(kind),
                     .incident = std::move(incident),
                     .endpoint = {},
                     .state = std::move(state),
                     .oldest_first = true});
}

void incidents(Store& store, Screen& screen, JsonArray& open) {
  for (JsonObject& incident : all(store, "incident", "open")) {
    const std::string id = string_or(incident, "id");
    JsonObject line;
    copy_members(line, incident, {"id", "title", "severity", "phase", "endpoint", "time"});
    open.push_back(std::move(line));
    incident["incident"] = id;
    if (find(incident, "acknowledged") == nullptr || incident["acknowledged"].is_null())
      screen.need("analyst", fmt::format("{} is not acknowledged: {}", id, string_or(incident, "title")),
                  incident, fmt::format("firebreak incident ack {}", id));
    if (incident["options"].is_object() && all(store, "action", "", id).empty())
      screen.need("analyst", fmt::format("choose a containment option for {}", id), incident,
                  fmt::format("firebreak contain option --endpoint {} --incident {} --option NAME",
                              string_or(incident, "endpoint"), id));
    if (string_or(incident, "phase") == "post_incident")
      screen.need("analyst", fmt::format("close {} with a summary and the residual risk", id), incident,
                  fmt::format("firebreak incident close {} --summary TEXT --residual-risk TEXT", id));
  }
}

void actions(Store& store, Screen& screen, JsonArray& in_force) {
  for (const JsonObject& action : all(store, "action", "proposed")) {
    const std::string id = string_or(action, "id");
    const Json* approved = find(action, "approved_by");
    const std::size_t have = approved != nullptr && approved->is_array() ? approved->get_array().size() : 0;
    screen.need("approver",
                fmt::format("approve or reject {}: {} (requested by {})", id, string_or(action, "what"),
                            person(string_or(action, "requested_by"))),
                action,
                fmt::format("firebreak action approve {} --digest {}", id, string_or(action, "digest")));
    screen.wait(person(string_or(action, "requested_by")), "a second person with the role approver",
                fmt::format("{} needs {} more approval(s)", id,
                            int_or(action, "approvals_needed") - static_cast<std::int64_t>(have)),
                action);
    screen.add_due("expires", fmt::format("{} expires unless approved", id), action);
  }
  for (const JsonObject& action : all(store, "action", "uncertain"))
    screen.need(
        "analyst",
        fmt::format("{}: nobody knows whether it took effect; look at the endpoint", string_or(action, "id")),
        action, fmt::format("firebreak action show {}", string_or(action, "id")));
  for (const JsonObject& action : all(store, "action", "in_force")) {
    JsonObject line;
    copy_members(line, action, {"id", "what", "endpoint", "incident", "until", "class"});
    if (const Json* checks = find(action, "checks"))
      if (const Json* last = find(*checks, "last"); last != nullptr && last->is_object())
        line["verdict"] = string_or(*last, "verdict");
    in_force.push_back(std::move(line));
    screen.add_due("until", fmt::format("lease of {} ends", string_or(action, "id")), action);
  }
}

void workers(Store& store, Screen& screen) {
  for (const JsonObject& request : all(store, "request", "waiting")) {
    const std::string type = string_or(request, "type");
    screen.wait(string_or(request, "run", string_or(request, "id")),
                type == "gates" ? "the gates" : "the " + type + " worker",
                fmt::format("{}: {}", string_or(request, "id"), join(strings_or_empty(request, "waiting"))),
                request);
  }
  for (const char* state : {"ordered", "started"})
    for (const JsonObject& order : all(store, "order", state))
      screen.wait(string_or(order, "action"), string_or(order, "connector", "the gateway"),
                  fmt::format("{} ({}) is {}", string_or(order, "id"), string_or(order, "verb"), state),
                  order);
  for (const JsonObject& order : all(store, "order", "uncertain"))
    screen.need("analyst", fmt::format("{} is uncertain: look at the endpoint", string_or(order, "id")),
                order, fmt::format("firebreak action show {}", string_or(order, "action")));
}

// A task of a playbook's run is answered; with the values that it asks for.
std::string answer_to(const JsonObject& task) {
  const std::string id = string_or(task, "id");
  if (find(task, "activation") == nullptr || string_or(task, "activation").empty()) return fmt::format("firebreak incident task-done {} {} --result TEXT", string_or(task, "incident"), id);
  std::string command = fmt::format("firebreak playbook answer {}", id);
  if (const Json* const form = find(task, "form"); form != nullptr && form->is_array())
    for (const Json& field : form->get_array()) {
      const auto choices = strings_or_empty(field, "choices");
      command += fmt::format(" --set {}={}", string_or(field, "name"), choices.empty() ? string_or(field, "type") : join(choices, "|"));
    }
  return command;
}

void approvals(Store& store, Screen& screen) {
  for (const JsonObject& approval : all(store, "approval", "waiting")) {
    const std::string id = string_or(approval, "id");
    const Json* const by = find(approval, "by");
    const std::int64_t missing = int_or(approval, "approvers", 1) - (by != nullptr && by->is_array() ? static_cast<std::int64_t>(by->get_array().size()) : 0);
    screen.need("approver", fmt::format("approve or reject {}: {}", id, string_or(approval, "name")), approval,
                fmt::format("firebreak playbook approve {} --digest {}", id, string_or(approval, "digest")));
    screen.wait(string_or(approval, "run"), "people with the role approver", fmt::format("{} needs {} more approval(s)", id, missing), approval);
    screen.add_due("until", fmt::format("{} lapses unless approved", id), approval);
  }
}

void tasks_and_releases(Store& store, Screen& screen) {
  for (const JsonObject& task : all(store, "task", "open")) {
    const std::string id = string_or(task, "id");
    const std::vector<std::string> before = strings_or_empty(task, "waits_for");
    if (before.empty())
      screen.need(person(string_or(task, "owner")), fmt::format("{}: {}", id, string_or(task, "text")), task, answer_to(task));
    else
      screen.wait(id, fmt::format("{}", fmt::join(before, ", ")), string_or(task, "text"), task);
    screen.add_due("due", string_or(task, "text"), task);
  }
  for (JsonObject& release : all(store, "release", "cleared")) {
    const std::string incident = string_or(release, "cleared_for");
    release["incident"] = incident;
    screen.need(
        "analyst", fmt::format("release {} passed its gates: promote it", string_or(release, "release")),
        release,
        fmt::format("firebreak release promote --endpoint {} --release {}{}", string_or(release, "endpoint"),
                    string_or(release, "release"), incident.empty() ? "" : " --incident " + incident));
  }
  for (JsonObject& release : all(store, "release", "promotion_aborted")) {
    const std::string incident = string_or(release, "cleared_for");
    const std::optional<JsonObject> known = store.get("incident", incident);
    if (known && string_or(*known, "state") != "open") continue;
    release["incident"] = incident;
    screen.need(
        "analyst",
        fmt::format("the promotion of {} was aborted ({}): promote it again or register another candidate",
                    string_or(release, "release"), string_or(release, "aborted_because")),
        release, fmt::format("firebreak action show {}", string_or(release, "aborted_action")));
  }
}

void casefiles(Store& store, Screen& screen) {
  for (const JsonObject& follow_up : all(store, "follow_up", "open")) {
    const std::string id = string_or(follow_up, "id"), text = fmt::format("{}: {}", id, string_or(follow_up, "text"));
    const Json* const overdue = find(follow_up, "overdue");
    if (overdue != nullptr && overdue->is_bool() && overdue->get_bool())
      screen.need(string_or(follow_up, "owner"), "overdue " + text, follow_up, fmt::format("firebreak incident follow-up-done {} --evidence EV --result TEXT", id));
    screen.add_due("due", "follow-up " + text, follow_up);
  }
  for (const JsonObject& handover : all(store, "handover", "waiting")) {
    const Json* const situation = find(handover, "situation");
    screen.need(string_or(handover, "to"), fmt::format("take over {} of {}", string_or(handover, "role"), string_or(handover, "incident")), handover,
                fmt::format("firebreak incident accept {} --digest {}", string_or(handover, "id"), situation == nullptr ? "" : string_or(*situation, "digest")));
  }
  for (const char* state : {"opening", "linked"})
    for (const JsonObject& ticket : all(store, "ticket", state)) {
      const std::string id = string_or(ticket, "id"), reference = string_or(ticket, "reference", id), tracker = string_or(ticket, "tracker"), incident = string_or(ticket, "incident");
      if (const Json* const stuck = find(ticket, "stuck"); stuck != nullptr && stuck->is_object())
        screen.need("analyst", fmt::format("{} refuses to {} {} of {}: {}", tracker, string_or(*stuck, "what"), id, incident, string_or(*stuck, "detail")), ticket, fmt::format("firebreak ticket retry {}", id));
      if (const Json* const failing = find(ticket, "failing"); failing != nullptr && failing->is_object()) {
        const std::string next = string_or(*failing, "next");
        screen.need("analyst", fmt::format("{} has not taken the {} of {} of {} since {}: {}; {}", tracker, string_or(*failing, "what"), id, incident, string_or(*failing, "since"), string_or(*failing, "detail"),
                                           next.empty() ? "it is tried now" : "next try " + next), ticket, fmt::format("firebreak ticket retry {}", id));
      }
      const std::optional<JsonObject> subject = store.get("incident", incident);
      const bool over = string_or(ticket, "proposes") == "close" && subject && string_or(*subject, "state") != "open";
      if (!string_or(ticket, "proposes").empty() && !over)
        screen.need("analyst", fmt::format("{} was closed in {}: close {} too, or say there why it goes on", reference, tracker, string_or(ticket, "follow_up", incident)), ticket, fmt::format("firebreak ticket comment {} TEXT", id));
    }
  for (const JsonObject& amendment : all(store, "amendment", "proposed")) {
    const std::string id = string_or(amendment, "id");
    screen.need("approver", fmt::format("approve or reject {}: a {} for {} of {}", id, words(string_or(amendment, "change")), string_or(amendment, "lesson"), string_or(amendment, "incident")), amendment,
                fmt::format("firebreak amendment show {}", id));
    screen.add_due("expires", fmt::format("{} expires unless approved", id), amendment);
  }
  for (const JsonObject& offer : all(store, "custody", "waiting"))
    screen.need(string_or(offer, "to"), fmt::format("sign for {} of {}, which {} offers", string_or(offer, "evidence"), string_or(offer, "incident"), string_or(offer, "from")), offer,
                fmt::format("firebreak evidence take {} --digest DIGEST", string_or(offer, "id")));
  for (const JsonObject& asked : all(store, "reopen", "waiting")) {
    const std::string id = string_or(asked, "incident");
    screen.need("approver", fmt::format("open {} again, as {} asks: {}", id, string_or(asked, "by"), string_or(asked, "reason")), asked, fmt::format("firebreak incident reopen {} --reason TEXT", id));
  }
  for (const JsonObject& late : all(store, "late", "open")) {
    const std::string id = string_or(late, "incident");
    screen.need("analyst", fmt::format("{} goes on although {} is closed: open it again, or say what the finding was", string_or(late, "id"), id), late, fmt::format("firebreak incident reopen {} --reason TEXT", id));
  }
}

// The reporting deadlines that run, of closed incidents too: what is overdue needs somebody now.
void deadlines(Store& store, Screen& screen, JsonArray& running) {
  for (const char* state : {"open", "overdue"})
    for (const JsonObject& duty : all(store, "duty", state))
      for (const Json& stage : duty.at("stages").as_array()) {
        const std::string id = string_or(duty, "id"), now = string_or(stage, "state"), name = string_or(stage, "stage");
        if (now != "due" && now != "overdue") continue;
        const std::string what = fmt::format("{}: {} to {}", string_or(duty, "name"), string_or(stage, "name", name), string_or(stage, "recipient"));
        running.push_back(JsonObject{{"time", string_or(stage, "due")}, {"what", what}, {"duty", id}, {"stage", name}, {"regime", string_or(duty, "regime")}, {"incident", string_or(duty, "incident")},
                                     {"overdue", now == "overdue"}, {"expected", bool_or(stage, "expected")}});
        if (now == "overdue")
          screen.need("analyst", fmt::format("overdue since {}: {} ({})", string_or(stage, "due"), what, string_or(duty, "incident")), duty,
                      fmt::format("firebreak deadline met {} {} --reference TEXT", id, name));
      }
  std::stable_sort(running.begin(), running.end(), [](const Json& a, const Json& b) { return string_or(a, "time") < string_or(b, "time"); });
  for (const JsonObject& relief : all(store, "relief", "waiting"))
    screen.need("approver", fmt::format("confirm or reject {} of {}: {} ({}, proposed by {})", string_or(relief, "id"), string_or(relief, "duty"), string_or(relief, "what"), string_or(relief, "reason"),
                                        person(string_or(relief, "by"))),
                relief, fmt::format("firebreak deadline approve {}", string_or(relief, "id")));
}

}  // namespace

JsonObject status_screen(Store& store) {
  Screen screen;
  JsonArray open, in_force, running;
  deadlines(store, screen, running);
  incidents(store, screen, open);
  actions(store, screen, in_force);
  workers(store, screen);
  approvals(store, screen);
  tasks_and_releases(store, screen);
  casefiles(store, screen);
  Json frozen = nullptr;
  if (std::optional<JsonObject> freeze = store.get("freeze", "freeze");
      freeze && string_or(*freeze, "state") != "thawed") {
    if (string_or(*freeze, "state") == "thaw_proposed")
      screen.need("a second person", "confirm the end of the freeze", *freeze,
                  "firebreak thaw --reason TEXT");
    frozen = std::move(*freeze);
  }
  std::stable_sort(screen.due.begin(), screen.due.end(),
                   [](const Json& a, const Json& b) { return string_or(a, "time") < string_or(b, "time"); });
  const std::int64_t findings = store.count("finding", "open");
  JsonObject counts{
      {"incidents_open", open.size()}, {"findings_open", findings}, {"actions_in_force", in_force.size()}};
  return JsonObject{{"frozen", std::move(frozen)},          {"needs_person", std::move(screen.needs)},
                    {"waiting", std::move(screen.waiting)}, {"due", std::move(screen.due)},
                    {"counts", std::move(counts)},          {"incidents", std::move(open)},
                    {"in_force", std::move(in_force)},      {"deadlines", std::move(running)}};
}

}  // namespace firebreak::views
