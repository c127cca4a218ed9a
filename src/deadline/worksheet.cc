#include "deadline/worksheet.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace firebreak::deadline {
namespace {

constexpr std::size_t kSheets = 100, kCriteria = 40, kThresholds = 12, kTextBytes = 2'000;

Result<std::string> text_of(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(std::string text, get_string(object, key));
  if (text.empty() || text.size() > kTextBytes) return fail(Code::kInvalid, fmt::format("{} has 1 to {} octets", key, kTextBytes), fmt::format("/{}", key));
  return text;
}

Result<std::string> name_of(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(std::string name, get_string(object, key));
  if (!is_name(name)) return fail(Code::kInvalid, fmt::format("'{}' is no name: lower-case letters, digits, '.', '_', '-'", name), fmt::format("/{}", key));
  return name;
}

Result<const JsonArray*> list_of(const Json& object, std::string_view key, std::size_t most) {
  const Json* const list = find(object, key);
  if (list == nullptr || !list->is_array() || list->get_array().empty() || list->get_array().size() > most)
    return fail(Code::kInvalid, fmt::format("{} is a list of 1 to {}", key, most), fmt::format("/{}", key));
  return &list->get_array();
}

std::string number_text(double value) { return fmt::format("{:.15g}", value); }

// The number stands in the text by itself, not as a part of another.
bool says(const std::string& text, double number) {
  const std::string digits = number_text(number);
  const auto part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  for (std::size_t at = text.find(digits); at != std::string::npos; at = text.find(digits, at + 1)) {
    const std::size_t end = at + digits.size();
    if ((at == 0 || !part(text[at - 1])) && (end == text.size() || !(part(text[end]) && text[end] != '.'))) return true;
  }
  return false;
}

Result<Threshold> threshold_from(const Json& json, const std::string& text) {
  FIREBREAK_TRY(only_keys(json, {"value", "yes", "above", "at_least", "unit", "from"}));
  Threshold out;
  FIREBREAK_ASSIGN(out.value, name_of(json, "value"));
  const int kinds = (find(json, "yes") != nullptr) + (find(json, "above") != nullptr) + (find(json, "at_least") != nullptr);
  if (kinds != 1) return fail(Code::kInvalid, "a threshold has one of yes, above, at_least");
  if (find(json, "from") != nullptr) {
    FIREBREAK_ASSIGN(out.from, name_of(json, "from"));
  }
  if (find(json, "yes") != nullptr) {
    FIREBREAK_ASSIGN(out.yes, get_bool(json, "yes"));
    return out.yes ? Result<Threshold>(out) : fail(Code::kInvalid, "yes is true or absent", "/yes");
  }
  out.above = find(json, "above") != nullptr;
  const std::string_view key = out.above ? "above" : "at_least";
  FIREBREAK_ASSIGN(out.bound, get_number(json, key));
  FIREBREAK_ASSIGN(out.unit, text_of(json, "unit"));
  if (!says(text, out.bound)) return fail(Code::kInvalid, fmt::format("the text does not say {}", number_text(out.bound)), fmt::format("/{}", key));
  return out;
}

Result<Criterion> criterion_from(const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"id", "label", "citation", "text", "any"}));
  Criterion out;
  FIREBREAK_ASSIGN(out.id, name_of(json, "id"));
  FIREBREAK_ASSIGN(out.label, text_of(json, "label"));
  FIREBREAK_ASSIGN(out.citation, text_of(json, "citation"));
  FIREBREAK_ASSIGN(out.text, text_of(json, "text"));
  FIREBREAK_ASSIGN(const JsonArray* const any, list_of(json, "any", kThresholds));
  for (std::size_t i = 0; i < any->size(); ++i) {
    auto one = threshold_from((*any)[i], out.text);
    if (!one) return fail(std::move(one.error()).at(fmt::format("/any/{}", i)));
    out.any.push_back(std::move(*one));
  }
  return out;
}

