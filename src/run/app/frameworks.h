// Ids of public frameworks with their names, by version: those that the program brings along (content/frameworks), and files that the configuration
// names: of that form, or as MITRE publishes ATLAS, up to 5.x (matrices of lists) and 6 (objects by id).
//
// A label with an id that a known version does not have is refused, with the nearest; so is one of a version that nobody has loaded, with those
// that are known: a slip in the version must not switch the check off. Immutable; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"

namespace firebreak::app {

struct Framework {
  std::string key, name, version;          // atlas, MITRE ATLAS, 5.6.0
  std::map<std::string, std::string> ids;  // -> name; of a sub-technique behind its parent's: "Craft Adversarial Data: Black-Box Optimization"
  std::string source;                      // the file
};

// kInvalid: it is of no form that is known. At most 16 MiB.
Result<Framework> read_framework(std::string_view text, const std::string& file);

class Frameworks {
 public:
  // The shipped ones, then `paths`; a file takes the place of a shipped one of the same version.
  static Result<Frameworks> load(Files& files, const std::vector<std::string>& paths);

  Result<void> check(const std::string& key, const std::string& version, const std::string& id) const;
  std::string name_of(const std::string& key, const std::string& version, const std::string& id) const;  // empty: not known
  Json list() const;                                                                                      // [{framework, name, version, source, tactics, …}]
  // Items {id, name} of one kind, or of all: tactic, technique, sub_technique, mitigation, case_study, risk. kNotFound.
  Result<Json> ids(const std::string& key, const std::string& version, const std::string& kind) const;

 private:
  std::string versions_of(const std::string& key) const;  // "5.6.0, 2026.05"

  std::map<std::pair<std::string, std::string>, Framework> known_;
};

}  // namespace firebreak::app
