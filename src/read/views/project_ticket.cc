// Tickets of other trackers: what is linked, how it stands there, what waits for the tracker, and what came in as lines of the timeline.
#include <fmt/core.h>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

std::string text(const Entry& entry, std::string_view key) { return string_or(entry.body, key); }

void ticket_linked(Store& store, const Entry& entry) {
  JsonObject ticket = thing(entry, entry.id("ticket"), find(entry.body, "reference") == nullptr ? "opening" : "linked");
  copy_members(ticket, entry.body, {"incident", "follow_up", "tracker", "reference"});
  ticket["said"] = moment(entry, person(text(entry, "by")));
  for (const char* absent : {"status", "proposes", "failing", "stuck", "unlinked"}) ticket[absent] = nullptr;
  ticket["waiting"] = 0;
  store.put("ticket", ticket);
  const std::string subject = text(entry, "follow_up");
  store.add_timeline(text(entry, "incident"), entry, fmt::format("Ticket {} in {}{} linked by {}", entry.id("ticket"), text(entry, "tracker"), subject.empty() ? "" : " for " + subject, person(text(entry, "by"))));
}

void call_ordered(Store& store, const Entry& entry) {
  edit(store, entry, "ticket", text(entry, "ticket"), [](JsonObject& ticket) { ticket["waiting"] = int_or(ticket, "waiting") + 1; });
}

// Since when a call does not get through, what came of its last try, and when the next one is.
void call_failed(Store& store, const Entry& entry) {
  edit(store, entry, "ticket", text(entry, "ticket"), [&](JsonObject& ticket) {
    const Json* const before = find(ticket, "failing");
    JsonObject failing = moment(entry);
    failing["since"] = before != nullptr && before->is_object() ? string_or(*before, "since") : format_time(entry.time);
    failing["next"] = nullptr;
    copy_members(failing, entry.body, {"what", "detail", "attempt"});
    ticket["failing"] = std::move(failing);
  });
}

void call_postponed(Store& store, const Entry& entry) {
  edit(store, entry, "ticket", text(entry, "ticket"), [&](JsonObject& ticket) {
    if (Json* const failing = ticket.if_contains("failing"); failing != nullptr && failing->is_object()) failing->as_object()["next"] = text(entry, "until");
  });
}

void call_ended(Store& store, const Entry& entry) {
  if (text(entry, "result") != "done") return call_failed(store, entry);
  const std::string reference = text(entry, "reference");
  edit(store, entry, "ticket", text(entry, "ticket"), [&](JsonObject& ticket) {
    ticket["waiting"] = int_or(ticket, "waiting") - 1;
    ticket["failing"] = nullptr;
    if (!reference.empty()) ticket["reference"] = reference;
    if (text(entry, "what") == "open") ticket["state"] = "linked";
    if (text(entry, "what") == "close") ticket["state"] = "closed";
    JsonObject proof = moment(entry);
    copy_members(proof, entry.body, {"what", "status", "answer_digest", "comment"});
    ticket["last"] = std::move(proof);
  });
  store.add_timeline(text(entry, "incident"), entry, fmt::format("{}: {} taken by {}{}", text(entry, "ticket"), text(entry, "what"), text(entry, "tracker"), reference.empty() ? "" : " as " + reference));
}

void call_stuck(Store& store, const Entry& entry) {
  const bool stuck = entry.kind == "ticket_call_stuck";
  edit(store, entry, "ticket", text(entry, "ticket"), [&](JsonObject& ticket) {
    ticket["stuck"] = nullptr;
    if (!stuck) {
      if (Json* const failing = ticket.if_contains("failing"); failing != nullptr && failing->is_object()) failing->as_object()["next"] = nullptr;
      return;
    }
    ticket["failing"] = nullptr;
    JsonObject why = moment(entry);
    copy_members(why, entry.body, {"what", "detail"});
    ticket["stuck"] = std::move(why);
  });
  if (stuck) store.add_timeline(text(entry, "incident"), entry, fmt::format("{}: the tracker refuses to {}: {}", text(entry, "ticket"), text(entry, "what"), text(entry, "detail")));
}

// Facts of another house: they say who told them, and change nothing here.
void ticket_news(Store& store, const Entry& entry) {
  const std::string status = text(entry, "status"), proposes = text(entry, "proposes"), reference = text(entry, "reference");
  if (text(entry, "what") == "status")
    edit(store, entry, "ticket", text(entry, "ticket"), [&](JsonObject& ticket) {
      ticket["status"] = status;
      ticket["proposes"] = proposes.empty() ? Json(nullptr) : Json(proposes);
    });
  Said said{"fact", text(entry, "tracker"), reference, {}, {}, {}, 0};
  if (const auto at = get_time(entry.body, "at")) said.occurred = *at;
  store.add_said(text(entry, "incident"), entry, status.empty() ? fmt::format("{} {}: {}", text(entry, "tracker"), reference, text(entry, "text")) : fmt::format("{} {} is {} there", text(entry, "tracker"), reference, status), said);
}

void ticket_unlinked(Store& store, const Entry& entry) {
  edit(store, entry, "ticket", text(entry, "ticket"), [&](JsonObject& ticket) {
    ticket["state"] = "unlinked";
    ticket["waiting"] = 0;
    for (const char* over : {"failing", "stuck", "proposes"}) ticket[over] = nullptr;
    ticket["unlinked"] = moment(entry, person(text(entry, "by")));
    copy_members(ticket["unlinked"].as_object(), entry.body, {"reason"});
  });
  store.add_timeline(text(entry, "incident"), entry, fmt::format("{} unlinked by {}: {}", text(entry, "ticket"), person(text(entry, "by")), text(entry, "reason")));
}

constexpr Handler kHandlers[] = {
    {"ticket_call_due", call_stuck}, {"ticket_call_ended", call_ended}, {"ticket_call_ordered", call_ordered}, {"ticket_call_postponed", call_postponed}, {"ticket_call_stuck", call_stuck},
    {"ticket_linked", ticket_linked}, {"ticket_news", ticket_news},     {"ticket_unlinked", ticket_unlinked},
};

}  // namespace

std::span<const Handler> ticket_handlers() { return kHandlers; }

}  // namespace firebreak::views
