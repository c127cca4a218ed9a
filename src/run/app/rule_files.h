// Sigma rules from files: YAML (several documents a file) or JSON, and those that the program brings along.
//
// Limits: 1 MiB a file, 2,000 files, rules::kMostRules rules. A file or document that cannot be read is refused with its line; the rest load.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "fold/rules/rule_set.h"

namespace firebreak::app {

struct RuleFiles {
  std::vector<rules::RuleSource> sources;
  std::vector<rules::Refused> refused;  // what is no document
};

// `path`: a file, or a folder whose *.yml, *.yaml and *.json are read in the order of their names, folders below it too.
// Empty: the shipped rules. kNotFound when there is nothing at all.
Result<RuleFiles> read_rule_files(Files& files, const std::string& path);

struct LoadedRules {
  std::shared_ptr<const rules::RuleSet> set;
  std::vector<rules::Refused> refused;
};
LoadedRules load_rules(RuleFiles files);

// [{file, line, title, reason, pointer}], as answers list them.
JsonArray as_json(const std::vector<rules::Refused>& refused);

// The blob of a `rules_applied` entry: {version: 1, rules: [{file, document, lines}]}, and back.
Json to_json(const std::vector<rules::RuleSource>& sources);
Result<std::vector<rules::RuleSource>> rule_sources_from_json(const Json& document);

}  // namespace firebreak::app
