// Rules come from files and over the wire: any octets. What parses as JSON is read as a rule, a condition, a regular expression;
// what loads is explained, tested and run on the very document as an event.
#include <cstddef>
#include <cstdint>

#include "fold/rules/engine.h"
#include "fold/rules/review.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::pair<std::string, rules::Expr>> searches{{"a", {}}, {"ab", {}}, {"_c", {}}};
  (void)rules::parse_condition(text, searches);
  (void)rules::required_literal(text, true);
  (void)rules::parse_cidr(text);
  const rules::Pattern pattern = rules::Pattern::parse(text);
  if (!(rules::Pattern::parse(pattern.text()) == pattern)) __builtin_trap();
  const auto document = parse_json(text);
  if (!document) return 0;
  std::vector<rules::RuleSource> sources;
  if (document->is_array()) {
    for (const Json& one : document->get_array()) sources.push_back({"fuzz", one, {}});
  } else {
    sources.push_back({"fuzz", *document, {}});
  }
  std::vector<rules::Refused> refused;
  const auto set = rules::RuleSet::load(sources, refused);
  if (set->rules().size() + refused.size() != sources.size()) __builtin_trap();
  for (const rules::Refused& one : refused)
    if (one.reason.empty()) __builtin_trap();
  for (std::uint32_t i = 0; i < set->rules().size(); ++i) (void)rules::explain(*set, i);
  std::size_t steps = 0;
  for (const rules::Rule& rule : set->rules())
    for (const rules::RuleTest& test : rule.tests)
      for (const rules::RuleTest::Step& step : test.steps) steps += step.repeat;
  if (steps < 2'000) (void)rules::lint(set);
  return 0;
}
