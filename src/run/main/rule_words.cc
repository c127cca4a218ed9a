// rule: Sigma rules, offline: over files or over the rules that the program brings along.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>

#include "base/files.h"
#include "fold/rules/engine.h"
#include "fold/rules/review.h"
#include "run/app/rule_files.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

Result<app::LoadedRules> load(const std::string& path) {
  PosixFiles files;
  FIREBREAK_ASSIGN(app::RuleFiles read, app::read_rule_files(files, path));
  return app::load_rules(std::move(read));
}

JsonObject as_json(const rules::RuleSet& set, std::uint32_t at) {
  const rules::Rule& rule = set.rules()[at];
  const rules::Logsource source = rules::source_of_tests(set, at);
  return {{"id", rule.id},
          {"name", rule.name},
          {"title", rule.title},
          {"level", rule.level ? severity_name(*rule.level) : ""},
          {"category", source.category},
          {"type", rule.correlation ? rules::type_name(rule.correlation->type) : "detection"},
          {"speaks", set.speaks(at)},
          {"tests", rule.tests.size()},
          {"file", set.files()[at]}};
}

// The last word of every command: what was refused, on the side where errors go.
int answered(std::string_view command, const std::vector<rules::Refused>& refused, bool json, JsonObject answer, const std::string& text, bool good) {
  if (json) {
    answer["refused"] = app::as_json(refused);
    std::fputs(pretty_json(answer).c_str(), stdout);
  } else {
    std::fputs(text.c_str(), stdout);
    print_refused(command, app::as_json(refused));
  }
  return good && refused.empty() ? kDone : kNegative;
}

int list_rules(const RuleWords& w, bool json) {
  const auto loaded = load(w.path);
  if (!loaded) return report_error(loaded.error(), json);
  JsonArray rows;
  for (std::uint32_t i = 0; i < loaded->set->rules().size(); ++i) rows.push_back(as_json(*loaded->set, i));
  const std::string text = table(rows, {{"ID", "/id", 36}, {"LEVEL", "/level", 13}, {"CATEGORY", "/category", 12}, {"TYPE", "/type", 16}, {"TITLE", "/title", 80}});
  return answered("rule list", loaded->refused, json, {{"rules", std::move(rows)}}, text, true);
}

// ---- test

int own_tests(const app::LoadedRules& loaded, bool json) {
  JsonArray rows;
  std::string text;
  std::size_t failed = 0, total = 0;
  for (std::uint32_t i = 0; i < loaded.set->rules().size(); ++i)
    for (const rules::TestResult& result : rules::run_tests(loaded.set, i)) {
      const rules::Rule& rule = loaded.set->rules()[i];
      ++total;
      rows.push_back(JsonObject{{"rule", rule.key()}, {"title", rule.title}, {"test", result.name}, {"expected", result.expected},
                                {"matched", result.matched}, {"passed", result.passed()}});
      if (result.passed()) continue;
      ++failed;
      text += fmt::format("FAILED  {}: '{}': it {}\n", rule.title, result.name, result.matched ? "matches and should not" : "does not match and should");
    }
  text += fmt::format("{} passed, {} failed, of {} rules\n", total - failed, failed, loaded.set->rules().size());
  return answered("rule test", loaded.refused, json, {{"passed", total - failed}, {"failed", failed}, {"tests", std::move(rows)}}, text, failed == 0);
}

JsonObject match_json(const rules::RuleSet& set, const rules::Match& match, std::uint64_t line) {
  const rules::Rule& rule = set.rules()[match.rule];
  JsonArray lines;
  for (const std::uint64_t index : match.indexes) lines.push_back(index);
  return {{"line", line}, {"rule", rule.key()}, {"title", rule.title}, {"level", severity_name(rule.level.value_or(Severity::kMedium))},
          {"group", match.group}, {"count", match.count}, {"lines", std::move(lines)}};
}

