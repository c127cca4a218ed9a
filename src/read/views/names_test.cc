// What belongs to an incident, by name: from whom it is kept, all of that is kept.
#include <gtest/gtest.h>

#include "read/views/views.h"

namespace firebreak::views {
namespace {

TEST(NamesOfAnIncident, are_its_alerts_messages_links_and_what_left_for_them_as_well) {
  const std::unique_ptr<Views> views = *Views::open(":memory:");
  std::uint64_t next = 0;
  const auto add = [&](std::string_view kind, JsonObject body) {
    Entry entry;
    entry.index = next++;
    entry.kind = kind;
    entry.time = *parse_time("2026-03-07T03:00:00Z");
    entry.actor = "firebreak";
    entry.body = std::move(body);
    ASSERT_TRUE(views->apply(std::span<const Entry>(&entry, 1)));
  };
  for (const char* endpoint : {"api", "other"})
    add("incident_opened", {{"endpoint", endpoint}, {"stream", endpoint}, {"title", "t"}, {"severity", "SEV-2"}, {"rule", "declared"}, {"findings", JsonArray{}}});
  add("alert_raised", {{"incident", "inc-0"}, {"severity", "SEV-2"}, {"source", "opened"}});
  add("delivery_ordered", {{"of", "alert-2"}, {"action", "trigger"}, {"contact", "ana"}, {"channel", "mail"}, {"step", 1}, {"way", 0}});
  add("message_drafted", {{"incident", "inc-0"}, {"audience", "executives"}, {"by", "user:ana"}});
  add("delivery_ordered", {{"of", "msg-4"}, {"action", "trigger"}, {"contact", "board"}, {"channel", "mail"}, {"step", 1}, {"way", 0}});
  add("stakeholder_link_added", {{"incident", "inc-0"}, {"audience", "executives"}, {"by", "user:ana"}});
  add("alert_raised", {{"incident", "inc-1"}, {"severity", "SEV-2"}, {"source", "opened"}});
  add("alert_raised", {{"incident", ""}, {"severity", "SEV-2"}, {"source", "storm"}});
  EXPECT_EQ(*views->names_of("inc-0"), (std::set<std::string>{"inc-0", "alert-2", "dlv-3", "msg-4", "dlv-5", "stk-6"}));
  EXPECT_EQ(*views->names_of("inc-1"), (std::set<std::string>{"inc-1", "alert-7"}));
}

}  // namespace
}  // namespace firebreak::views
