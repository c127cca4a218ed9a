#include "fold/rules/rule.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace firebreak::rules {
namespace {

constexpr std::size_t kTextLimit = 4'096;  // a description; Sigma allows 65,535
constexpr std::size_t kSearches = 256;
constexpr std::size_t kConditions = 64;
constexpr std::size_t kTests = 200;
constexpr std::size_t kTestEvents = 1'000;
constexpr std::int64_t kRepeats = 10'000;
constexpr std::size_t kListItems = 256;

// What may hold members that we do not know: Sigma's "arbitrary custom fields". They never change what is found.
constexpr std::string_view kSections[] = {
    "title", "id", "name", "related", "taxonomy", "status", "description", "license", "author", "references", "date", "modified",
    "logsource", "detection", "fields", "falsepositives", "level", "tags", "scope", "correlation", "frameworks", "tests"};

Result<std::string> text_at(const Json& document, std::string_view key, std::size_t most = kTextLimit) {
  const Json* value = find(document, key);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return fail(Code::kInvalid, fmt::format("'{}' must be a text", key), "/" + std::string(key));
  if (value->get_string().size() > most)
    return fail(Code::kTooLarge, fmt::format("'{}' is longer than {} octets", key, most), "/" + std::string(key));
  return std::string(value->get_string());
}

Result<std::vector<std::string>> texts_at(const Json& document, std::string_view key) {
  const Json* value = find(document, key);
  std::vector<std::string> out;
  if (value == nullptr || value->is_null()) return out;
  const std::string at = "/" + std::string(key);
  if (!value->is_array()) return fail(Code::kInvalid, fmt::format("'{}' must be a list of texts", key), at);
  if (value->get_array().size() > kListItems) return fail(Code::kTooLarge, fmt::format("'{}' holds more than {} items", key, kListItems), at);
  for (std::size_t i = 0; i < value->get_array().size(); ++i) {
    const Json& item = value->get_array()[i];
    if (!item.is_string() || item.get_string().size() > kTextLimit)
      return fail(Code::kInvalid, fmt::format("'{}' must be a list of texts", key), at + "/" + std::to_string(i));
    out.emplace_back(item.get_string());
  }
  return out;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = lower(text[i]);
    if (dash ? c != '-' : (c < '0' || c > '9') && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

Result<void> only(const Json& object, std::string_view where, std::initializer_list<std::string_view> allowed) {
  if (auto ok = only_keys(object, allowed); !ok) return fail(std::move(ok.error()).at(where));
  return {};
}

Result<void> parse_head(const Json& document, Rule& rule) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"id", &rule.id}, {"name", &rule.name}, {"title", &rule.title}, {"status", &rule.status}, {"description", &rule.description},
      {"author", &rule.author}, {"date", &rule.date}, {"modified", &rule.modified}, {"license", &rule.license}};
  for (const auto& [key, text] : texts) {
    FIREBREAK_ASSIGN(*text, text_at(document, key));
  }
  if (rule.title.empty()) return fail(Code::kInvalid, "a rule needs a 'title'");
  if (rule.title.size() > 256) return fail(Code::kTooLarge, "'title' is longer than 256 octets", "/title");
  if (!rule.id.empty() && !is_uuid(rule.id)) return fail(Code::kInvalid, fmt::format("'{}' is no UUID", rule.id), "/id");
  static constexpr std::string_view kStatus[] = {"", "stable", "test", "experimental", "deprecated", "unsupported"};
  if (std::find(std::begin(kStatus), std::end(kStatus), rule.status) == std::end(kStatus))
    return fail(Code::kInvalid, fmt::format("'{}' is no status (stable, test, experimental, deprecated, unsupported)", rule.status), "/status");
  if (rule.status == "unsupported") return fail(Code::kInvalid, "its author says that it cannot be used: status 'unsupported'", "/status");
  FIREBREAK_ASSIGN(const std::string taxonomy, text_at(document, "taxonomy"));
  if (!taxonomy.empty() && taxonomy != "sigma" && taxonomy != "firebreak")
    return fail(Code::kInvalid, fmt::format("the taxonomy '{}' is not known: its names would mean nothing here", taxonomy), "/taxonomy");
  FIREBREAK_ASSIGN(const std::string level, text_at(document, "level"));
  if (!level.empty()) {
    const auto severity = parse_severity(level);
    if (!severity) return fail(Code::kInvalid, fmt::format("'{}' is no level (informational, low, medium, high, critical)", level), "/level");
    rule.level = *severity;
  }
  FIREBREAK_ASSIGN(rule.references, texts_at(document, "references"));
  FIREBREAK_ASSIGN(rule.tags, texts_at(document, "tags"));
  FIREBREAK_ASSIGN(rule.falsepositives, texts_at(document, "falsepositives"));
  FIREBREAK_ASSIGN(rule.fields, texts_at(document, "fields"));
  for (const auto& member : document.get_object())
    if (std::find(std::begin(kSections), std::end(kSections), std::string_view(member.key().data(), member.key().size())) == std::end(kSections))
      rule.custom.emplace_back(member.key());
  return {};
}