Result<void> decision_into(Worksheet& sheet, const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"all", "any", "or_met", "event", "text"}));
  const auto known = [&](const std::string& id) { return std::any_of(sheet.criteria.begin(), sheet.criteria.end(), [&](const Criterion& one) { return one.id == id; }); };
  for (const auto& [key, into] : {std::pair<std::string_view, std::vector<std::string>*>{"all", &sheet.all}, {"any", &sheet.any}}) {
    if (find(json, key) != nullptr) {
      FIREBREAK_ASSIGN(*into, get_strings(json, key));
    }
    for (const std::string& id : *into)
      if (!known(id)) return fail(Code::kInvalid, fmt::format("no criterion is called '{}'", id), fmt::format("/{}", key));
  }
  FIREBREAK_ASSIGN(const std::int64_t count, get_int(json, "or_met"));
  if (count < 1 || count > static_cast<std::int64_t>(kCriteria)) return fail(Code::kInvalid, "or_met is 1 or more", "/or_met");
  sheet.or_met = static_cast<std::size_t>(count);
  FIREBREAK_ASSIGN(sheet.event, name_of(json, "event"));
  FIREBREAK_ASSIGN(sheet.text, text_of(json, "text"));
  return {};
}

Result<Source> source_from(const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"citation", "url", "seen", "checked"}));
  Source source;
  FIREBREAK_ASSIGN(source.citation, text_of(json, "citation"));
  FIREBREAK_ASSIGN(source.url, text_of(json, "url"));
  FIREBREAK_ASSIGN(const std::string seen, text_of(json, "seen"));
  FIREBREAK_ASSIGN(source.seen, parse_day(seen));
  FIREBREAK_ASSIGN(const std::string checked, text_of(json, "checked"));
  for (const Checked one : {Checked::kSource, Checked::kSecondary, Checked::kUnchecked})
    if (checked_name(one) == checked) return source.checked = one, source;
  return fail(Code::kInvalid, fmt::format("'{}' is none of source, secondary, unchecked", checked), "/checked");
}

Result<Worksheet> sheet_from(const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"regime", "title", "source", "decision", "criteria"}));
  Worksheet sheet;
  FIREBREAK_ASSIGN(sheet.regime, name_of(json, "regime"));
  FIREBREAK_ASSIGN(sheet.title, text_of(json, "title"));
  const Json* const source = find(json, "source");
  auto read = source == nullptr ? fail(Code::kInvalid, "a worksheet names its source") : source_from(*source);
  if (!read) return fail(std::move(read.error()).at("/source"));
  sheet.source = std::move(*read);
  FIREBREAK_ASSIGN(const JsonArray* const criteria, list_of(json, "criteria", kCriteria));
  std::set<std::string> ids, values;
  for (std::size_t i = 0; i < criteria->size(); ++i) {
    auto one = criterion_from((*criteria)[i]);
    if (!one) return fail(std::move(one.error()).at(fmt::format("/criteria/{}", i)));
    if (!ids.insert(one->id).second) return fail(Code::kInvalid, fmt::format("two criteria are called '{}'", one->id), fmt::format("/criteria/{}/id", i));
    for (const Threshold& threshold : one->any)
      if (!values.insert(threshold.value).second) return fail(Code::kInvalid, fmt::format("two thresholds are of '{}'", threshold.value), fmt::format("/criteria/{}/any", i));
    sheet.criteria.push_back(std::move(*one));
  }
  const Json* const decision = find(json, "decision");
  auto decided = decision == nullptr ? Result<void>(fail(Code::kInvalid, "a worksheet says how its criteria decide")) : decision_into(sheet, *decision);
  if (!decided) return fail(std::move(decided.error()).at("/decision"));
  return sheet;
}

Result<Answer> answer_of(const Threshold& threshold, const std::map<std::string, std::string>& values) {
  const auto given = values.find(threshold.value);
  if (given == values.end()) return Answer::kUnknown;
  const std::string& text = given->second;
  if (threshold.yes) {
    if (text == "yes" || text == "true") return Answer::kYes;
    if (text == "no" || text == "false") return Answer::kNo;
    return fail(Code::kInvalid, fmt::format("{} is yes or no, not '{}'", threshold.value, text), "/" + threshold.value);
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !(number >= 0)) return fail(Code::kInvalid, fmt::format("{} is a number of {}, not '{}'", threshold.value, threshold.unit, text), "/" + threshold.value);
  return (threshold.above ? number > threshold.bound : number >= threshold.bound) ? Answer::kYes : Answer::kNo;
}

