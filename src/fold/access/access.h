// Users, roles and tokens, and the gate that every command passes: `command` -> `command_accepted` or `command_refused`.
//
// Promise: a command is accepted only when its actor is a known user whose role may give it (types/command.h) and its
// arguments are the ones the command takes. The accepted entry carries the same actor, name and args, and the role.
// The actor "firebreak" (the program itself, at its start) may give the commands that only an admin may give, so that
// the first users, tokens, endpoints and playbooks can come in; the API never hands out that actor.
// A sign-in link is used up by the session it opens: of two that come at once the journal's order lets one in.
// Pure: no clock, no I/O, ordered containers. Readers: authenticate() on a consistent state.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/digest.h"
#include "types/entry.h"

namespace firebreak::access {

inline constexpr std::string_view kFoldName = "access";
inline constexpr int kSchemaVersion = 2;

struct User {
  std::string role;       // words::kRoles
  bool scripted = false;  // a program that plays a person; marked as such wherever the user appears
  bool operator==(const User&) const = default;
};

enum class Purpose {
  kToken,    // a program's or person's bearer token
  kLink,     // good for opening one session, nothing else
  kSession,  // a browser's
};

struct Token {
  std::string user;
  Time expires;  // {0} = never
  Purpose purpose = Purpose::kToken;
  bool operator==(const Token&) const = default;
};

struct AccessState {
  std::map<std::string, User> users;
  std::map<Digest, Token> tokens;  // by SHA-256 of token, link or session; revoked, used and closed ones are gone
  bool operator==(const AccessState&) const = default;
};

std::vector<Draft> decide(const AccessState& state, const Entry& entry);
void apply(AccessState& state, const Entry& entry);
Json to_json(const AccessState& state);
Result<AccessState> state_from_json(const Json& document);

struct Principal {
  std::string user, role;
  bool scripted = false;
  Time expires = {};          // of the token; {0} = never
  std::string actor() const;  // "user:ana"; "service:gw-1" for the roles gateway and producer
};

// Errors: kUnauthorized when no such token stands for this purpose or it has expired at `now`.
Result<Principal> authenticate(const AccessState& state, const Digest& token_hash, Time now,
                               Purpose purpose = Purpose::kToken);

}  // namespace firebreak::access