Result<void> parse_frameworks(const Json& document, Rule& rule) {
  const Json* list = find(document, "frameworks");
  if (list == nullptr) return {};
  if (!list->is_array() || list->get_array().size() > kListItems) return fail(Code::kInvalid, "'frameworks' must be a list", "/frameworks");
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    const Json& item = list->get_array()[i];
    const std::string at = "/frameworks/" + std::to_string(i);
    if (!item.is_object()) return fail(Code::kInvalid, "an item is {framework, version, id, name}", at);
    FIREBREAK_TRY(only(item, at, {"framework", "version", "id", "name"}));
    Framework one;
    for (const auto& [key, text] : {std::pair{"framework", &one.framework}, {"version", &one.version}, {"id", &one.id}, {"name", &one.name}}) {
      auto value = get_string(item, key);
      if (!value) return fail(Code::kInvalid, fmt::format("an item needs '{}' as a text (quote numbers): {{framework, version, id, name}}", key), at);
      *text = std::move(*value);
    }
    rule.frameworks.push_back(std::move(one));
  }
  return {};
}

// An event, or {repeat: 20, every: 15s, event: {…}}; of these `repeat` (once) and `every` may be left out. No event of ours has a
// field of these names, so that what is meant is never in doubt.
Result<RuleTest::Step> parse_step(const Json& item, const std::string& at) {
  RuleTest::Step step;
  if (!item.is_object()) return fail(Code::kInvalid, "an event is a map", at);
  if (find(item, "repeat") == nullptr && find(item, "event") == nullptr && find(item, "every") == nullptr) {
    step.event = item;
    return step;
  }
  FIREBREAK_TRY(only(item, at, {"repeat", "every", "event"}));
  const std::int64_t times = find(item, "repeat") == nullptr ? 1 : int_or(item, "repeat");
  const Json* event = find(item, "event");
  if (times < 1 || times > kRepeats || event == nullptr || !event->is_object())
    return fail(Code::kInvalid, fmt::format("it is an event, or {{repeat: 1 to {}, every: 15s, event: {{...}}}}", kRepeats), at);
  const auto every = parse_span(string_or(item, "every", "1s"));
  if (!every) return fail(Error(every.error()).at(at + "/every"));
  step.event = *event;
  step.repeat = static_cast<std::uint64_t>(times);
  step.every_us = *every;
  return step;
}

Result<void> parse_tests(const Json& document, Rule& rule) {
  const Json* list = find(document, "tests");
  if (list == nullptr) return {};
  if (!list->is_array() || list->get_array().size() > kTests) return fail(Code::kInvalid, fmt::format("'tests' must be a list of at most {}", kTests), "/tests");
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    const Json& item = list->get_array()[i];
    const std::string at = "/tests/" + std::to_string(i);
    if (!item.is_object()) return fail(Code::kInvalid, "a test is {name, match, events}", at);
    FIREBREAK_TRY(only(item, at, {"name", "match", "events"}));
    RuleTest test;
    test.name = string_or(item, "name");
    const auto match = get_bool(item, "match");
    if (!match) return fail(Code::kInvalid, "a test says 'match: true' or 'match: false'", at);
    test.match = *match;
    const Json* events = find(item, "events");
    if (events == nullptr || !events->is_array() || events->get_array().empty() || events->get_array().size() > kTestEvents)
      return fail(Code::kInvalid, fmt::format("a test has a list 'events' of 1 to {} maps", kTestEvents), at);
    for (std::size_t j = 0; j < events->get_array().size(); ++j) {
      FIREBREAK_ASSIGN(auto step, parse_step(events->get_array()[j], at + "/events/" + std::to_string(j)));
      test.steps.push_back(std::move(step));
    }
    rule.tests.push_back(std::move(test));
  }
  return {};
}

