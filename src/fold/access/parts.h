// Parts of the access fold that its files share. Not for other rooms.
#pragma once

#include "fold/access/access.h"
#include "types/command.h"

namespace firebreak::access {

inline constexpr std::string_view kSelf = "firebreak";

using Drafts = std::vector<Draft>;

std::string user_of(std::string_view actor);  // "user:ana" -> "ana"; an actor without a colon is no user
Draft refused(const Entry& entry, const std::string& name, const Error& error);
Draft fact(const Entry& entry, std::string kind, JsonObject body);
Result<Digest> digest_of(const Json& args, std::string_view key);

// gate.cc
Draft decide_command(const AccessState& state, const Entry& entry);
Rights within(Rights rights, std::string_view scope);
std::string glass_of(const AccessState& state, const std::string& user, Time now);  // the broken one; empty: none

// requests.cc
Drafts decide_answer(const AccessState& state, const Entry& entry, const std::string& name, const Json& args);
Draft request(const AccessState& state, const Entry& entry, const CommandSpec& command, const Json& args, const std::string& role);
std::string command_digest(std::string_view name, const Json& args, std::string_view actor);

// accounts.cc: users, secrets, keys, exclusions
struct Answer {
  std::string kind;
  Result<JsonObject> body;
};
Answer decide_account(const AccessState& state, const Entry& entry, const std::string& name, const Json& args);

// glass.cc
Answer decide_glass(const AccessState& state, const Entry& entry, const std::string& name, const Json& args);
Drafts times_due(const AccessState& state, Time now);  // requests that expire, glasses that end or stay without a review

}  // namespace firebreak::access
