#include "deadline/regime.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

namespace firebreak::deadline {
namespace {

constexpr std::string_view kFiled = "filed:";
constexpr int kMostAmount = 10'000;
constexpr std::size_t kMostRegimes = 200, kMostStages = 40, kMostPeriods = 12, kTextBytes = 2'000;

template <class T>
using Names = std::vector<std::pair<std::string_view, T>>;

const Names<Unit> kUnits = {{"immediately", Unit::kImmediately}, {"hours", Unit::kHours}, {"business_hours", Unit::kBusinessHours},
                            {"days", Unit::kDays}, {"business_days", Unit::kBusinessDays}, {"months", Unit::kMonths}};
const Names<Checked> kChecked = {{"source", Checked::kSource}, {"secondary", Checked::kSecondary}, {"unchecked", Checked::kUnchecked}};
const Names<Later> kLater = {{"none", Later::kNone}, {"end_of_day", Later::kEndOfDay}, {"working_day", Later::kWorkingDay},
                             {"working_day_noon", Later::kWorkingDayNoon}};
const Names<Tolling> kTolling = {{"none", Tolling::kNone}, {"stops", Tolling::kStops}, {"postpones", Tolling::kPostpones}};

template <class T>
std::string_view name_in(const Names<T>& names, T value) {
  for (const auto& [name, one] : names) {
    if (one == value) return name;
  }
  return {};
}

template <class T>
Result<T> one_of(const Json& object, std::string_view key, const Names<T>& names) {
  FIREBREAK_ASSIGN(const std::string word, get_string(object, key));
  std::string allowed;
  for (const auto& [name, value] : names) {
    if (name == word) return value;
    allowed += (allowed.empty() ? "" : ", ") + std::string(name);
  }
  return fail(Code::kInvalid, fmt::format("'{}' is none of {}", word, allowed), fmt::format("/{}", key));
}

Result<std::string> text_of(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(std::string text, get_string(object, key));
  if (text.empty() || text.size() > kTextBytes)
    return fail(Code::kInvalid, fmt::format("{} has 1 to {} octets", key, kTextBytes), fmt::format("/{}", key));
  return text;
}

Result<std::string> name_of(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(std::string name, get_string(object, key));
  if (!is_name(name)) return fail(Code::kInvalid, fmt::format("'{}' is no name: lower-case letters, digits, '.', '_', '-'", name), fmt::format("/{}", key));
  return name;
}

// An optional name, flag, text: absent is the default, of another type is an error.
Result<std::string> name_or_none(const Json& object, std::string_view key) {
  if (find(object, key) == nullptr) return std::string();
  return name_of(object, key);
}
Result<bool> flag(const Json& object, std::string_view key, bool fallback) {
  if (find(object, key) == nullptr) return fallback;
  return get_bool(object, key);
}

Result<const JsonArray*> list_of(const Json& object, std::string_view key, std::size_t most) {
  const Json* const list = find(object, key);
  if (list == nullptr || !list->is_array() || list->get_array().empty() || list->get_array().size() > most)
    return fail(Code::kInvalid, fmt::format("{} is a list of 1 to {}", key, most), fmt::format("/{}", key));
  return &list->get_array();
}

// "17:30" and "17:30:00" as seconds since midnight.
Result<std::int64_t> second_of_day(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::string text, get_string(object, key));
  const auto time = parse_time("1970-01-01T" + text + (text.size() == 5 ? ":00Z" : "Z"));
  if (!time || (text.size() != 5 && text.size() != 8) || time->us < 0 || time->us >= kDay)
    return fail(Code::kInvalid, fmt::format("'{}' is no time of day (as \"17:30\")", text), fmt::format("/{}", key));
  return time->us / kSecond;
}

Result<Day> day_in(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::string text, get_string(object, key));
  auto day = parse_day(text);
  if (!day) return fail(std::move(day.error()).at(fmt::format("/{}", key)));
  return *day;
}