Result<JsonArray> over_events(const app::LoadedRules& loaded, const RuleWords& w) {
  PosixFiles files;
  FIREBREAK_ASSIGN(const Bytes text, read_all(files, w.events));
  rules::RuleEngine engine(loaded.set, {});
  const rules::Matcher& matcher = loaded.set->matcher();
  JsonArray out;
  std::set<std::string> categories;
  for (const char* known : {"inference", "label", "finding", "pipeline", "registry", "data_access", "host_signal"})
    if (!rules::known_fields(known).empty()) categories.insert(known);
  for (const rules::Rule& rule : loaded.set->rules())
    if (!rule.correlation && !rule.source.category.empty()) categories.insert(rule.source.category);
  Time time;
  std::uint64_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto event = parse_json(line);
    if (!event || !event->is_object())
      return fail(Code::kInvalid, fmt::format("{}:{}: {}", w.events, number, event ? "an event is a JSON object" : event.error().message));
    const std::string type = string_or(*event, "type");
    const std::string category = !w.category.empty()  ? w.category
                                 : type.empty()       ? "inference"  // as in the stream
                                 : type == "access"   ? "data_access"
                                 : type == "signal"   ? "host_signal"
                                                      : type;
    if (!categories.contains(category))
      return fail(Code::kInvalid, fmt::format("{}:{}: '{}' is no category that these rules or Firebreak know: {}", w.events, number, category, fmt::join(categories, ", ")));
    rules::fill(engine.event(), matcher.fields(), matcher.fields().size(), *event, {"firebreak", category, ""}, time, matcher.words());
    engine.event().index = number;
    time = engine.event().time;
    for (const rules::Match& match : engine.match(engine.event())) out.push_back(match_json(*loaded.set, match, number));
  }
  return out;
}

int test_rules(const RuleWords& w, bool json) {
  const auto loaded = load(w.path);
  if (!loaded) return report_error(loaded.error(), json);
  if (w.events.empty()) return own_tests(*loaded, json);
  auto matches = over_events(*loaded, w);
  if (!matches) return report_error(matches.error(), json);
  const std::string text = table(*matches, {{"LINE", "/line", 10}, {"LEVEL", "/level", 13}, {"RULE", "/rule", 36}, {"COUNT", "/count", 8}, {"GROUP", "/group", 40}, {"TITLE", "/title", 60}});
  return answered("rule test", loaded->refused, json, {{"matches", std::move(*matches)}}, text, true);
}

// ---- lint, explain

int lint_rules(const RuleWords& w, bool json) {
  const auto loaded = load(w.path);
  if (!loaded) return report_error(loaded.error(), json);
  JsonArray rows;
  std::string text;
  bool grave = false;
  for (const rules::Note& note : rules::lint(loaded->set, w.path.empty())) {
    const rules::Rule& rule = loaded->set->rules()[note.rule];
    const std::string& file = loaded->set->files()[note.rule];
    rows.push_back(JsonObject{{"file", file}, {"rule", rule.key()}, {"title", rule.title}, {"grave", note.grave}, {"what", note.what}});
    text += fmt::format("{}  {}: {}: {}\n", note.grave ? "error " : "advice", file, rule.title, note.what);
    grave = grave || note.grave;
  }
  text += fmt::format("{} rules looked at\n", loaded->set->rules().size());
  return answered("rule lint", loaded->refused, json, {{"rules", loaded->set->rules().size()}, {"notes", std::move(rows)}}, text, !grave);
}

std::string explanation(const JsonObject& said) {
  std::string out = fmt::format("{}\n  id          {}\n  level       {}, {}\n  looks at    {} {}\n", string_or(said, "title"), string_or(said, "id"),
                                string_or(said, "level", "none"), string_or(said, "status"), string_or(said.at("logsource"), "product"),
                                string_or(said.at("logsource"), "category"));
  out += fmt::format("  why         {}\n  matches when\n", string_or(said, "description"));
  for (const Json& line : said.at("says").as_array()) out += "    " + std::string(line.as_string()) + "\n";
  for (const Json& one : said.at("falsepositives").as_array()) out += "  honest when " + std::string(one.as_string()) + "\n";
  for (const Json& one : said.at("frameworks").as_array())
    out += fmt::format("  means       {} {}: {} {}\n", string_or(one, "framework"), string_or(one, "version"), string_or(one, "id"), string_or(one, "name"));
  return out;
}

