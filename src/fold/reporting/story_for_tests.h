// An incident and the shipped regimes, as the tests of this room start from them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "fold/reporting/reporting.h"
#include "types/group_driver.h"

namespace firebreak::reporting {

const std::vector<Json>& shipped_regimes();  // documents; reporting_test.cc

inline Time at(std::string_view text) { return parse_time(text).value_or(Time{}); }

class Story : public GroupDriver<ReportingState> {
 public:
  explicit Story(std::string_view now = "2026-06-12T08:00:00Z") : GroupDriver(&reporting::decide, &reporting::apply, at(now)) {
    for (const Json& document : shipped_regimes()) configure(document);
    const auto opened = input("incident_opened", JsonObject{{"endpoint", "api"}, {"findings", JsonArray{}}});
    incident = opened[0].id("inc");
  }

  void configure(const Json& document, JsonArray holidays = {}, int offset_minutes = 0) {
    const std::string digest = sha256(canonical_json(document) + canonical_json(holidays)).hex();
    input("regime_configured", JsonObject{{"regime", string_or(document, "id")}, {"digest", digest}, {"document", document}, {"holidays", std::move(holidays)}, {"offset_minutes", offset_minutes}});
  }
  void to(std::string_view time) { advance(at(time) - now()); }
  std::vector<Entry> tick() { return input("tick", JsonObject{}); }

  std::vector<Entry> start(const std::string& regime, JsonObject events, JsonArray facts = {}, const std::string& by = "user:ana") {
    return command(by, "deadline.start", {{"incident", incident}, {"regime", regime}, {"events", std::move(events)}, {"facts", std::move(facts)}, {"draft", true}});
  }
  // Its id.
  std::string started(const std::string& regime, JsonObject events, JsonArray facts = {}) {
    const auto group = start(regime, std::move(events), std::move(facts));
    const Entry* const entry = find_kind(group, "deadline_started");
    EXPECT_NE(entry, nullptr) << regime << ": " << refusal(group);
    return entry == nullptr ? "" : entry->id("duty");
  }
  static std::string refusal(const std::vector<Entry>& group) {
    const Entry* const refused = find_kind(group, "command_refused");
    return refused == nullptr ? "" : string_or(refused->body, "code") + " " + string_or(refused->body, "pointer") + " " + string_or(refused->body, "reason");
  }
  std::vector<Entry> give(std::string_view name, const std::string& duty, JsonObject args = {}, const std::string& by = "user:ana") {
    args["duty"] = duty;
    return command(by, name, std::move(args));
  }
  std::vector<Entry> met(const std::string& duty, const std::string& stage, const std::string& when = "") {
    JsonObject args{{"stage", stage}, {"reference", "receipt 7"}};
    if (!when.empty()) args["at"] = when;
    return give("deadline.met", duty, std::move(args));
  }
  // The relief that a group proposed; "" when it did not.
  static std::string relief(const std::vector<Entry>& group) {
    const Entry* const proposed = find_kind(group, "deadline_relief_proposed");
    return proposed == nullptr ? "" : proposed->id("relief");
  }
  std::vector<Entry> confirm(const std::string& relief, const std::string& by = "user:ben") { return command(by, "deadline.confirm", {{"relief", relief}}); }

  const Duty& duty(const std::string& id) const { return state().duties.at(index_of(id)); }
  const StageState& stage(const std::string& id, std::string_view name) const {
    for (const StageState& one : duty(id).stages)
      if (one.id == name) return one;
    ADD_FAILURE() << "no stage " << name;
    static const StageState none;
    return none;
  }
  // "2026-06-12T12:00:00Z", waits, does_not_apply
  std::string due(const std::string& id, std::string_view name) const {
    const StageState& one = stage(id, name);
    return one.state == "due" ? format_time(one.due) : one.state;
  }

  std::string incident;
};

}  // namespace firebreak::reporting
