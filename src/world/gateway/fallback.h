// The rules that answer instead of the model: no AI, no state, documented in docs/formats/fallback.md.
//
// compile() refuses a document that it does not understand to the last key, so a policy with a broken fallback is
// never taken. Rules are tried in order; the first whose conditions all hold answers, else the default. A condition
// on an absent value does not hold. Pure; any thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "types/endpoint.h"

namespace firebreak::gateway {

struct FallbackAnswer {
  std::string label;
  double score = 0;
  std::string rule;  // its name, or "default"
};

class Fallback {
 public:
  // Errors: kInvalid with the pointer into the endpoint document. An empty object is no fallback: empty() is true.
  static Result<Fallback> compile(const Endpoint& endpoint);

  bool empty() const { return default_.label.empty(); }
  FallbackAnswer evaluate(const FeatureRow& row) const;  // asserts !empty()

 private:
  enum class Op { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual, kIn };
  struct Condition {
    bool numeric = true;
    std::size_t column = 0;
    Op op = Op::kEqual;
    double value = 0;
    std::set<std::string> values;  // categories
  };
  struct Rule {
    std::vector<Condition> when;
    FallbackAnswer answer;
  };
  static Result<Condition> read_condition(const Json& document, const FeatureSchema& schema);
  static Result<FallbackAnswer> read_answer(const Json& document, const Endpoint& endpoint);
  static bool holds(const Condition& condition, const FeatureRow& row);

  std::vector<Rule> rules_;
  FallbackAnswer default_;
};

}  // namespace firebreak::gateway
