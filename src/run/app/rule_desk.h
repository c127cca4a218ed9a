// Which rule set is applied, and to which endpoints: follows the journal, keeps a RuleBook for each stream.
//
// A set is a blob; `rules_applied` names its digest, `rules_taken` where each stream changed to it. A blob that is gone or
// cannot be read is told to the operator, and no rules run from there on. Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "run/app/context.h"
#include "run/app/rule_runner.h"
#include "types/entry.h"

namespace firebreak::app {

class RuleDesk {
 public:
  explicit RuleDesk(const Context& context) : context_(context) {}

  void apply(const Entry& entry);  // every journal entry, from index 0 on
  // Body {version: 1, rules: [{file, document, lines}], endpoints?: [name]}; rules empty: none run from now on. Answers {digest,
  // loaded, refused: [...], index}. kInvalid when rules were given and none of them loads.
  Result<Json> apply_set(const Json& body, const std::string& actor);
  // The document of an amendment (fold/casefile): the rules that are applied with those of `asked` ({rules}) in place of what has their id,
  // as a blob, for the same endpoints and this one. kInvalid when one cannot be used, has no tests, or a test fails.
  Result<Json> amended(const Json& asked, const std::string& endpoint);
  Json status() const;
  // What findings of a rule bear: the name of a correlation rule, or the key of a Sigma rule of the applied set, by id, name or title.
  // kInvalid for any other, with those near it, and for one that says nothing by itself.
  Result<std::string> key_of(const std::string& rule);

  std::shared_ptr<RuleBook> book(const std::string& endpoint);
  // Asks the stream's feed to change, when it runs other rules than those applied.
  void ask(const std::string& endpoint);

 private:
  std::shared_ptr<const rules::RuleSet> load(const std::string& digest);

  const Context& context_;
  mutable std::mutex mutex_;
  std::string digest_, by_;
  Time time_;
  std::int64_t loaded_ = 0, refused_ = 0;
  std::vector<std::string> endpoints_;  // empty: all
  std::map<std::string, std::vector<RuleBook::Taken>> known_;  // from the journal, without sets, until there is a book
  std::map<std::string, std::shared_ptr<RuleBook>> books_;
  std::map<std::string, std::weak_ptr<const rules::RuleSet>> sets_;
};

}  // namespace firebreak::app
