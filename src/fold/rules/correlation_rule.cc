// The section `correlation` of a rule.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "fold/rules/rule.h"

namespace firebreak::rules {
namespace {

constexpr std::size_t kRules = 32;
constexpr std::size_t kGroups = 8;
constexpr std::size_t kAliases = 32;
constexpr std::int64_t kLongest = 90 * kDay;
constexpr std::string_view kTypes[] = {"event_count", "value_count", "temporal", "temporal_ordered"};

tl::unexpected<Error> wrong(std::string what, std::string at) { return fail(Code::kInvalid, std::move(what), std::move(at)); }

Result<std::vector<std::string>> names_at(const Json& section, std::string_view key, std::size_t least, std::size_t most) {
  const Json* value = find(section, key);
  std::vector<std::string> out;
  const std::string at = "/" + std::string(key);
  if (value != nullptr && value->is_string()) out.emplace_back(value->get_string());
  if (value != nullptr && value->is_array())
    for (const Json& one : value->get_array()) {
      if (!one.is_string() || one.get_string().empty()) return wrong(fmt::format("'{}' must be a list of names", key), at);
      out.emplace_back(one.get_string());
    }
  if (value != nullptr && !value->is_string() && !value->is_array()) return wrong(fmt::format("'{}' must be a list of names", key), at);
  if (out.size() < least || out.size() > most) return wrong(fmt::format("'{}' holds {} to {} names", key, least, most), value == nullptr ? "" : at);
  std::vector<std::string> sorted = out;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return wrong(fmt::format("a name stands twice in '{}'", key), at);
  return out;
}

Result<std::int64_t> parse_timespan(const Json& section) {
  const Json* value = find(section, "timespan");
  if (value == nullptr) return wrong("a correlation needs a 'timespan'", "");
  auto span = value->is_string() ? parse_span(value->get_string()) : Result<std::int64_t>(wrong("'timespan' is a text such as 30s, 90m, 12h, 7d", ""));
  if (!span) return fail(std::move(span.error()).at("/timespan"));
  return span;
}

Result<void> parse_limits(const Json& condition, Correlation& out) {
  bool lower_bound = false;
  for (const auto& member : condition.get_object()) {
    const std::string key(member.key());
    const std::string at = "/condition/" + key;
    if (key == "field") {
      if (out.type != Correlation::Type::kValueCount) return wrong("'field' belongs to value_count", at);
      if (!member.value().is_string() || member.value().get_string().empty()) return wrong("'field' must be the name of one field", at);
      out.field = std::string(member.value().get_string());
      continue;
    }
    if (key != "gt" && key != "gte" && key != "lt" && key != "lte" && key != "eq")
      return wrong(fmt::format("'{}' is no condition (gt, gte, lt, lte, eq{})", key, out.type == Correlation::Type::kValueCount ? ", field" : ""), at);
    if (!member.value().is_int64() || member.value().get_int64() < 0 || member.value().get_int64() > static_cast<std::int64_t>(kMostCount))
      return wrong(fmt::format("'{}' takes a whole number from 0 to {}", key, kMostCount), at);
    const auto limit = static_cast<std::uint64_t>(member.value().get_int64());
    if (key == "gt" || key == "gte" || key == "eq") {
      out.least = std::max(out.least, key == "gt" ? limit + 1 : limit);
      lower_bound = true;
    }
    if (key == "lt" && limit == 0) return wrong("no count is less than 0", at);
    if (key == "lt" || key == "lte" || key == "eq") out.most = std::min(out.most, key == "lt" ? limit - 1 : limit);
  }
  if (!lower_bound)
    return wrong("an upper limit alone is met by the first event of every group: add gt, gte or eq (what does not arrive is no event)", "/condition");
  if (out.least == 0 || out.least > out.most) return wrong("no count of events can meet this condition, or none has to arrive", "/condition");
  return {};
}

Result<void> parse_condition_of(const Json& section, Correlation& out) {
  const Json* condition = find(section, "condition");
  const bool temporal = out.type == Correlation::Type::kTemporal || out.type == Correlation::Type::kTemporalOrdered;
  if (condition == nullptr) {
    if (!temporal) return wrong(fmt::format("{} needs a 'condition'", type_name(out.type)), "");
    out.least = out.rules.size();
    return {};
  }
  if (condition->is_string()) return wrong("a condition over rule names is not supported: write one correlation for each combination", "/condition");
  if (!condition->is_object()) return wrong("'condition' is a map such as {gte: 10}", "/condition");
  FIREBREAK_TRY(parse_limits(*condition, out));
  if (out.type == Correlation::Type::kValueCount && out.field.empty()) return wrong("value_count needs a 'field' in its condition", "/condition");
  if (temporal && out.least > out.rules.size()) return wrong("it asks for more rules than it names", "/condition");
  if (out.type == Correlation::Type::kTemporalOrdered && (out.least != out.rules.size() || out.most < out.rules.size()))
    return wrong("temporal_ordered asks for all of its rules: some of them have no order", "/condition");
  return {};
}

Result<void> parse_aliases(const Json& section, Correlation& out) {
  const Json* aliases = find(section, "aliases");
  if (aliases == nullptr) return {};
  if (!aliases->is_object() || aliases->get_object().size() > kAliases) return wrong("'aliases' is a map: alias -> rule -> field", "/aliases");
  for (const auto& alias : aliases->get_object()) {
    const std::string at = "/aliases/" + std::string(alias.key());
    if (!alias.value().is_object()) return wrong("an alias is a map: rule -> field", at);
    auto& one = out.aliases.emplace_back(std::string(alias.key()), std::vector<std::pair<std::string, std::string>>{});
    for (const auto& member : alias.value().get_object()) {
      const std::string rule(member.key());
      if (!member.value().is_string()) return wrong("an alias names one field of each rule", at + "/" + rule);
      if (std::find(out.rules.begin(), out.rules.end(), rule) == out.rules.end())
        return wrong(fmt::format("the alias speaks of '{}', which is not among 'rules'", rule), at + "/" + rule);
      one.second.emplace_back(rule, std::string(member.value().get_string()));
    }
  }
  return {};
}

}  // namespace

Result<std::int64_t> parse_span(std::string_view text) {
  std::int64_t count = 0;
  const char unit = text.empty() ? ' ' : text.back();
  const std::int64_t us = unit == 's' ? kSecond : unit == 'm' ? kMinute : unit == 'h' ? kHour : unit == 'd' ? kDay : 0;
  const char* const end = text.data() + (text.empty() ? 0 : text.size() - 1);
  const auto [at, ec] = std::from_chars(text.data(), end, count);
  if (us == 0 || ec != std::errc() || at != end || count < 0 || count > kLongest / us)
    return wrong(fmt::format("'{}' is no span of at most 90 days: a number and one of s, m, h, d, as 30s, 90m, 12h, 7d", text), "");
  return count * us;
}

std::string_view type_name(Correlation::Type type) { return kTypes[static_cast<int>(type)]; }

Result<Correlation> parse_correlation(const Json& section) {
  if (!section.is_object()) return wrong("'correlation' must be a map", "");
  for (const auto& member : section.get_object()) {
    const std::string key(member.key());
    static constexpr std::string_view kKnown[] = {"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"};
    if (std::find(std::begin(kKnown), std::end(kKnown), key) == std::end(kKnown)) return wrong(fmt::format("'{}' is not supported", key), "/" + key);
  }
  Correlation out;
  const std::string type = string_or(section, "type");
  const auto known = std::find(std::begin(kTypes), std::end(kTypes), type);
  if (known == std::end(kTypes))
    return wrong(fmt::format("the correlation type '{}' is not supported (event_count, value_count, temporal, temporal_ordered)", type),
                 find(section, "type") == nullptr ? "" : "/type");
  out.type = static_cast<Correlation::Type>(known - std::begin(kTypes));
  const bool temporal = out.type == Correlation::Type::kTemporal || out.type == Correlation::Type::kTemporalOrdered;
  FIREBREAK_ASSIGN(out.rules, names_at(section, "rules", temporal ? 2 : 1, kRules));
  if (find(section, "group-by") != nullptr) {
    FIREBREAK_ASSIGN(out.group_by, names_at(section, "group-by", 1, kGroups));
  }
  FIREBREAK_ASSIGN(out.timespan_us, parse_timespan(section));
  if (out.timespan_us == 0) return wrong("a 'timespan' of nothing", "/timespan");
  FIREBREAK_TRY(parse_condition_of(section, out));
  FIREBREAK_TRY(parse_aliases(section, out));
  if (const Json* generate = find(section, "generate"); generate != nullptr) {
    if (!generate->is_bool()) return wrong("'generate' is true or false", "/generate");
    out.generate = generate->get_bool();
  }
  return out;
}

}  // namespace firebreak::rules
