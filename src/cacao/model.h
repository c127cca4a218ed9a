// A CACAO 2.0 playbook, read: what the linter, the pages and an engine look at. The document stays beside it whole, so
// nothing that this program does not know is lost (unknown extensions survive the round trip).
//
// Reading never fails: what is missing or of the wrong type is empty here. validate() says whether the document is one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace firebreak::cacao {

struct Variable {
  std::string type, description;
  std::optional<std::string> value;  // as text; nothing when unknown (null or not there)
  bool constant = false, external = false;
  bool operator==(const Variable&) const = default;
};
using Variables = std::map<std::string, Variable>;

struct Command {
  std::string type, activity;
  std::string text;     // command, or command_b64 decoded
  std::string content;  // content, or content_b64 decoded
  bool operator==(const Command&) const = default;
};

struct Branch {
  std::string label;  // "on_true", "case 'high'", "branch 2"
  std::string pointer;
  std::string step;
};

struct Step {
  std::string id, type, name, description, owner, pointer;
  std::string on_completion, on_success, on_failure;
  std::int64_t delay_ms = 0;
  std::optional<std::int64_t> timeout_ms;
  Variables variables;
  std::vector<std::string> in_args, out_args;
  // action
  std::vector<Command> commands;
  std::string agent;
  std::vector<std::string> targets;
  // playbook-action
  std::string playbook_id, playbook_version;
  // parallel, if-condition, while-condition, switch-condition
  std::string condition, switch_on;
  std::vector<Branch> branches;

  std::string title() const { return name.empty() ? id : name; }
  // on_completion, on_success, on_failure: those that are set, with the property's name.
  std::vector<std::pair<std::string_view, std::string>> routes() const;
};

struct Party {  // an agent or a target
  std::string type, name, description;
};

struct Playbook {
  std::string id, name, description, created_by, created, modified, valid_from, valid_until, start, exception;
  bool revoked = false;
  std::vector<std::string> types, activities, labels;
  Variables variables;
  std::map<std::string, Step> steps;
  std::map<std::string, Party> agents, targets;
  Json document;

  const Step* step(const std::string& id_of_step) const;
  const Party* party(const std::string& id_of_party) const;  // among agents and targets
};

Playbook read_playbook(const Json& document);

}  // namespace firebreak::cacao
