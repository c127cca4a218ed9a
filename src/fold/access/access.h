// Users, roles and secrets, and the gate that every command passes: `command` -> `command_accepted`, `command_refused`, or
// `command_requested` when somebody else has to say yes first.
//
// Promise: a command is accepted only when its actor is a known user whose roles may give it (types/roles.h) and its
// arguments are the ones the command takes. The accepted entry carries the same actor, name and args, and the roles.
// A request is carried out once, unchanged, after the yes of another person who may do it himself, before it expires.
// An approval takes a one-time code where one is due, and no code serves twice. What somebody does under a broken glass
// bears its id, and the glass stays open to review until another person has reviewed it.
// The actor "firebreak" (the program itself, at its start) may give the commands that only an admin may give, so that
// the first users, tokens, endpoints and playbooks can come in; the API never hands out that actor.
// A sign-in link is used up by the session it opens: of two that come at once the journal's order lets one in.
// Pure: no clock, no I/O, ordered containers. Readers: authenticate(), may_see() on a consistent state.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "types/entry.h"
#include "types/roles.h"

namespace firebreak::access {

inline constexpr std::string_view kFoldName = "access";
inline constexpr int kSchemaVersion = 3;
inline constexpr std::int64_t kGlassLasts = 4 * kHour, kGlassReview = 24 * kHour, kRequestLife = 24 * kHour;

struct User {
  std::string role;       // one or more of kHumanRoles, or one of kProgramRoles; space-separated
  bool scripted = false;  // a program that plays a person; marked as such wherever the user appears
  std::string secret;     // of one-time codes, by digest; the secret itself stands in keys/
  bool confirmed = false;      // its codes are asked for
  std::int64_t last_code = 0;  // the newest time step whose code was taken
  std::string password;   // digest of the argon2id hash, which stands in keys/; empty: none
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
  std::string key, name;  // of an API key: key-N and what it is for
  std::string scope;      // names of duties; empty = all of the user's
  bool operator==(const Token&) const = default;
};

struct Request {  // a command that waits for another person
  std::string name, by, role, digest;
  Json args, via;
  Time expires;
  bool operator==(const Request&) const = default;
};

struct Glass {  // broken: until it is over and reviewed
  std::string by, reason;
  Time since, until, review_by;
  bool ended = false, reviewed = false, overdue = false;
  bool operator==(const Glass&) const = default;
};

struct AccessState {
  std::map<std::string, User> users;
  std::map<Digest, Token> tokens;  // by SHA-256 of token, link or session; revoked, used and closed ones are gone
  std::map<std::string, Request> requests;                  // ask-N
  std::map<std::string, Glass> glasses;                     // bg-N
  std::map<std::string, std::set<std::string>> excluded;    // incident -> users for whom there is none
  std::string preset{kDefaultPreset};
  bool operator==(const AccessState&) const = default;
};

std::vector<Draft> decide(const AccessState& state, const Entry& entry);
void apply(AccessState& state, const Entry& entry);
Json to_json(const AccessState& state);
Result<AccessState> state_from_json(const Json& document);

const Preset& preset_of(const AccessState& state);

struct Principal {
  std::string user, role;
  bool scripted = false;
  Time expires = {};          // of the token; {0} = never
  Rights rights = {};         // under the installation's preset, within the scope of the key
  Digest secret = {};         // SHA-256 of what was shown
  bool scoped = false;        // came with an API key
  bool codes = false;         // has one-time codes: approving takes one
  std::string browser = {};   // which one he sits at; empty: none, or not known
  std::int64_t code = 0;      // the time step of the one-time code he gave
  std::string actor() const;  // "user:ana"; "service:gw-1" for the roles gateway and producer
};

// Errors: kUnauthorized when no such token stands for this purpose or it has expired at `now`.
Result<Principal> authenticate(const AccessState& state, const Digest& token_hash, Time now,
                               Purpose purpose = Purpose::kToken);

// What a person may do at `now`, a broken glass included.
Rights rights_of_user(const AccessState& state, const std::string& user, Time now);

// False: for this user there is no such incident.
bool may_see(const AccessState& state, const std::string& user, const std::string& incident);

}  // namespace firebreak::access
