// Alerts and messages in the timeline of their incident.
#include <fmt/core.h>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

std::string text(const Entry& entry, std::string_view key) { return string_or(entry.body, key); }

void line(Store& store, const Entry& entry, const std::string& words) {
  if (const std::string incident = text(entry, "incident"); !incident.empty()) store.add_timeline(incident, entry, words);
}

// Of these the views keep no more than whose they are: from whom the incident is kept, these are kept too.
void belongs(Store& store, const Entry& entry, std::string_view prefix) {
  JsonObject one = thing(entry, entry.id(prefix), "told");
  copy_members(one, entry.body, {"incident"});
  store.put("told", one);
}
void alert_raised(Store& store, const Entry& entry) { belongs(store, entry, "alert"); }
void link_added(Store& store, const Entry& entry) { belongs(store, entry, "stk"); }
void message_ordered(Store& store, const Entry& entry) { belongs(store, entry, "msg"); }
void delivery_ordered(Store& store, const Entry& entry) { store.put_part("told", thing(entry, entry.id("dlv"), "told"), text(entry, "of")); }

void alert_step(Store& store, const Entry& entry) {
  const std::string contacts = join(strings_or_empty(entry.body, "contacts"));
  line(store, entry, fmt::format("Alert {} calls {} (level {}, {})", text(entry, "alert"), contacts.empty() ? "nobody: nobody is on call" : contacts, int_or(entry.body, "level"), words(text(entry, "reason"))));
}
void alert_acknowledged(Store& store, const Entry& entry) { line(store, entry, fmt::format("Alert {} acknowledged by {}", text(entry, "alert"), person(text(entry, "by")))); }
void alert_unanswered(Store& store, const Entry& entry) { line(store, entry, fmt::format("Alert {} is UNANSWERED after {} calls; nobody is called any more", text(entry, "alert"), int_or(entry.body, "steps"))); }

void message_drafted(Store& store, const Entry& entry) {
  belongs(store, entry, "msg");
  line(store, entry, fmt::format("Message {} to {} drafted by {}", entry.id("msg"), text(entry, "audience"), person(text(entry, "by"))));
}
void message_approved(Store& store, const Entry& entry) { line(store, entry, fmt::format("Message {} approved by {}{}", text(entry, "message"), person(text(entry, "by")), bool_or(entry.body, "complete") ? "; it leaves" : "; another person is needed")); }
void message_rejected(Store& store, const Entry& entry) { line(store, entry, fmt::format("Message {} rejected by {}: {}", text(entry, "message"), person(text(entry, "by")), text(entry, "reason"))); }
void message_over(Store& store, const Entry& entry) {
  const std::string id = text(entry, "message");
  if (entry.kind == "message_delivered") line(store, entry, fmt::format("Message {} delivered to {}", id, join(strings_or_empty(entry.body, "reached"))));
  if (entry.kind == "message_undelivered") line(store, entry, fmt::format("Message {} did not reach {}", id, join(strings_or_empty(entry.body, "missed"))));
  if (entry.kind == "message_sent") line(store, entry, fmt::format("Message {} sent by hand by {}: {}", id, person(text(entry, "by")), text(entry, "how")));
}

void update_given(Store& store, const Entry& entry) {
  const bool late = find(entry.body, "in_time") != nullptr && !bool_or(entry.body, "in_time");
  line(store, entry, fmt::format("{} has heard{} after {} min{}", text(entry, "audience"), bool_or(entry.body, "first") ? " the first word" : "", int_or(entry.body, "after_s") / 60, late ? ", LATE" : ""));
}
void update_overdue(Store& store, const Entry& entry) { line(store, entry, fmt::format("{} was to hear by {} and has not", text(entry, "audience"), text(entry, "due"))); }

void alert_held(Store& store, const Entry& entry) { line(store, entry, "Many incidents at once: this one does not call by itself; a summary calls for it and others"); }

constexpr Handler kHandlers[] = {
    {"alert_held", alert_held},           {"alert_raised", alert_raised},             {"message_ordered", message_ordered},
    {"delivery_ordered", delivery_ordered}, {"stakeholder_link_added", link_added},
    {"alert_step", alert_step},           {"alert_acknowledged", alert_acknowledged}, {"alert_unanswered", alert_unanswered}, {"message_drafted", message_drafted},
    {"message_approved", message_approved}, {"message_rejected", message_rejected},   {"message_delivered", message_over},    {"message_undelivered", message_over},
    {"message_sent", message_over},       {"update_given", update_given},             {"update_overdue", update_overdue},
};

}  // namespace

std::span<const Handler> notify_handlers() { return kHandlers; }

}  // namespace firebreak::views
