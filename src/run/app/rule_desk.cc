#include "run/app/rule_desk.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/near.h"
#include "fold/incident/incident.h"
#include "fold/rules/review.h"
#include "log/journal/journal.h"
#include "run/app/rule_files.h"

namespace firebreak::app {

void RuleDesk::apply(const Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (entry.kind == "rules_applied") {
    digest_ = string_or(entry.body, "digest");
    by_ = string_or(entry.body, "by");
    time_ = entry.time;
    endpoints_ = strings_or_empty(entry.body, "endpoints");
    loaded_ = int_or(entry.body, "loaded");
    refused_ = int_or(entry.body, "refused");
    if (loaded_ == 0) digest_.clear();
  }
  if (entry.kind != "rules_taken") return;
  const std::string endpoint = string_or(entry.body, "endpoint");
  if (!books_.contains(endpoint))
    known_[endpoint].push_back({static_cast<std::uint64_t>(int_or(entry.body, "from")), string_or(entry.body, "digest"), nullptr});
}

// With the lock held: a set is loaded once for all streams that run it.
std::shared_ptr<const rules::RuleSet> RuleDesk::load(const std::string& digest) {
  if (digest.empty()) return nullptr;
  if (auto known = sets_[digest].lock()) return known;
  const auto read = [&]() -> Result<std::shared_ptr<const rules::RuleSet>> {
    FIREBREAK_ASSIGN(const Digest name, Digest::from_hex(digest));
    FIREBREAK_ASSIGN(const Bytes text, context_.blobs.get(name));
    FIREBREAK_ASSIGN(const Json document, parse_json(text));
    FIREBREAK_ASSIGN(const std::vector<rules::RuleSource> sources, rule_sources_from_json(document));
    std::vector<rules::Refused> refused;
    return rules::RuleSet::load(sources, refused);
  };
  auto set = read();
  if (!set) {
    context_.logger.error("the applied rules cannot be read; none run", set.error());
    return nullptr;
  }
  sets_[digest] = *set;
  return *set;
}

std::shared_ptr<RuleBook> RuleDesk::book(const std::string& endpoint) {
  const std::lock_guard lock(mutex_);
  auto& book = books_[endpoint];
  if (book != nullptr) return book;
  book = std::make_shared<RuleBook>();
  for (RuleBook::Taken& taken : known_[endpoint]) {
    taken.set = load(taken.digest);
    book->take(std::move(taken));
  }
  known_.erase(endpoint);
  return book;
}

void RuleDesk::ask(const std::string& endpoint) {
  const std::shared_ptr<RuleBook> of = book(endpoint);
  const std::lock_guard lock(mutex_);
  const bool applies = endpoints_.empty() || std::find(endpoints_.begin(), endpoints_.end(), endpoint) != endpoints_.end();
  const std::string wanted = applies ? digest_ : std::string();
  of->ask(wanted, load(wanted));
}

Result<Json> RuleDesk::apply_set(const Json& body, const std::string& actor) {
  FIREBREAK_TRY(only_keys(body, {"version", "rules", "endpoints"}));
  FIREBREAK_ASSIGN(const std::vector<rules::RuleSource> sources, rule_sources_from_json(body));
  std::vector<rules::Refused> refused;
  const auto set = rules::RuleSet::load(sources, refused);
  if (!sources.empty() && set->rules().empty())
    return fail(Code::kInvalid, fmt::format("none of the rules can be used: {}", rules::to_text(refused.front())), "/rules");
  FIREBREAK_ASSIGN(const Digest digest, context_.blobs.put(canonical_json(to_json(sources))));
  JsonObject args{{"digest", digest.hex()}, {"loaded", set->rules().size()}, {"refused", refused.size()}};
  if (const Json* endpoints = find(body, "endpoints"); endpoints != nullptr) args["endpoints"] = *endpoints;
  FIREBREAK_ASSIGN(const journal::Group group, journal::give_command(context_.journal, "rules.apply", args, actor));
  return Json(JsonObject{{"digest", digest.hex()}, {"loaded", set->rules().size()}, {"refused", as_json(refused)}, {"index", group.entries.back().index}});
}

namespace {

// A rule that comes from a lesson shows that it would have found what the lesson is of.
Result<JsonArray> check_own(const std::shared_ptr<const rules::RuleSet>& set, const std::vector<std::string>& own) {
  JsonArray told;
  for (std::uint32_t i = 0; i < set->rules().size(); ++i) {
    const rules::Rule& rule = set->rules()[i];
    if (std::find(own.begin(), own.end(), rule.key()) == own.end()) continue;
    const auto results = rules::run_tests(set, i);
    const auto matches = [](const rules::TestResult& one) { return one.expected; };
    if (set->speaks(i) && std::none_of(results.begin(), results.end(), matches)) return fail(Code::kInvalid, fmt::format("'{}' has no test that it is to match: it must show that it finds what the lesson is of", rule.title), "/rules");
    for (const rules::TestResult& one : results)
      if (!one.passed()) return fail(Code::kInvalid, fmt::format("'{}': test '{}': it {}", rule.title, one.name, one.matched ? "matches and should not" : "does not match and should"), "/rules");
    told.push_back(JsonObject{{"rule", rule.key()}, {"title", rule.title}, {"tests", results.size()}});
  }
  return told;
}

std::string key_of_document(const Json& document) {
  for (const char* key : {"id", "name", "title"})
    if (std::string found = string_or(document, key); !found.empty()) return found;
  return {};
}

}  // namespace

Result<Json> RuleDesk::amended(const Json& asked, const std::string& endpoint) {
  FIREBREAK_ASSIGN(const std::vector<rules::RuleSource> added, rule_sources_from_json(JsonObject{{"version", 1}, {"rules", find(asked, "rules") == nullptr ? Json(JsonArray{}) : asked.at("rules")}}));
  if (added.empty()) return fail(Code::kInvalid, "'rules' names no rule", "/rules");
  std::vector<std::string> own, endpoints;
  for (const rules::RuleSource& one : added) own.push_back(key_of_document(one.document));
  std::string base;
  {
    const std::lock_guard lock(mutex_);
    base = digest_;
    endpoints = endpoints_;
  }
  std::vector<rules::RuleSource> all;
  if (!base.empty()) {
    FIREBREAK_ASSIGN(const Digest name, Digest::from_hex(base));
    FIREBREAK_ASSIGN(const Bytes text, context_.blobs.get(name));
    FIREBREAK_ASSIGN(const Json document, parse_json(text));
    FIREBREAK_ASSIGN(all, rule_sources_from_json(document));
    std::erase_if(all, [&](const rules::RuleSource& one) { return std::find(own.begin(), own.end(), key_of_document(one.document)) != own.end(); });
  }
  std::vector<rules::Refused> refused_before, refused;
  if (!all.empty()) rules::RuleSet::load(all, refused_before);
  all.insert(all.end(), added.begin(), added.end());
  const auto set = rules::RuleSet::load(all, refused);
  if (refused.size() > refused_before.size()) return fail(Code::kInvalid, rules::to_text(refused.back()), "/rules");
  FIREBREAK_ASSIGN(JsonArray told, check_own(set, own));
  if (told.size() != own.size()) return fail(Code::kInvalid, "not every rule was taken: two of them have one id", "/rules");
  FIREBREAK_ASSIGN(const Digest digest, context_.blobs.put(canonical_json(to_json(all))));
  FIREBREAK_ASSIGN(const Digest alone, context_.blobs.put(canonical_json(to_json(added))));
  JsonObject out{{"digest", digest.hex()}, {"own", alone.hex()}, {"base", base}, {"loaded", set->rules().size()}, {"refused", refused.size()}, {"rules", std::move(told)}};
  // None named: all of them. Where no rules ran, this one runs on the incident's endpoint alone.
  if ((base.empty() || !endpoints.empty()) && std::find(endpoints.begin(), endpoints.end(), endpoint) == endpoints.end()) endpoints.push_back(endpoint);
  if (!endpoints.empty()) out["endpoints"] = JsonArray(endpoints.begin(), endpoints.end());
  return Json(std::move(out));
}

Result<std::string> RuleDesk::key_of(const std::string& rule) {
  constexpr std::size_t kNamed = 5;
  std::vector<std::string> known;
  context_.journal.with_state([&](const journal::View& view) {
    for (const incident::Rule& one : view.state<incident::IncidentState>(incident::kFoldName).rules) known.push_back(one.name);
  });
  if (std::find(known.begin(), known.end(), rule) != known.end()) return rule;
  std::shared_ptr<const rules::RuleSet> set;
  {
    const std::lock_guard lock(mutex_);
    set = load(digest_);
  }
  for (std::uint32_t i = 0; set != nullptr && i < set->rules().size(); ++i) {
    const rules::Rule& one = set->rules()[i];
    const bool meant = one.id == rule || one.name == rule || one.title == rule;
    if (meant && set->speaks(i)) return one.key();
    if (meant) return fail(Code::kInvalid, fmt::format("the rule '{}' says nothing by itself, it is a part of correlations: name one of these", rule), "/rule");
    if (set->speaks(i)) known.push_back(one.name.empty() ? one.key() : one.name);
  }
  const std::vector<std::string> near = near_names(rule, known, kNamed);
  const std::string where = set == nullptr ? "no Sigma rules are applied; " : "";
  const bool many = near.empty() && known.size() > 2 * kNamed;
  const std::vector<std::string> listed(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(many ? 2 * kNamed : known.size()));
  return fail(Code::kInvalid, fmt::format("there is no rule '{}'; {}{}: {}{}", rule, where, near.empty() ? "there are" : "near it", fmt::join(near.empty() ? listed : near, ", "),
                                          many ? fmt::format(" and {} more", known.size() - listed.size()) : ""), "/rule");
}

Json RuleDesk::status() const {
  const std::lock_guard lock(mutex_);
  JsonObject out{{"digest", digest_}, {"loaded", loaded_}, {"refused", refused_}, {"endpoints", JsonArray(endpoints_.begin(), endpoints_.end())},
                 {"by", by_}, {"time", digest_.empty() && by_.empty() ? Json(nullptr) : Json(format_time(time_))}};
  JsonArray streams;
  for (const auto& [endpoint, book] : books_)
    for (const RuleBook::Taken& taken : book->all())
      streams.push_back(JsonObject{{"endpoint", endpoint}, {"from", taken.from}, {"digest", taken.digest}, {"rules", taken.set == nullptr ? 0 : taken.set->rules().size()}});
  out["taken"] = std::move(streams);
  return out;
}

}  // namespace firebreak::app
