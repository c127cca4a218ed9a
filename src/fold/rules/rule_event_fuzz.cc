// Events are whatever comes: any JSON object, matched by a set that asks every kind of question. What the guards let through is
// what each rule alone finds.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "fold/rules/engine.h"

namespace {

using firebreak::Json;
using firebreak::JsonArray;
using firebreak::JsonObject;

Json rule(int number, JsonObject selection) {
  return JsonObject{{"title", "rule"}, {"name", "r" + std::to_string(number)}, {"logsource", JsonObject{{"product", "firebreak"}}},
                    {"detection", JsonObject{{"s", std::move(selection)}, {"condition", number % 4 == 3 ? "not s" : "s"}}}};
}

std::vector<Json> documents() {
  std::vector<Json> out;
  const std::pair<const char*, Json> items[] = {
      {"a", "x*y?z"}, {"a|contains", JsonArray{"ab", "bc"}}, {"a|contains|all", JsonArray{"ab", "bc"}}, {"a|startswith", "ab"}, {"a|endswith|cased", "Z"},
      {"a|re", "a+b[0-9]"}, {"a|re|i", "abc$"}, {"b", 5}, {"b|gt", 1.5}, {"b|lte", 0}, {"a.b|exists", true}, {"a", nullptr}, {"c|cidr", "10.0.0.0/8"},
      {"a|fieldref", "c"}, {"a|fieldref|contains", "c"}, {"time|hour|gte", 12}, {"a|base64offset|contains", "abc"}, {"a|windash", "-e"}, {"a", ""}, {"b", true}};
  int number = 0;
  for (const auto& [key, value] : items) out.push_back(rule(number++, JsonObject{{key, value}}));
  Json words = rule(number++, JsonObject{{"a", 1}});
  words.as_object()["detection"].as_object()["s"] = JsonArray{"needle", "1*5"};
  out.push_back(words);
  out.push_back(JsonObject{{"title", "k"}, {"name", "k"}, {"correlation", JsonObject{{"type", "value_count"}, {"rules", JsonArray{"r0", "r7", "r8"}}, {"group-by", JsonArray{"a"}},
                                                                                        {"timespan", "1h"}, {"condition", JsonObject{{"gte", 2}, {"field", "c"}}}, {"generate", true}}}});
  return out;
}

std::shared_ptr<const firebreak::rules::RuleSet> load(std::vector<Json> list) {
  std::vector<firebreak::rules::RuleSource> sources;
  for (Json& one : list) sources.push_back({"fuzz", std::move(one), {}});
  std::vector<firebreak::rules::Refused> refused;
  auto set = firebreak::rules::RuleSet::load(sources, refused);
  if (!refused.empty()) __builtin_trap();
  return set;
}

bool matches_alone(const std::shared_ptr<const firebreak::rules::RuleSet>& set, const Json& object) {
  firebreak::rules::Event event;
  firebreak::rules::Matcher::Scratch scratch;
  std::vector<std::uint32_t> matches;
  const auto& matcher = set->matcher();
  firebreak::rules::fill(event, matcher.fields(), matcher.fields().size(), object, {"firebreak", "inference", ""}, {}, matcher.words());
  matcher.match(event, scratch, matches);
  return !matches.empty();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  static const auto set = load(documents());
  static const auto each = [] {
    std::vector<std::shared_ptr<const rules::RuleSet>> out;
    for (const Json& one : documents())
      if (one.as_object().contains("detection")) out.push_back(load({one}));
    return out;
  }();
  const auto object = parse_json({reinterpret_cast<const char*>(data), size});
  if (!object || !object->is_object()) return 0;
  rules::RuleEngine engine(set, {});
  const rules::Matcher& matcher = set->matcher();
  std::vector<std::uint32_t> matches;
  rules::Matcher::Scratch scratch;
  rules::fill(engine.event(), matcher.fields(), matcher.fields().size(), *object, {"firebreak", "inference", ""}, {}, matcher.words());
  matcher.match(engine.event(), scratch, matches);
  for (std::uint32_t i = 0; i < each.size(); ++i) {
    const bool together = std::find(matches.begin(), matches.end(), i) != matches.end();
    if (together != matches_alone(each[i], *object)) __builtin_trap();
  }
  for (int again = 0; again < 3; ++again) (void)engine.observe(engine.event());
  if (engine.bytes() > engine.most_bytes()) __builtin_trap();
  return 0;
}