// As in three-valued logic: unknown where what is missing could turn it.
Answer outcome_of(const Worksheet& sheet, const std::vector<Answer>& criteria) {
  const auto in = [](const std::vector<std::string>& ids, const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); };
  Answer all = Answer::kYes, one = Answer::kNo;
  std::size_t met = 0, open = 0;
  for (std::size_t i = 0; i < criteria.size(); ++i) {
    const std::string& id = sheet.criteria[i].id;
    if (in(sheet.all, id)) all = std::min(all, criteria[i]);
    if (in(sheet.any, id)) one = std::max(one, criteria[i]);
    if (in(sheet.all, id) || in(sheet.any, id)) continue;
    met += criteria[i] == Answer::kYes;
    open += criteria[i] == Answer::kUnknown;
  }
  const Answer count = met >= sheet.or_met ? Answer::kYes : met + open >= sheet.or_met ? Answer::kUnknown : Answer::kNo;
  return std::min(all, std::max(one, count));
}

}  // namespace

std::string_view answer_name(Answer answer) { return answer == Answer::kYes ? "yes" : answer == Answer::kNo ? "no" : "not known"; }

Result<std::vector<Worksheet>> worksheets_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"version", "worksheets"}));
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(document, "version"));
  if (version != 1) return fail(Code::kInvalid, fmt::format("version {} is not known; this program reads version 1", version), "/version");
  FIREBREAK_ASSIGN(const JsonArray* const list, list_of(document, "worksheets", kSheets));
  std::vector<Worksheet> sheets;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto sheet = sheet_from((*list)[i]);
    if (!sheet) return fail(std::move(sheet.error()).at(fmt::format("/worksheets/{}", i)));
    sheets.push_back(std::move(*sheet));
  }
  return sheets;
}

Result<Judged> judged(const Worksheet& sheet, const std::map<std::string, std::string>& values) {
  std::set<std::string> known;
  Judged out;
  for (const Criterion& criterion : sheet.criteria) {
    Answer answer = Answer::kNo;
    for (const Threshold& threshold : criterion.any) {
      known.insert(threshold.value);
      FIREBREAK_ASSIGN(const Answer one, answer_of(threshold, values));
      if (one == Answer::kUnknown) out.missing.push_back(threshold.value);
      answer = std::max(answer, one);
    }
    out.criteria.push_back(answer);
  }
  for (const auto& [name, value] : values)
    if (!known.contains(name)) {
      std::string names;
      for (const std::string& one : known) names += (names.empty() ? "" : ", ") + one;
      return fail(Code::kInvalid, fmt::format("the worksheet of '{}' has no value '{}'; it has: {}", sheet.regime, name, names), "/" + name);
    }
  out.outcome = outcome_of(sheet, out.criteria);
  return out;
}

Json to_json(const Worksheet& sheet, const std::map<std::string, std::string>& values, const Judged& found) {
  JsonArray criteria;
  for (std::size_t i = 0; i < sheet.criteria.size(); ++i) {
    const Criterion& criterion = sheet.criteria[i];
    JsonObject given;
    for (const Threshold& threshold : criterion.any)
      if (const auto value = values.find(threshold.value); value != values.end()) given[threshold.value] = value->second;
    criteria.push_back(JsonObject{{"id", criterion.id}, {"label", criterion.label}, {"citation", criterion.citation}, {"text", criterion.text}, {"met", answer_name(found.criteria[i])}, {"values", std::move(given)}});
  }
  return JsonObject{{"regime", sheet.regime}, {"title", sheet.title}, {"outcome", answer_name(found.outcome)}, {"rule", sheet.text}, {"event", sheet.event},
                    {"source", JsonObject{{"citation", sheet.source.citation}, {"url", sheet.source.url}, {"seen", format_day(sheet.source.seen)}, {"checked", checked_name(sheet.source.checked)}}},
                    {"criteria", std::move(criteria)}, {"missing", JsonArray(found.missing.begin(), found.missing.end())}};
}

std::string summary(const Worksheet& sheet, const std::map<std::string, std::string>& values, const Judged& found) {
  std::string out = fmt::format("{} {}, by {}.", sheet.title, answer_name(found.outcome), sheet.source.citation);
  for (std::size_t i = 0; i < sheet.criteria.size(); ++i) out += fmt::format("{} {}: {}", i == 0 ? "" : ";", sheet.criteria[i].label, answer_name(found.criteria[i]));
  std::string given;
  for (const auto& [name, value] : values) given += fmt::format("{}{}={}", given.empty() ? "" : ", ", name, value);
  return out + (given.empty() ? ". Nothing was given." : ". Given: " + given + ".");
}

}  // namespace firebreak::deadline
