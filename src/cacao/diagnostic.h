// What is said about a playbook: by name, place and remedy.
//
// Every diagnosis is an instance of one rule of the table in diagnostic.cc (listed in docs/playbooks.md). A rule has a
// level in each profile: `strict-cs01` asks for what both the specification and the JSON schemas published with it
// allow, so that every conforming reader takes the document; `lenient-import` tolerates what is harmless, says so, and
// calls it a repair. Words are for people, names and pointers for programs: names never change their meaning.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace firebreak::cacao {

enum class Profile { kStrictCs01, kLenientImport };
std::string_view profile_name(Profile profile);
std::optional<Profile> profile_from_name(std::string_view name);

enum class Level {
  kError,    // the playbook is wrong, or not safe to start
  kWarning,  // it can be right, but somebody should look
  kKept,     // lenient-import: not as the profile strict-cs01 wants it, taken as it is
};
std::string_view level_name(Level level);

struct Rule {
  std::string_view name;  // "dangling-reference"
  Level strict, lenient;
  std::string_view meaning;
  std::string_view remedy;

  Level level(Profile profile) const { return profile == Profile::kStrictCs01 ? strict : lenient; }
};

std::span<const Rule> rules();
const Rule& rule(std::string_view name);  // asserted to exist

struct Diagnostic {
  std::string rule;     // the rule's name
  std::string pointer;  // JSON Pointer (RFC 6901) to the place
  std::string message;  // what is wrong there
  std::string remedy;   // what to do
  Level level = Level::kError;
  bool operator==(const Diagnostic&) const = default;
};

bool has_errors(std::span<const Diagnostic> diagnostics);
std::string to_text(const Diagnostic& diagnostic);  // one line: "error /workflow/x: … [rule]: remedy"
JsonObject to_json(const Diagnostic& diagnostic);

// Collects diagnoses; each gets level and remedy of its rule in this profile.
class Findings {
 public:
  explicit Findings(Profile profile) : profile_(profile) {}

  void add(std::string_view rule_name, std::string pointer, std::string message);
  Profile profile() const { return profile_; }
  const std::vector<Diagnostic>& all() const { return found_; }
  std::vector<Diagnostic> take() { return std::move(found_); }

 private:
  Profile profile_;
  std::vector<Diagnostic> found_;
};

// `pointer` with one more step; '~' and '/' in `key` are escaped (RFC 6901).
std::string child(std::string_view pointer, std::string_view key);
std::string child(std::string_view pointer, std::size_t index);

// For terminals: control characters become '?'.
std::string printable(std::string_view text);

}  // namespace firebreak::cacao
