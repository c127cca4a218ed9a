// What people may do to a remedy list and a taint list, and why it is refused when it is.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "fold/remedy/parts.h"
#include "types/command.h"

namespace firebreak::remedy {
namespace {

constexpr std::size_t kTextBytes = 4'000, kContributors = 100;

struct Refusal {
  std::string name;
  Drafts operator()(Code code, std::string reason, std::string pointer = {}) const {
    return {make_draft("command_refused", "", refusal(name, code, std::move(reason), std::move(pointer)))};
  }
};

bool is_one_of(std::span<const std::string_view> words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

// The incident that is named, or the refusal.
const Facts* incident_of(const RemedyState& state, const Json& args) {
  const auto at = state.incidents.find(string_or(args, "incident"));
  return at == state.incidents.end() ? nullptr : &at->second;
}
Drafts no_incident(const Json& args, const Refusal& refused) {
  return refused(Code::kNotFound, fmt::format("there is no incident '{}'", string_or(args, "incident")), "/incident");
}

std::size_t rows_of_all(const RemedyState& state) {
  std::size_t rows = 0;
  for (const auto& [incident, list] : state.lists) rows += list.rows.size() + (list.building ? list.building->rows.size() : 0);
  return rows;
}

Drafts build(const RemedyState& state, const Entry& entry, const Json& args, const Refusal& refused) {
  const Facts* const facts = incident_of(state, args);
  if (facts == nullptr) return no_incident(args, refused);
  const std::string incident = string_or(args, "incident"), scope = string_or(args, "scope", "range"), of = string_or(args, "of");
  if (!is_one_of(kScopes, scope)) return refused(Code::kInvalid, "'scope' is one of: " + list_words(kScopes), "/scope");
  if (scope == "release" && of.empty()) return refused(Code::kInvalid, "the scope 'release' needs 'of': the release whose answers are asked again", "/of");
  if (!of.empty() && of == string_or(args, "release")) return refused(Code::kInvalid, "a release cannot judge its own answers: name another one", "/release");
  // Asked of nobody it would fail an hour later.
  if (const std::string release = string_or(args, "release"); !release.empty() && release != "last-known-good") {
    const auto known = state.releases.find(facts->endpoint);
    if (known == state.releases.end()) return refused(Code::kNotFound, fmt::format("'{}' has no registered release: 'firebreak release register'", facts->endpoint), "/release");
    if (!known->second.contains(release)) return refused(Code::kNotFound, fmt::format("'{}' has no release '{}'; registered are: {}", facts->endpoint, release, fmt::join(known->second, ", ")), "/release");
  }
  for (const char* key : {"from", "to"})
    if (find(args, key) != nullptr && !get_time(args, key)) return refused(Code::kInvalid, fmt::format("'{}' is no time", key), fmt::format("/{}", key));
  const std::int64_t rate = int_or(args, "per_second", 500);
  if (rate < 1 || rate > 10'000) return refused(Code::kInvalid, "'per_second' is 1 to 10000", "/per_second");
  const auto list = state.lists.find(incident);
  if (list != state.lists.end() && list->second.building)
    return refused(Code::kConflict, fmt::format("rem-{} is being built; wait for its end", list->second.building->index), "/incident");
  if (const std::size_t rows = rows_of_all(state); rows + kRows > kAllRows && list == state.lists.end())
    return refused(Code::kBusy, fmt::format("the remedy lists of all incidents hold {} rows, {} are the most", rows, kAllRows));
  JsonObject body{{"incident", incident}, {"endpoint", facts->endpoint}, {"stream", facts->stream}, {"scope", scope},
                  {"first", facts->first}, {"last", facts->last}, {"release", string_or(args, "release", "last-known-good")},
                  {"per_second", rate}, {"by", who(entry)}};
  for (const char* key : {"of", "label", "caller", "from", "to", "replace"})
    if (const std::string text = string_or(args, key); !text.empty()) body[key] = text;
  return {make_draft("remedy_requested", incident, std::move(body))};
}

// The list that is named and made, or the refusal.
Result<const List*> list_of(const RemedyState& state, const Json& args) {
  const std::string incident = string_or(args, "incident");
  const auto at = state.lists.find(incident);
  if (at != state.lists.end() && at->second.build != 0) return &at->second;
  if (!state.incidents.contains(incident)) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", incident), "/incident");
  if (at != state.lists.end() && at->second.building) return fail(Code::kConflict, fmt::format("rem-{} is being built", at->second.building->index), "/incident");
  return fail(Code::kNotFound, fmt::format("{} has no remedy list: remedy.build makes it", incident), "/incident");
}

Result<JsonArray> records_of(const List& list, const Json& args) {
  JsonArray records;
  const Json* const named = find(args, "records");
  if (named == nullptr || !named->is_array() || named->get_array().empty()) return fail(Code::kInvalid, "'records' names the rows, by record", "/records");
  if (named->get_array().size() > kNamed) return fail(Code::kTooLarge, fmt::format("{} records; {} are the most of one command", named->get_array().size(), kNamed), "/records");
  for (const Json& record : named->get_array()) {
    const auto index = whole(record);
    if (!index || find_row(list.rows, *index) == nullptr)
      return fail(Code::kNotFound, fmt::format("record {} is not on the list", canonical_json(record)), fmt::format("/records/{}", records.size()));
    records.push_back(record);
  }
  return records;
}

Result<void> texts_fit(const Json& args, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (string_or(args, key).size() > kTextBytes) return fail(Code::kTooLarge, fmt::format("'{}' has at most {} octets", key, kTextBytes), fmt::format("/{}", key));
  return {};
}

Result<JsonObject> settle(const List& list, const Entry& entry, const Json& args, bool all) {
  const std::string as = string_or(args, "as"), where = string_or(args, "where");
  if (as != "reversed" && as != "confirmed") return fail(Code::kInvalid, "'as' is reversed or confirmed", "/as");
  FIREBREAK_TRY(texts_fit(args, {"note"}));
  JsonObject body{{"incident", string_or(args, "incident")}, {"as", as}, {"by", who(entry)}};
  if (all) {
    if (!is_one_of(kAnswers, where)) return fail(Code::kInvalid, "'where' is one of: " + list_words(kAnswers), "/where");
    const auto count = std::count_if(list.rows.begin(), list.rows.end(), [&](const Row& row) {
      return row.state == State::kOpen && kAnswers[static_cast<std::size_t>(row.answer)] == where;
    });
    if (count == 0) return fail(Code::kConflict, fmt::format("no open row is {}", where), "/where");
    body["where"] = where;
    body["count"] = count;
  } else {
    FIREBREAK_ASSIGN(body["records"], records_of(list, args));
    body["count"] = body["records"].as_array().size();
  }
  if (const std::string note = string_or(args, "note"); !note.empty()) body["note"] = note;
  return body;
}

Result<JsonObject> told(const List& list, const Entry& entry, const Json& args) {
  const std::string where = string_or(args, "where");
  FIREBREAK_TRY(texts_fit(args, {"note", "reference"}));
  if (string_or(args, "reference").find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Code::kInvalid, "'reference' says how the customer was told: a letter, a ticket", "/reference");
  JsonObject body{{"incident", string_or(args, "incident")}, {"reference", string_or(args, "reference")}, {"by", who(entry)}};
  if (where.empty() == (find(args, "records") == nullptr)) return fail(Code::kInvalid, "name 'records', or 'where': one of the two", "/records");
  if (where.empty()) {
    FIREBREAK_ASSIGN(body["records"], records_of(list, args));
    body["count"] = body["records"].as_array().size();
  } else {
    if (where != "reversed" && where != "confirmed") return fail(Code::kInvalid, "'where' is reversed or confirmed", "/where");
    const auto count = std::count_if(list.rows.begin(), list.rows.end(), [&](const Row& row) { return row.told == 0 && kStates[static_cast<std::size_t>(row.state)] == where; });
    if (count == 0) return fail(Code::kConflict, fmt::format("nobody is left to be told of those that are {}", where), "/where");
    body["where"] = where;
    body["count"] = count;
  }
  if (const std::string note = string_or(args, "note"); !note.empty()) body["note"] = note;
  return body;
}

Drafts exported(const List& list, const Entry& entry, const Json& args) {
  return {make_draft("remedy_exported", string_or(args, "incident"),
                     {{"incident", string_or(args, "incident")}, {"build", fmt::format("rem-{}", list.build)}, {"format", string_or(args, "format")},
                      {"digest", string_or(args, "digest")}, {"rows", int_or(args, "rows")}, {"by", who(entry)}})};
}

Drafts taint(const RemedyState& state, const Entry& entry, const Json& args, const Refusal& refused) {
  const Facts* const facts = incident_of(state, args);
  if (facts == nullptr) return no_incident(args, refused);
  const std::string incident = string_or(args, "incident"), scope = string_or(args, "scope");
  if (!scope.empty() && scope != "range" && scope != "chains") return refused(Code::kInvalid, "'scope' is range or chains", "/scope");
  std::size_t kept = 0;
  for (const auto& [index, one] : state.taints) {
    if (one.incident == incident && one.blob.empty()) return refused(Code::kConflict, fmt::format("tnt-{} is being made", index), "/incident");
    kept += one.incident == incident ? 0 : 1;
  }
  if (kept >= kTaints) return refused(Code::kBusy, fmt::format("{} incidents have a taint list, {} are the most", kept, kTaints));
  JsonObject body{{"incident", incident}, {"endpoint", facts->endpoint}, {"stream", facts->stream}, {"first", facts->first}, {"last", facts->last}, {"by", who(entry)}};
  if (!scope.empty()) body["scope"] = scope;
  for (const char* key : {"sources", "callers"}) {
    const auto named = strings_or_empty(args, key);
    if (named.size() > kContributors) return refused(Code::kTooLarge, fmt::format("{} {}; {} are the most", named.size(), key, kContributors), fmt::format("/{}", key));
    for (std::size_t i = 0; i < named.size(); ++i)
      if (named[i].empty() || named[i].size() > 200) return refused(Code::kInvalid, "a name has 1 to 200 octets", fmt::format("/{}/{}", key, i));
    if (!named.empty()) body[key] = JsonArray(named.begin(), named.end());
  }
  return {make_draft("taint_requested", incident, std::move(body))};
}

}  // namespace

std::string who(const Entry& entry) { return string_or(entry.body, "by", entry.actor); }

std::optional<std::uint64_t> whole(const Json& value) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
  return std::nullopt;
}

std::string list_words(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += fmt::format("{}{}", out.empty() ? "" : ", ", word);
  return out;
}

Drafts decide_command(const RemedyState& state, const Entry& entry) {
  const Refusal refused{string_or(entry.body, "name")};
  const Json& args = command_args(entry);
  if (refused.name == "remedy.build") return build(state, entry, args, refused);
  if (refused.name == "taint.build") return taint(state, entry, args, refused);
  if (!refused.name.starts_with("remedy.")) return {};
  const auto list = list_of(state, args);
  if (!list) return refused(list.error().code, list.error().message, list.error().pointer);
  if (refused.name == "remedy.export") return exported(**list, entry, args);
  auto body = refused.name == "remedy.told" ? told(**list, entry, args) : settle(**list, entry, args, refused.name == "remedy.settle_all");
  if (!body) return refused(body.error().code, body.error().message, body.error().pointer);
  return {make_draft(refused.name == "remedy.told" ? "remedy_told" : "remedy_settled", string_or(args, "incident"), std::move(*body))};
}

}  // namespace firebreak::remedy
