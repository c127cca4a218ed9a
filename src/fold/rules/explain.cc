// A rule in plain words, for review.h.
#include <fmt/core.h>

#include <set>

#include "fold/rules/review.h"

namespace firebreak::rules {
namespace {

constexpr std::size_t kLines = 400;

void say(const Expr& expr, const Rule& rule, std::size_t depth, JsonArray& lines) {
  if (lines.size() >= kLines) return;
  const std::string indent(depth * 2, ' ');
  switch (expr.kind) {
    case Expr::Kind::kAtom: lines.push_back(Json(indent + rule.atoms[expr.atom].said())); return;
    case Expr::Kind::kNot: lines.push_back(Json(indent + "not:")); break;
    case Expr::Kind::kAnd: lines.push_back(Json(indent + "all of:")); break;
    case Expr::Kind::kOr:
      if (expr.parts.size() == 1) return say(expr.parts.front(), rule, depth, lines);
      lines.push_back(Json(indent + "any of:"));
      break;
  }
  for (const Expr& part : expr.parts) say(part, rule, depth + 1, lines);
}

std::string span(std::int64_t us) {
  const std::pair<std::int64_t, std::string_view> units[] = {{kDay, "day"}, {kHour, "hour"}, {kMinute, "minute"}, {kSecond, "second"}};
  for (const auto& [unit, name] : units)
    if (us % unit == 0) return fmt::format("{} {}{}", us / unit, name, us == unit ? "" : "s");
  return {};
}

JsonArray said_of(const Correlation& correlation, const RuleSet& set) {
  std::string what;
  const std::string most = correlation.most == UINT64_MAX ? "" : fmt::format(", at most {}", correlation.most);
  switch (correlation.type) {
    case Correlation::Type::kEventCount: what = fmt::format("at least {}{} events", correlation.least, most); break;
    case Correlation::Type::kValueCount: what = fmt::format("at least {}{} different values of {}", correlation.least, most, correlation.field); break;
    case Correlation::Type::kTemporal: what = fmt::format("at least {}{} of these rules match", correlation.least, most); break;
    case Correlation::Type::kTemporalOrdered: what = "these rules match in this order"; break;
  }
  JsonArray lines{Json(what + " within " + span(correlation.timespan_us) + (correlation.group_by.empty() ? "" : ", for the same:"))};
  for (const std::string& name : correlation.group_by) lines.push_back(Json("  " + name));
  lines.push_back(Json("of:"));
  for (const std::string& name : correlation.rules) {
    const Rule* rule = set.find(name);
    lines.push_back(Json("  " + name + (rule == nullptr ? std::string() : ": " + rule->title)));
  }
  for (const auto& [alias, fields] : correlation.aliases)
    for (const auto& [rule, field] : fields) lines.push_back(Json(fmt::format("  {} is {} in {}", alias, field, rule)));
  return lines;
}

JsonArray texts(const std::vector<std::string>& list) {
  JsonArray out;
  for (const std::string& one : list) out.push_back(Json(one));
  return out;
}

}  // namespace

JsonObject explain(const RuleSet& set, std::uint32_t at) {
  const Rule& rule = set.rules()[at];
  JsonArray says, questions, frameworks;
  if (rule.correlation) {
    says = said_of(*rule.correlation, set);
  } else {
    say(rule.condition, rule, 0, says);
  }
  std::set<std::string> asked;
  for (const Atom& atom : rule.atoms)
    if (asked.insert(atom.key()).second) questions.push_back(Json(atom.said()));
  for (const Framework& one : rule.frameworks)
    frameworks.push_back(JsonObject{{"framework", one.framework}, {"version", one.version}, {"id", one.id}, {"name", one.name}});
  const Logsource source = source_of_tests(set, at);
  JsonObject out{{"id", rule.id},
                 {"name", rule.name},
                 {"title", rule.title},
                 {"file", set.files()[at]},
                 {"status", rule.status},
                 {"level", rule.level ? Json(severity_name(*rule.level)) : Json(nullptr)},
                 {"description", rule.description},
                 {"logsource", JsonObject{{"product", source.product}, {"category", source.category}, {"service", source.service}}},
                 {"says", std::move(says)},
                 {"questions", std::move(questions)},
                 {"falsepositives", texts(rule.falsepositives)},
                 {"frameworks", std::move(frameworks)},
                 {"tests", rule.tests.size()},
                 {"speaks", set.speaks(at)}};
  if (rule.correlation) out["type"] = type_name(rule.correlation->type);
  return out;
}

}  // namespace firebreak::rules
