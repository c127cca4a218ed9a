// Commands through the gate, as the tests of this room give them.
#pragma once

#include "fold/access/access.h"
#include "types/command.h"
#include "types/group_driver.h"

namespace firebreak::access {

class Story : public GroupDriver<AccessState> {
 public:
  explicit Story(const std::string& preset = "") : GroupDriver(&access::decide, &access::apply, Time{1'772'850'000 * kSecond}) {
    if (!preset.empty()) give("firebreak", "access.preset", {{"preset", preset}, {"reason", "the first start"}});
  }

  void add(const std::string& user, const std::string& role) { give("firebreak", "user.add", {{"user", user}, {"role", role}}); }

  std::vector<Entry> give(const std::string& actor, std::string_view name, JsonObject args, JsonObject via = {}) {
    JsonObject body{{"name", name}, {"args", std::move(args)}};
    if (!via.empty()) body["via"] = std::move(via);
    return input("command", std::move(body), actor);
  }
};

inline std::string code_of(const std::vector<Entry>& group) {
  const Entry* refused = find_kind(group, "command_refused");
  return refused == nullptr ? "" : string_or(refused->body, "code");
}

// Arguments that pass the grammar, whatever they mean.
inline JsonObject some_args(const CommandSpec& command) {
  JsonObject args;
  for (std::string_view rest = command.required; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string key(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    args[key] = "x";
    for (const Json& other : {Json(1), Json(true), Json(JsonArray{"x"}), Json(JsonArray{}), Json(JsonObject{})}) {
      const auto checked = check_command(command.name, args);
      if (checked || checked.error().pointer != "/" + key) break;
      args[key] = other;
    }
  }
  return args;
}

}  // namespace firebreak::access
