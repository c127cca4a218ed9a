#include "run/app/rule_desk.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/near.h"
#include "fold/incident/incident.h"
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
