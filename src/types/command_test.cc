#include "types/command.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "types/roles.h"

namespace firebreak {
namespace {

// Every argument right for its type, so that only the reason is left to be wrong.
JsonObject all_of(const CommandSpec& command, std::string_view reason) {
  JsonObject args;
  for (std::string_view rest = command.required; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string key(rest.substr(0, end));
    for (const Json& value : {Json("x"), Json(1), Json(true), Json(JsonArray{}), Json(JsonObject{})}) {
      args[key] = key == "reason" ? Json(reason) : value;
      const auto checked = check_command(command.name, args);
      if (checked || checked.error().pointer != "/" + key || checked.error().message.find("must be") == std::string::npos) break;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return args;
}

TEST(Commands, refuse_a_blank_reason_wherever_one_is_required) {
  int with_reason = 0;
  for (const CommandSpec& command : commands()) {
    if (!has_word(command.required, "reason")) continue;
    ++with_reason;
    for (const char* blank : {"", " ", "\t\n"}) {
      const auto refused = check_command(command.name, all_of(command, blank));
      ASSERT_FALSE(refused) << command.name;
      EXPECT_EQ(refused.error().code, Code::kInvalid);
      EXPECT_EQ(refused.error().pointer, "/reason") << command.name << ": " << refused.error().message;
      EXPECT_EQ(refused.error().message, "'reason' must say something");
    }
    const auto taken = check_command(command.name, all_of(command, "a word"));
    EXPECT_TRUE(taken) << command.name << ": " << taken.error().message;
  }
  EXPECT_GT(with_reason, 40);
}

TEST(Commands, need_no_reason_where_it_is_optional) {
  EXPECT_TRUE(check_command("incident.close", JsonObject{{"incident", "inc-1"}, {"summary", "s"}, {"residual_risk", "r"}, {"reason", ""}}));
}

}  // namespace
}  // namespace firebreak