Result<Source> source_from(const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"citation", "url", "seen", "checked"}));
  Source source;
  FIREBREAK_ASSIGN(source.citation, text_of(json, "citation"));
  FIREBREAK_ASSIGN(source.url, text_of(json, "url"));
  if (!source.url.starts_with("https://")) return fail(Code::kInvalid, "a source's address begins with https://", "/url");
  FIREBREAK_ASSIGN(source.seen, day_in(json, "seen"));
  FIREBREAK_ASSIGN(source.checked, one_of(json, "checked", kChecked));
  return source;
}

Result<Period> period_from(const Json& json, const std::vector<Stage>& before) {
  FIREBREAK_TRY(only_keys(json, {"from", "last", "year_end", "immediately", "hours", "business_hours", "days", "business_days", "months",
                                 "if", "drops_if_later"}));
  Period period;
  FIREBREAK_ASSIGN(period.from, get_string(json, "from"));
  if (period.from.starts_with(kFiled)) {
    const std::string stage = period.from.substr(kFiled.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i].id == stage) period.after_stage = i;
    }
    if (!period.after_stage) return fail(Code::kInvalid, fmt::format("no earlier stage is called '{}'", stage), "/from");
  } else {
    FIREBREAK_TRY(name_of(json, "from"));
  }
  int units = 0;
  for (const auto& [name, unit] : kUnits) {
    const Json* const value = find(json, name);
    if (value == nullptr) continue;
    ++units;
    period.unit = unit;
    if (unit == Unit::kImmediately) {
      if (!value->is_bool() || !value->get_bool()) return fail(Code::kInvalid, "immediately is true or absent", "/immediately");
      continue;
    }
    FIREBREAK_ASSIGN(const std::int64_t amount, get_int(json, name));
    if (amount < 1 || amount > kMostAmount) return fail(Code::kInvalid, fmt::format("{} are 1 to {}", name, kMostAmount), fmt::format("/{}", name));
    period.amount = static_cast<int>(amount);
  }
  if (units != 1)
    return fail(Code::kInvalid, "a period has one of immediately, hours, business_hours, days, business_days, months");
  FIREBREAK_ASSIGN(period.last, flag(json, "last", false));
  FIREBREAK_ASSIGN(period.year_end, flag(json, "year_end", false));
  FIREBREAK_ASSIGN(period.only_if, name_or_none(json, "if"));
  FIREBREAK_ASSIGN(period.drops_if_later, name_or_none(json, "drops_if_later"));
  return period;
}

Result<Stage> stage_from(const Json& json, const std::vector<Stage>& before) {
  FIREBREAK_TRY(only_keys(json, {"id", "name", "recipient", "due", "text", "citation", "paraphrased", "if", "unless", "periods"}));
  Stage stage;
  FIREBREAK_ASSIGN(stage.id, name_of(json, "id"));
  if (std::any_of(before.begin(), before.end(), [&](const Stage& one) { return one.id == stage.id; }))
    return fail(Code::kInvalid, fmt::format("two stages are called '{}'", stage.id), "/id");
  FIREBREAK_ASSIGN(stage.name, text_of(json, "name"));
  FIREBREAK_ASSIGN(stage.recipient, text_of(json, "recipient"));
  FIREBREAK_ASSIGN(stage.due, text_of(json, "due"));
  FIREBREAK_ASSIGN(stage.text, text_of(json, "text"));
  FIREBREAK_ASSIGN(stage.citation, text_of(json, "citation"));
  // No default: who writes a text says whose words it is.
  FIREBREAK_ASSIGN(stage.paraphrased, get_bool(json, "paraphrased"));
  FIREBREAK_ASSIGN(stage.only_if, name_or_none(json, "if"));
  FIREBREAK_ASSIGN(stage.unless, name_or_none(json, "unless"));
  FIREBREAK_ASSIGN(const JsonArray* const periods, list_of(json, "periods", kMostPeriods));
  for (std::size_t i = 0; i < periods->size(); ++i) {
    const std::string pointer = fmt::format("/periods/{}", i);
    auto period = period_from((*periods)[i], before);
    if (!period) return fail(std::move(period.error()).at(pointer));
    if (!names_period(stage.text, period->unit, period->amount))
      return fail(Code::kInvalid, fmt::format("the text of '{}' does not say {} {}", stage.id, period->amount, unit_name(period->unit)), pointer);
    stage.periods.push_back(std::move(*period));
  }
  return stage;
}

