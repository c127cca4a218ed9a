// What the configuration says about playbooks (`playbooks:` in firebreak.yaml; docs/operations.md): the files, what they may
// reach, whom they may tell, and whose signature they must bear.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"

namespace firebreak::app {

struct Channel {        // page and notify: POST of a JSON object
  std::string url;
  std::string secret;   // sent as a bearer token; the name of one of `secrets`, empty: none
};

struct PlaybookConfig {
  std::vector<Json> documents;                  // CACAO 2.0
  std::map<std::string, std::string> variables; // values of external variables: contacts, addresses
  std::map<std::string, Channel> channels;
  std::vector<std::string> hosts;               // host or host:port that http-api and openc2-http commands may reach; none: none
  std::map<std::string, std::string> secrets;   // by name; read from files, never written anywhere
  std::vector<std::string> trusted_keys;        // public keys, PEM
  std::vector<std::string> signed_for;          // severities whose incidents take only playbooks that one of them has signed
  std::string ca_file;                          // vouches for https receivers instead of the system's certificates
};

// `playbooks` is a list of files, or a map with `files` and the other members. Errors name the member.
Result<PlaybookConfig> playbooks_of(Files& files, const Json& config, const std::string& folder);
Json to_json(const PlaybookConfig& config);  // for config_applied: without documents (they are entries of their own) and secrets

}  // namespace firebreak::app