int explain_rule(const RuleWords& w, bool json) {
  const auto loaded = load(w.path);
  if (!loaded) return report_error(loaded.error(), json);
  for (std::uint32_t i = 0; i < loaded->set->rules().size(); ++i) {
    const rules::Rule& rule = loaded->set->rules()[i];
    if (rule.id != w.id && rule.name != w.id && rule.title != w.id) continue;
    const JsonObject said = rules::explain(*loaded->set, i);
    std::fputs(json ? pretty_json(said).c_str() : explanation(said).c_str(), stdout);
    return kDone;
  }
  if (!json) print_refused("rule explain", app::as_json(loaded->refused));
  return report_error(Error{Code::kNotFound, fmt::format("there is no rule with the id, name or title '{}': see 'firebreak rule list'", w.id), {}, 0}, json);
}

// ---- apply

int apply_rules(Client& client, const RuleWords& w) {
  const bool json = client.connection().json;
  PosixFiles files;
  app::RuleFiles read;
  if (!w.none) {
    auto found = app::read_rule_files(files, w.path);
    if (!found) return report_error(found.error(), json);
    read = std::move(*found);
  }
  Json body = app::to_json(read.sources);
  if (!w.endpoints.empty()) body.as_object()["endpoints"] = JsonArray(w.endpoints.begin(), w.endpoints.end());
  auto answer = client.post("/api/v1/rules", body);
  if (!answer) return report_error(answer.error(), json);
  JsonArray& refused = answer->as_object()["refused"].as_array();
  for (Json& one : app::as_json(read.refused)) refused.push_back(std::move(one));
  if (json) {
    std::fputs(pretty_json(*answer).c_str(), stdout);
  } else {
    fmt::print("{} rules applied, {} refused; set {}\n", int_or(*answer, "loaded"), refused.size(), string_or(*answer, "digest").substr(0, 12));
    print_refused("rule apply", refused);
  }
  return refused.empty() ? kDone : kNegative;
}

int rule_status(Client& client) {
  const auto answer = client.get("/api/v1/rules");
  if (const auto code = told_whole(client, answer)) return *code;
  if (string_or(*answer, "digest").empty()) fmt::print("no rules are applied; 'firebreak rule apply' applies the shipped ones\n");
  else fmt::print("{} rules, applied {} by {}\n", int_or(*answer, "loaded"), string_or(*answer, "time"), string_or(*answer, "by"));
  std::fputs(table(answer->at("taken").as_array(), {{"ENDPOINT", "/endpoint", 40}, {"FROM RECORD", "/from", 20}, {"RULES", "/rules", 8}, {"SET", "/digest", 12}}).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_rule() {
  RuleWords& w = words_.rule;
  auto* rule = noun("rule", "detection rules in the Sigma format: look at them, test them");
  const auto path = [&w](CLI::App* command) { command->add_option("path", w.path, "file or folder with rules; the shipped ones without it"); };
  path(offline(rule, "list", "what rules there are, and which cannot be loaded and why", [this, &w] { return list_rules(w, words_.connection.json); }));
  auto* testing = offline(rule, "test", "the rules' own tests, or what the rules find in a file of events",
                          [this, &w] { return test_rules(w, words_.connection.json); });
  path(testing);
  testing->add_option("--events", w.events, "NDJSON file, one event a line");
  testing->add_option("--category", w.category, "logsource category of its events (default: their \"type\")");
  path(offline(rule, "lint", "what rules lack: ids, tests, false positives, framework ids", [this, &w] { return lint_rules(w, words_.connection.json); }));
  auto* explaining = offline(rule, "explain", "a rule in plain words", [this, &w] { return explain_rule(w, words_.connection.json); });
  explaining->add_option("rule", w.id, "id, name or title")->required();
  auto* applying = verb(rule, "apply", "run rules on the streams of a server, instead of those that run now", [&w](Client& client) { return apply_rules(client, w); });
  path(applying);
  applying->add_option("--endpoint", w.endpoints, "on these endpoints only (again for each); on all without it");
  applying->add_flag("--none", w.none, "run no rules from now on");
  verb(rule, "status", "which rules a server runs, and from which record on", [](Client& client) { return rule_status(client); });
  explaining->add_option("--in", w.path, "file or folder with rules; the shipped ones without it");
}

}  // namespace firebreak::cli