Result<std::array<bool, 7>> weekend_from(const Json& json) {
  static constexpr std::string_view kDays[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
  std::array<bool, 7> weekend{};
  FIREBREAK_ASSIGN(const std::vector<std::string> names, get_strings(json, "weekend"));
  for (const std::string& name : names) {
    const auto* const at = std::find(std::begin(kDays), std::end(kDays), name);
    if (at == std::end(kDays)) return fail(Code::kInvalid, fmt::format("'{}' is no day of the week (as sunday)", name), "/weekend");
    weekend[static_cast<std::size_t>(at - kDays)] = true;
  }
  if (std::all_of(weekend.begin(), weekend.end(), [](bool one) { return one; }))
    return fail(Code::kInvalid, "a week of seven days off has no business day", "/weekend");
  return weekend;
}

Result<Office> office_from(const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"opens", "closes"}));
  Office office;
  FIREBREAK_ASSIGN(office.opens, second_of_day(json, "opens"));
  FIREBREAK_ASSIGN(office.closes, second_of_day(json, "closes"));
  // An hour at least: a span of hours must end within some thousands of days.
  if (office.closes - office.opens < 3600) return fail(Code::kInvalid, "an office is open for an hour at least", "/closes");
  return office;
}

Result<Restart> restart_from(const Json& json, const std::set<std::string>& starts) {
  FIREBREAK_TRY(only_keys(json, {"on", "of"}));
  Restart restart;
  FIREBREAK_ASSIGN(restart.on, name_of(json, "on"));
  FIREBREAK_ASSIGN(const std::vector<std::string> of, get_strings(json, "of"));
  for (const std::string& name : of) {
    if (!starts.contains(name) || name.starts_with(kFiled)) return fail(Code::kInvalid, fmt::format("no period starts with '{}'", name), "/of");
    restart.of.insert(name);
  }
  if (restart.of.empty()) return fail(Code::kInvalid, "a restart replaces one start at least", "/of");
  return restart;
}

Result<void> rules_into(Regime& regime, const Json& json) {
  FIREBREAK_ASSIGN(regime.draft, flag(json, "draft", false));
  if (find(json, "applies_from") != nullptr) {
    FIREBREAK_ASSIGN(regime.applies_from, day_in(json, "applies_from"));
  }
  if (find(json, "weekend") != nullptr) {
    FIREBREAK_ASSIGN(regime.weekend, weekend_from(json));
  }
  if (find(json, "day_ends") != nullptr) {
    FIREBREAK_ASSIGN(regime.day_ends, second_of_day(json, "day_ends"));
  }
  if (find(json, "later") != nullptr) {
    FIREBREAK_ASSIGN(regime.later, one_of(json, "later", kLater));
  }
  if (find(json, "tolling") != nullptr) {
    FIREBREAK_ASSIGN(regime.tolling, one_of(json, "tolling", kTolling));
  }
  if (const Json* const hours = find(json, "office")) {
    auto office = office_from(*hours);
    if (!office) return fail(std::move(office.error()).at("/office"));
    regime.office = *office;
  }
  return {};
}