Result<void> parse_logsource(const Json& document, Rule& rule) {
  const Json* section = find(document, "logsource");
  if (section == nullptr || !section->is_object())
    return fail(Code::kInvalid, "a detection rule needs a 'logsource' with a category, product or service", section == nullptr ? "" : "/logsource");
  for (const auto& member : section->get_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    const std::string at = "/logsource/" + std::string(key);
    if (key == "definition") continue;  // for people
    if (key != "category" && key != "product" && key != "service")
      return fail(Code::kInvalid, fmt::format("the logsource member '{}' is not supported: nothing here has it", key), at);
    if (!member.value().is_string() || member.value().get_string().empty())
      return fail(Code::kInvalid, fmt::format("'{}' must be a text", key), at);
    std::string& part = key == "category" ? rule.source.category : key == "product" ? rule.source.product : rule.source.service;
    part = std::string(member.value().get_string());
  }
  if (rule.source == Logsource{}) return fail(Code::kInvalid, "a logsource names a category, product or service", "/logsource");
  return {};
}

Result<void> parse_detection(const Json& document, Rule& rule) {
  const Json& section = *find(document, "detection");
  if (!section.is_object()) return fail(Code::kInvalid, "'detection' must be a map", "/detection");
  std::vector<std::pair<std::string, Expr>> searches;
  const Json* condition = nullptr;
  for (const auto& member : section.get_object()) {
    const std::string name(member.key());
    if (name == "condition") {
      condition = &member.value();
      continue;
    }
    if (name == "timeframe") return fail(Code::kInvalid, "'timeframe' is obsolete Sigma: write a correlation rule with a 'timespan'", "/detection/timeframe");
    auto search = parse_search(member.value(), rule.atoms);
    if (!search) return fail(std::move(search.error()).at("/detection/" + name));
    if (nodes(*search) > kRuleNodes) return fail(Code::kTooLarge, "a search identifier asks too many questions", "/detection/" + name);
    searches.emplace_back(name, std::move(*search));
    if (searches.size() > kSearches) return fail(Code::kTooLarge, fmt::format("a rule has at most {} search identifiers", kSearches), "/detection");
  }
  if (searches.empty()) return fail(Code::kInvalid, "a detection needs a search identifier", "/detection");
  if (condition == nullptr) return fail(Code::kInvalid, "a detection needs a 'condition'", "/detection");
  std::vector<std::string> texts;
  if (condition->is_string()) texts.emplace_back(condition->get_string());
  if (condition->is_array())
    for (const Json& one : condition->get_array())
      if (one.is_string()) texts.emplace_back(one.get_string());
  if (texts.empty() || texts.size() > kConditions || (condition->is_array() && texts.size() != condition->get_array().size()))
    return fail(Code::kInvalid, "'condition' is a text or a list of texts", "/detection/condition");
  Expr whole{Expr::Kind::kOr, 0, {}};
  for (const std::string& text : texts) {
    auto part = parse_condition(text, searches);
    if (!part) return fail(std::move(part.error()).at("/detection/condition"));
    whole.parts.push_back(std::move(*part));
  }
  if (nodes(whole) > kRuleNodes) return fail(Code::kTooLarge, "the conditions ask too many questions", "/detection/condition");
  rule.condition = std::move(whole);
  return {};
}

}  // namespace

Result<Rule> parse_rule(const Json& document) {
  if (!document.is_object()) return fail(Code::kInvalid, "a rule is a map with 'title' and 'detection' or 'correlation'");
  Rule rule;
  if (find(document, "action") != nullptr) return fail(Code::kInvalid, "rule collections with 'action' are obsolete Sigma: write whole documents", "/action");
  if (find(document, "filter") != nullptr)
    return fail(Code::kInvalid, "Sigma filters are not supported: put the exception into the rule, or mute what it finds", "/filter");
  FIREBREAK_TRY(parse_head(document, rule));
  FIREBREAK_TRY(parse_frameworks(document, rule));
  FIREBREAK_TRY(parse_tests(document, rule));
  const Json* correlation = find(document, "correlation");
  const bool detects = find(document, "detection") != nullptr;
  if (correlation != nullptr) {
    if (detects) return fail(Code::kInvalid, "one document is a detection or a correlation, not both", "/correlation");
    if (find(document, "logsource") != nullptr) return fail(Code::kInvalid, "a correlation has no logsource: the rules it names have", "/logsource");
    auto parsed = parse_correlation(*correlation);
    if (!parsed) return fail(std::move(parsed.error()).at("/correlation"));
    rule.correlation = std::move(*parsed);
    return rule;
  }
  if (!detects) return fail(Code::kInvalid, "a rule needs a 'detection' or a 'correlation'");
  FIREBREAK_TRY(parse_logsource(document, rule));
  FIREBREAK_TRY(parse_detection(document, rule));
  return rule;
}

}  // namespace firebreak::rules
