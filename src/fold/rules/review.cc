#include "fold/rules/review.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "fold/rules/engine.h"

namespace firebreak::rules {
namespace {

constexpr Time kTestsBegin{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z
constexpr std::string_view kOwasp = "OWASP Machine Learning Security Top 10", kAtlas = "MITRE ATLAS";

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "ML01:2023"
bool is_owasp_id(std::string_view id, std::string_view version) {
  return id.size() == 5 + version.size() && id.starts_with("ML") && digits(id.substr(2, 2)) && id[4] == ':' && id.substr(5) == version;
}

// "AML.T0043", "AML.T0043.001"
bool is_atlas_id(std::string_view id) {
  return id.starts_with("AML.T") && digits(id.substr(5, 4)) && (id.size() == 9 || (id.size() == 13 && id[9] == '.' && digits(id.substr(10))));
}

// `event` with the number for each {i} in its texts.
Json numbered(const Json& event, const std::string& number) {
  if (event.is_string()) {
    std::string text(event.get_string());
    for (std::size_t at = text.find("{i}"); at != std::string::npos; at = text.find("{i}", at + number.size())) text.replace(at, 3, number);
    return Json(text);
  }
  if (event.is_array()) {
    JsonArray out;
    for (const Json& one : event.get_array()) out.push_back(numbered(one, number));
    return out;
  }
  if (!event.is_object()) return event;
  JsonObject out;
  for (const auto& member : event.get_object()) out[member.key()] = numbered(member.value(), number);
  return out;
}

class Linter {
 public:
  Linter(const std::shared_ptr<const RuleSet>& set, bool ours) : set_(set), ours_(ours) {}

  std::vector<Note> run() {
    for (at_ = 0; at_ < set_->rules().size(); ++at_) {
      head(set_->rules()[at_]);
      frameworks(set_->rules()[at_]);
      tests(set_->rules()[at_]);
      fields(set_->rules()[at_]);
      twins(set_->rules()[at_]);
    }
    return std::move(notes_);
  }

 private:
  void grave(std::string what) { notes_.push_back({at_, true, std::move(what)}); }
  void advice(std::string what) { notes_.push_back({at_, false, std::move(what)}); }

  void head(const Rule& rule) {
    if (rule.id.empty()) grave("it has no 'id': give it a UUID, so that findings can name it");
    if (rule.description.empty()) grave("it has no 'description': say what it finds and why that matters");
    if (!rule.level) grave("it has no 'level'");
    if (rule.status.empty()) grave("it has no 'status'");
    if (rule.status == "deprecated") advice("it is deprecated");
    if (rule.falsepositives.empty()) grave("it has no 'falsepositives': say what honest event looks the same");
    if (rule.date.empty()) advice("it has no 'date'");
    for (const std::string& section : rule.custom) advice(fmt::format("nothing reads its section '{}'", section));
  }

  void frameworks(const Rule& rule) {
    bool owasp = false, atlas = false;
    for (const Framework& one : rule.frameworks) {
      owasp = owasp || one.framework == kOwasp;
      atlas = atlas || one.framework == kAtlas;
      if (one.version.empty() || one.name.empty()) grave(fmt::format("'{}' stands without its version or name", one.id));
      if (one.framework == kOwasp && !is_owasp_id(one.id, one.version)) grave(fmt::format("'{}' is no id of {} {}", one.id, kOwasp, one.version));
      if (one.framework == kAtlas && !is_atlas_id(one.id)) grave(fmt::format("'{}' is no id of a technique of {}", one.id, kAtlas));
      const auto [known, fresh] = named_.try_emplace({one.framework, one.version, one.id}, one.name);
      if (!fresh && known->second != one.name) grave(fmt::format("{} is called '{}' here and '{}' elsewhere", one.id, one.name, known->second));
    }
    // Rules of others mostly have none.
    const auto missing = [this](std::string what) { ours_ ? grave(std::move(what)) : advice(std::move(what)); };
    if (!owasp) missing(fmt::format("it has no id of '{}' under 'frameworks'", kOwasp));
    if (!atlas) missing(fmt::format("it has no id of '{}' under 'frameworks'", kAtlas));
  }

  void tests(const Rule& rule) {
    bool positive = false, negative = false;
    for (const RuleTest& test : rule.tests) (test.match ? positive : negative) = true;
    if (!positive) grave("it has no test with 'match: true'");
    if (!negative) grave("it has no test with 'match: false'");
    for (const TestResult& result : run_tests(set_, at_))
      if (!result.passed()) grave(fmt::format("its test '{}' fails: it {}", result.name, result.matched ? "matches" : "does not match"));
  }

  void fields(const Rule& rule) {
    if (!rule.correlation && rule.source.product == "firebreak" && known_fields(rule.source.category).empty())
      grave(fmt::format("Firebreak records nothing of category '{}'", rule.source.category));
    const auto& known = known_fields(rule.source.category);
    std::set<std::string> said;
    for (const Atom& atom : rule.atoms) {
      const bool free = atom.field.empty() || atom.field.starts_with("features.") || known.empty() || rule.source.product != "firebreak";
      if (free || std::find(known.begin(), known.end(), atom.field) != known.end() || !said.insert(atom.field).second) continue;
      if (rule.source.category == "inference" || rule.source.category == "label" || rule.source.category == "finding")
        grave(fmt::format("no event of category '{}' has the field '{}'", rule.source.category, atom.field));
    }
  }

  void twins(const Rule& rule) {
    if (rule.correlation) return;
    std::string key = rule.source.product + "\x1f" + rule.source.category + "\x1f" + rule.source.service;
    std::vector<std::string> atoms;
    for (const Atom& atom : rule.atoms) atoms.push_back(atom.key());
    std::sort(atoms.begin(), atoms.end());
    for (const std::string& atom : atoms) key += "\x1e" + atom;
    const auto [known, fresh] = asked_.try_emplace(std::move(key), rule.title);
    if (!fresh) advice(fmt::format("it asks the same questions as '{}'", known->second));
  }

  const std::shared_ptr<const RuleSet>& set_;
  const bool ours_;
  std::uint32_t at_ = 0;
  std::vector<Note> notes_;
  std::map<std::vector<std::string>, std::string> named_;
  std::map<std::string, std::string> asked_;
};

}  // namespace

Logsource source_of_tests(const RuleSet& set, std::uint32_t rule) {
  const Rule* at = &set.rules()[rule];
  while (at->correlation) at = set.find(at->correlation->rules.front());
  return at->source;
}

std::vector<TestResult> run_tests(const std::shared_ptr<const RuleSet>& set, std::uint32_t rule) {
  std::vector<TestResult> out;
  const Logsource source = source_of_tests(*set, rule);
  const Matcher& matcher = set->matcher();
  for (const RuleTest& test : set->rules()[rule].tests) {
    EngineOptions options;
    options.all_speak = true;
    RuleEngine engine(set, options);
    TestResult result{rule, test.name, test.match, false};
    Time time = kTestsBegin;
    std::uint64_t index = 0;
    for (const RuleTest::Step& step : test.steps)
      for (std::uint64_t i = 0; i < step.repeat; ++i) {
        const Json event = step.repeat == 1 ? step.event : numbered(step.event, std::to_string(i));
        fill(engine.event(), matcher.fields(), matcher.fields().size(), event, source, time + step.every_us, matcher.words());
        engine.event().index = index++;
        time = engine.event().time;
        for (const Match& match : engine.match(engine.event())) result.matched = result.matched || match.rule == rule;
      }
    out.push_back(std::move(result));
  }
  return out;
}

std::vector<Note> lint(const std::shared_ptr<const RuleSet>& set, bool ours) { return Linter(set, ours).run(); }

}  // namespace firebreak::rules
