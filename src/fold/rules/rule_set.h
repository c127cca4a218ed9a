// A set of rules, ready to be tested: those that were refused are named with line and reason, the rest are loaded.
//
// The same documents in the same order give the same set. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fold/rules/matcher.h"

namespace firebreak::rules {

inline constexpr std::size_t kMostRules = 2'000;

// One document of a rule file. `lines`: JSON Pointer -> line of the file, where the reader of the file knows it.
struct RuleSource {
  std::string file;
  Json document;
  std::map<std::string, std::uint32_t> lines;
};
// The line of the nearest place at or above `pointer`; 0 when nothing is known.
std::uint32_t line_of(const RuleSource& source, const std::string& pointer);

struct Refused {
  std::string file, title, reason, pointer;
  std::uint32_t line = 0;
};
std::string to_text(const Refused& refused);  // "file:line: reason"

// A correlation with its references resolved.
struct Linked {
  std::uint32_t rule = 0;                              // of RuleSet::rules
  std::vector<std::uint32_t> from;                     // by position: the rule it names
  std::vector<std::vector<std::uint32_t>> group_slots;  // by position: slots of the group's fields
  std::uint32_t value_slot = 0;
};

class RuleSet {
 public:
  // What cannot be used is appended to `refused`.
  static std::shared_ptr<const RuleSet> load(const std::vector<RuleSource>& sources, std::vector<Refused>& refused);

  const std::vector<Rule>& rules() const { return rules_; }
  const std::vector<std::string>& files() const { return files_; }  // by rule
  const Rule* find(std::string_view id_or_name) const;
  const Matcher& matcher() const { return *matcher_; }
  const std::vector<std::uint32_t>& detections() const { return detections_; }  // the matcher's rules, as rules of the set
  const std::vector<Linked>& correlations() const { return correlations_; }     // each after those it is made of
  // True: it is not only a part of correlations, and its matches are told.
  bool speaks(std::uint32_t rule) const { return speaks_[rule] != 0; }
  // The fields that rules about events of this category of product firebreak read, for themselves and for correlations.
  std::set<std::string> needs(std::string_view category) const;
  std::size_t bytes() const;

 private:
  RuleSet() = default;
  std::vector<Rule> rules_;
  std::vector<std::string> files_;
  std::unique_ptr<Matcher> matcher_;
  std::vector<std::uint32_t> detections_;
  std::vector<Linked> correlations_;
  std::vector<char> speaks_;
};

}  // namespace firebreak::rules
