#include "run/app/deadlines.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "fold/reporting/reporting.h"
#include "run/app/content.h"

namespace firebreak::app {

std::string_view reporting_regimes();  // content/deadlines/regimes.yaml, embedded
std::string_view decision_worksheets();  // content/deadlines/worksheets.yaml, embedded

namespace {

struct Read {
  Json document;
  std::vector<deadline::Regime> regimes;
};

Result<Read> read_regimes(Files& files, const std::string& path) {
  const std::string name = path.empty() ? "content/deadlines/regimes.yaml" : path;
  Read read;
  FIREBREAK_ASSIGN(read.document, path.empty() ? yaml_to_json(reporting_regimes(), name) : load_document(files, path));
  auto regimes = deadline::regimes_from_json(read.document);
  if (!regimes) return fail(std::move(regimes.error()).with(name));
  read.regimes = std::move(*regimes);
  return read;
}

std::string in_folder(const std::string& folder, const std::string& name) { return name.starts_with('/') ? name : folder + "/" + name; }

Result<void> take_calendar(Files& files, const Json& calendar, const std::string& folder, RegimeConfig& regime) {
  FIREBREAK_TRY(only_keys(calendar, {"offset", "holidays"}));
  if (find(calendar, "offset") != nullptr) {
    FIREBREAK_ASSIGN(const std::string offset, get_string(calendar, "offset"));
    FIREBREAK_ASSIGN(regime.offset_minutes, deadline::parse_offset(offset));
  }
  if (find(calendar, "holidays") == nullptr) return {};
  FIREBREAK_ASSIGN(const std::string file, get_string(calendar, "holidays"));
  FIREBREAK_ASSIGN(const auto days, load_holidays(files, in_folder(folder, file)));
  for (const deadline::Day day : days) regime.holidays.push_back(deadline::format_day(day));
  return {};
}

Json calendar_json(const RegimeConfig& regime) {
  return JsonObject{{"holidays", JsonArray(regime.holidays.begin(), regime.holidays.end())}, {"offset_minutes", regime.offset_minutes}};
}

}  // namespace

Result<std::vector<deadline::Regime>> load_regimes(Files& files, const std::string& path) {
  FIREBREAK_ASSIGN(Read read, read_regimes(files, path));
  return std::move(read.regimes);
}

Result<std::vector<deadline::Worksheet>> load_worksheets() {
  const std::string name = "content/deadlines/worksheets.yaml";
  FIREBREAK_ASSIGN(const Json document, yaml_to_json(decision_worksheets(), name));
  auto sheets = deadline::worksheets_from_json(document);
  if (!sheets) return fail(std::move(sheets.error()).with(name));
  return sheets;
}

Result<std::vector<RegimeConfig>> regimes_of(Files& files, const Json& config, const std::string& folder) {
  static const Json kNone = JsonObject{};
  const Json* const section = find(config, "deadlines");
  const Json& asked = section != nullptr ? *section : kNone;
  if (auto ok = only_keys(asked, {"regimes", "calendars", "organisation"}); !ok) return fail(std::move(ok.error()).at("/deadlines"));
  std::string path;
  if (find(asked, "regimes") != nullptr) {
    FIREBREAK_ASSIGN(path, get_string(asked, "regimes"));
    path = in_folder(folder, path);
  }
  FIREBREAK_ASSIGN(const Read read, read_regimes(files, path));
  const Json* const calendars = find(asked, "calendars");
  if (calendars != nullptr && !calendars->is_object()) return fail(Code::kInvalid, "calendars map a regime's id to {offset, holidays}", "/deadlines/calendars");
  std::vector<RegimeConfig> out;
  const JsonArray& documents = read.document.at("regimes").as_array();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    RegimeConfig regime{read.regimes[i].id, "", documents[i], {}, 0};
    if (const Json* const calendar = calendars != nullptr ? find(*calendars, regime.id) : nullptr)
      if (auto taken = take_calendar(files, *calendar, folder, regime); !taken) return fail(std::move(taken.error()).at("/deadlines/calendars/" + regime.id));
    regime.digest = sha256(canonical_json(JsonArray{regime.document, calendar_json(regime)})).hex();
    out.push_back(std::move(regime));
  }
  if (calendars == nullptr) return out;
  for (const auto& member : calendars->get_object()) {
    const std::string id(member.key());
    bool known = false;
    for (const RegimeConfig& regime : out) known = known || regime.id == id;
    if (!known) return fail(Code::kInvalid, fmt::format("there is no regime '{}': 'firebreak deadline list' has them", id), "/deadlines/calendars/" + id);
  }
  return out;
}

Result<Json> organisation_of(const Json& config) {
  const Json* const given = find_pointer(config, "/deadlines/organisation");
  if (given == nullptr) return Json(JsonObject{});
  if (!given->is_object()) return fail(Code::kInvalid, "organisation maps names to texts: {name: …, lei: …, contact: …}", "/deadlines/organisation");
  for (const auto& member : given->get_object()) {
    const std::string name(member.key());
    if (!is_name(name) || !member.value().is_string() || member.value().get_string().size() > 500)
      return fail(Code::kInvalid, fmt::format("'{}' must be a text of at most 500 octets", name), "/deadlines/organisation/" + name);
  }
  return *given;
}

Result<void> apply_regimes(journal::Journal& journal, const std::vector<RegimeConfig>& regimes) {
  std::map<std::string, std::string> known;
  journal.with_state([&](const journal::View& view) { known = view.state<reporting::ReportingState>(reporting::kFoldName).regimes; });
  for (const RegimeConfig& regime : regimes) {
    const auto before = known.find(regime.id);
    const bool same = before != known.end() && before->second == regime.digest;
    if (before != known.end()) known.erase(before);
    if (same) continue;
    JsonObject body = calendar_json(regime).as_object();
    body["regime"] = regime.id;
    body["digest"] = regime.digest;
    body["document"] = regime.document;
    auto done = journal.submit_wait(Draft{"regime_configured", std::move(body), "firebreak", {}, {}});
    if (!done) return fail(std::move(done.error()).with(fmt::format("regime '{}'", regime.id)));
  }
  for (const auto& [id, digest] : known)
    FIREBREAK_TRY(journal.submit_wait(Draft{"regime_configured", JsonObject{{"regime", id}, {"digest", digest}, {"document", nullptr}}, "firebreak", {}, {}}));
  return {};
}

Result<std::set<deadline::Day>> load_holidays(Files& files, const std::string& path) {
  FIREBREAK_ASSIGN(const Json document, load_document(files, path));
  if (!document.is_array()) return fail(Code::kInvalid, path + ": holidays are a list of days: [\"2026-12-25\", \"2027-01-01\"]");
  std::set<deadline::Day> days;
  for (std::size_t i = 0; i < document.get_array().size(); ++i) {
    const Json& one = document.get_array()[i];
    auto day = deadline::parse_day(one.is_string() ? std::string_view(one.get_string()) : std::string_view());
    if (!day) return fail(std::move(day.error()).with(path).at("/" + std::to_string(i)));
    days.insert(*day);
  }
  return days;
}

}  // namespace firebreak::app
