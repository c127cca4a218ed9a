// A journal of this fold alone, with receivers that tests switch on and off.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "fold/notify/parts.h"
#include "types/group_driver.h"

namespace firebreak::notify {

inline const Time kStart = parse_time("2026-03-07T04:00:00Z").value();

// Two people in a weekly rotation in Berlin, a chief behind them; mail and a pager; two audiences.
inline Json shop() {
  return parse_json(R"({
    "channels": {"mail": "smtp", "pager": "pagerduty", "hook": "webhook"},
    "contacts": {"ana": ["pager", "mail"], "ben": ["hook", "mail"], "chief": ["mail"], "board": ["mail"], "nobody": []},
    "zones": {"Europe/Berlin": [["2025-10-26T01:00:00Z", 60], ["2026-03-29T01:00:00Z", 120], ["2026-10-25T01:00:00Z", 60]]},
    "rotations": {"primary": {"people": ["ana", "ben"], "zone": "Europe/Berlin", "start": "2026-03-02T09:00:00", "every_s": 604800}},
    "levels": [["primary"], ["primary", "chief"]],
    "rounds": 2,
    "audiences": {
      "executives": {"title": "Executives", "subject": "{{severity}} {{incident}}", "body": "{{impact}}\nNext word by {{next_update}}.", "asks": ["impact"], "drafts": ["analyst", "commander"],
                     "approves": ["approver", "commander"], "severities": ["SEV-1", "SEV-2"], "first_within_s": 1800, "contacts": ["board"]},
      "regulators": {"title": "Regulators", "subject": "{{incident}}", "body": "{{facts}}", "asks": ["facts"], "approves": ["approver"], "approvals": 2}
    }})").value();
}

class Story {
 public:
  explicit Story(const Json& settings = shop()) {
    EXPECT_TRUE(settings_from_json(settings)) << settings_from_json(settings).error().message;
    driver_.input("server_started", JsonObject{});
    driver_.input("notify_applied", JsonObject{{"digest", "d"}, {"document", settings}});
  }

  const NotifyState& state() const { return driver_.state(); }
  const std::vector<Entry>& entries() const { return driver_.entries(); }
  Time now() const { return driver_.now(); }
  GroupDriver<NotifyState>& driver() { return driver_; }

  std::string open(const std::string& severity = "SEV-1") {
    const std::string id = "inc-" + std::to_string(driver_.entries().size() + 1);
    driver_.input("finding_opened", JsonObject{});
    driver_.input("incident_opened", JsonObject{{"endpoint", "scores"}, {"title", "Odd answers"}, {"severity", severity}});
    return find_kind(entries(), "incident_opened") == nullptr ? "" : id;
  }
  void acknowledge(const std::string& incident, const std::string& by = "user:ana") { driver_.input("incident_acknowledged", JsonObject{{"incident", incident}, {"by", by}}); }
  void close(const std::string& incident) { driver_.input("incident_closed", JsonObject{{"incident", incident}}); }
  std::vector<Entry> tick(std::int64_t us = kSecond) {
    driver_.advance(us);
    return driver_.input("tick", JsonObject{}, "clock");
  }
  std::vector<Entry> command(const std::string& actor, const std::string& role, const std::string& name, JsonObject args) {
    return driver_.input("command_accepted", JsonObject{{"name", name}, {"args", std::move(args)}, {"role", role}}, actor);
  }

  // As the worker does it.
  void start(const std::string& id) {
    const Delivery* const delivery = find_delivery(state(), id);
    if (delivery != nullptr) texts_[id] = notice_of(state(), *delivery).text;
    if (delivery != nullptr) driver_.input("delivery_started", JsonObject{{"delivery", id}, {"attempt", delivery->attempt + 1}});
  }
  void end(const std::string& id, bool delivered, bool permanent = false) {
    const Delivery* const found = find_delivery(state(), id);
    if (found == nullptr) return;
    const Delivery delivery = *found;
    if (delivered && delivery.action == "trigger") said[delivery.of] += texts_[id] + "\n";
    if (delivered) ++got[delivery.of + " " + std::to_string(delivery.step) + " " + delivery.contact + " " + delivery.action];
    driver_.input("delivery_ended", JsonObject{{"delivery", id}, {"attempt", delivery.attempt}, {"of", delivery.of}, {"action", delivery.action}, {"contact", delivery.contact}, {"channel", delivery.channel},
                                               {"result", delivered ? "delivered" : "failed"}, {"permanent", permanent}, {"detail", delivered ? "" : "connection refused"}});
  }
  // Everything that is ready, with the channels that are up.
  void deliver() {
    for (auto ids = ready(state()); !ids.empty(); ids = ready(state())) {
      const std::string channel = find_delivery(state(), ids.front())->channel;
      start(ids.front());
      end(ids.front(), !down.contains(channel));
    }
  }
  // Time goes on, and what is ready is delivered.
  void pass(std::int64_t us, std::int64_t by = kSecond) {
    for (const Time end = now() + us; now() < end;) {
      tick(by);
      deliver();
    }
  }
  std::vector<const Entry*> all(std::string_view kind) const {
    std::vector<const Entry*> out;
    for (const Entry& entry : entries())
      if (entry.kind == kind) out.push_back(&entry);
    return out;
  }
  std::size_t count(std::string_view kind) const { return all(kind).size(); }

  // Whether a text that was delivered for this alert names the incident.
  bool was_told(const std::string& alert, const std::string& incident) const {
    const auto found = said.find(alert);
    if (found == said.end()) return false;
    const std::string& text = found->second;
    for (std::size_t at = text.find(incident); at != std::string::npos; at = text.find(incident, at + 1))
      if (at + incident.size() == text.size() || std::isdigit(static_cast<unsigned char>(text[at + incident.size()])) == 0) return true;
    return false;
  }

  std::map<std::string, int> got;
  std::map<std::string, std::string> said;  // by alert: what its deliveries said
  std::set<std::string> down;

 private:
  std::map<std::string, std::string> texts_;
  GroupDriver<NotifyState> driver_{decide, apply, kStart};
};

}  // namespace firebreak::notify