Result<Regime> regime_from(const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"id", "name", "jurisdiction", "source", "draft", "applies_from", "weekend", "day_ends", "office", "later",
                                 "tolling", "restart", "stages", "holds_evidence_until", "unknown"}));
  Regime regime;
  FIREBREAK_ASSIGN(regime.id, name_of(json, "id"));
  FIREBREAK_ASSIGN(regime.name, text_of(json, "name"));
  FIREBREAK_ASSIGN(regime.jurisdiction, text_of(json, "jurisdiction"));
  const Json* const source = find(json, "source");
  auto from = source == nullptr ? fail(Code::kInvalid, "a regime names its source") : source_from(*source);
  if (!from) return fail(std::move(from.error()).at("/source"));
  regime.source = std::move(*from);
  FIREBREAK_TRY(rules_into(regime, json));
  FIREBREAK_ASSIGN(const JsonArray* const stages, list_of(json, "stages", kMostStages));
  std::set<std::string> starts;
  for (std::size_t i = 0; i < stages->size(); ++i) {
    const std::string pointer = fmt::format("/stages/{}", i);
    auto stage = stage_from((*stages)[i], regime.stages);
    if (!stage) return fail(std::move(stage.error()).at(pointer));
    for (const Period& period : stage->periods) {
      starts.insert(period.from);
      if (period.unit == Unit::kBusinessHours && find(json, "office") == nullptr)
        return fail(Code::kInvalid, "business hours need the office's: office: {opens: \"09:00\", closes: \"17:00\"}", pointer);
    }
    regime.stages.push_back(std::move(*stage));
  }
  if (const Json* const restart = find(json, "restart")) {
    auto read = restart_from(*restart, starts);
    if (!read) return fail(std::move(read.error()).at("/restart"));
    regime.restart = std::move(*read);
  }
  FIREBREAK_ASSIGN(regime.holds_evidence_until, name_or_none(json, "holds_evidence_until"));
  if (const std::string& stage = regime.holds_evidence_until;
      !stage.empty() && std::none_of(regime.stages.begin(), regime.stages.end(), [&](const Stage& one) { return one.id == stage; }))
    return fail(Code::kInvalid, fmt::format("no stage is called '{}'", stage), "/holds_evidence_until");
  if (find(json, "unknown") != nullptr) {
    FIREBREAK_ASSIGN(regime.unknown, get_strings(json, "unknown"));
  }
  return regime;
}

}  // namespace

std::string period_text(const Period& period) {
  std::string out = "at once";
  if (period.unit != Unit::kImmediately) {
    out = fmt::format("{} {}", period.amount, unit_name(period.unit));
    std::replace(out.begin(), out.end(), '_', ' ');
    if (period.amount == 1) out.pop_back();
  }
  out += period.year_end ? " after the year of " + period.from : " after " + period.from;
  if (!period.only_if.empty()) out += " with " + period.only_if;
  if (!period.drops_if_later.empty()) out += " unless " + period.drops_if_later + " is later";
  return out;
}

std::string_view unit_name(Unit unit) { return name_in(kUnits, unit); }
std::string_view checked_name(Checked checked) { return name_in(kChecked, checked); }

Result<std::vector<Regime>> regimes_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"version", "regimes"}));
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(document, "version"));
  if (version != 1) return fail(Code::kInvalid, fmt::format("version {} is not known; this program reads version 1", version), "/version");
  FIREBREAK_ASSIGN(const JsonArray* const list, list_of(document, "regimes", kMostRegimes));
  std::vector<Regime> regimes;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto regime = regime_from((*list)[i]);
    if (!regime) return fail(std::move(regime.error()).at(fmt::format("/regimes/{}", i)));
    if (std::any_of(regimes.begin(), regimes.end(), [&](const Regime& one) { return one.id == regime->id; }))
      return fail(Code::kInvalid, fmt::format("two regimes are called '{}'", regime->id), fmt::format("/regimes/{}/id", i));
    regimes.push_back(std::move(*regime));
  }
  return regimes;
}

std::set<std::string> events_of(const Regime& regime) {
  std::set<std::string> events;
  for (const Stage& stage : regime.stages) {
    events.insert(std::string(kFiled) + stage.id);
    for (const Period& period : stage.periods) {
      events.insert(period.from);
      if (!period.drops_if_later.empty()) events.insert(period.drops_if_later);
    }
  }
  if (regime.restart) events.insert(regime.restart->on);
  return events;
}

std::set<std::string> facts_of(const Regime& regime) {
  std::set<std::string> facts;
  for (const Stage& stage : regime.stages) {
    facts.insert(stage.only_if);
    facts.insert(stage.unless);
    for (const Period& period : stage.periods) facts.insert(period.only_if);
  }
  facts.erase("");
  return facts;
}

}  // namespace firebreak::deadline
