#include "read/report/casefile.h"

#include <fmt/core.h>

#include "read/report/html.h"
#include "types/casefile.h"

namespace firebreak::report {
namespace {

constexpr const char* kRatings[] = {"functional_now", "functional_likely", "information", "recoverability"};

const JsonArray& list(const Json& from, std::string_view key) {
  static const JsonArray nothing;
  const Json* const value = find(from, key);
  return value != nullptr && value->is_array() ? value->get_array() : nothing;
}

std::string plain(const Json& value) {
  if (!value.is_array()) return shown(&value);
  std::string out;
  for (const Json& one : value.get_array()) out += (out.empty() ? "" : ", ") + shown(&one);
  return out;
}

std::string impact(const Json& report) {
  const Json* const change = find(report, "impact_change");
  if (change == nullptr || !change->is_object()) return "<p>The impact was not rated.</p>\n";
  Table table{{"Impact", "First rated", "Last rated"}, {}};
  for (const char* name : kRatings) table.rows.push_back({escape_markup(name), plain(change->at("first").at(name)), plain(change->at("last").at(name))});
  table.rows.push_back({"rated", shown_time(change->at("first"), "time") + ", entry " + entry_link(&change->at("first")), shown_time(change->at("last"), "time") + ", entry " + entry_link(&change->at("last"))});
  const std::size_t changed = list(*change, "changed").size();
  return table.html("") + fmt::format("<p class=\"soft\">{}</p>\n", changed == 0 ? "The last rating says what the first said." : fmt::format("{} of 4 ratings changed: {}.", changed, plain(change->at("changed"))));
}

}  // namespace

Json impact_change(const Json& incident) {
  const JsonArray& all = list(incident, "impacts");
  if (all.empty()) return nullptr;
  const auto rating = [](const Json& from) {
    JsonObject out;
    for (const char* name : kRatings) out[name] = find(from, name) != nullptr ? from.at(name) : Json(nullptr);
    for (const char* name : {"time", "index", "by"}) out[name] = find(from, name) != nullptr ? from.at(name) : Json(nullptr);
    return out;
  };
  JsonArray changed;
  for (const char* name : kRatings)
    if (rating(all.front()).at(name) != rating(all.back()).at(name)) changed.push_back(Json(name));
  return JsonObject{{"first", rating(all.front())}, {"last", rating(all.back())}, {"changed", std::move(changed)}, {"ratings", all.size()}};
}

std::string casefile_html(const Json& report) {
  std::string out = impact(report);
  Table fields{{"Field", "What it says", "By", "Entry"}, {}};
  for (const Json& field : list(report, "fields")) {
    const Json* const value = find(field, "value");
    const Json* const said = find(field, "said");
    fields.rows.push_back({shown(field, "field"), value != nullptr ? plain(*value) : shown(field, "text"), said == nullptr ? "" : shown(*said, "by"), entry_link(said)});
  }
  for (const Json& label : list(report, "labels"))
    if (string_or(label, "state") == "holds")
      fields.rows.push_back({shown(label, "framework") + " " + shown(label, "version"), shown(label, "label"), shown(label.at("said"), "by"), entry_link(&label.at("said"))});
  if (!fields.rows.empty()) out += fields.html("");
  Table related{{"Relation", "Incident", "Why", "Entry"}, {}};
  for (const Json& relation : list(report, "relations"))
    if (string_or(relation, "state") == "holds") related.rows.push_back({shown(relation, "relation"), shown(relation, "other"), shown(relation, "reason"), entry_link(&relation.at("said"))});
  if (!related.rows.empty()) out += related.html("");
  Table hurt{{"Asset or indicator", "State", "Mark", "Entry"}, {}};
  for (const Json& asset : list(report, "assets")) hurt.rows.push_back({shown(asset, "asset"), shown(asset, "state"), "", entry_link(&asset.at("said"))});
  for (const Json& indicator : list(report, "indicators"))
    hurt.rows.push_back({shown(indicator, "type") + ": " + shown(indicator, "value"), shown(indicator, "sign") + ", " + shown(indicator, "state"), shown(indicator, "tlp"), entry_link(&indicator)});
  if (!hurt.rows.empty()) out += hurt.html("");
  return out;
}

// What a lesson led to.
std::string amendments_of(const Json& lesson) {
  std::string out;
  for (const Json& one : list(lesson, "amendments")) out += "<br><span class=\"soft\">" + shown(one, "id") + " (" + shown(one, "change") + "): " + shown(one, "state") + "</span>";
  return out;
}

std::string lessons_html(const Json& report) {
  Table lessons{{"Lesson", "In phase", "By", "Entry"}, {}};
  for (const Json& lesson : list(report, "lessons")) lessons.rows.push_back({(string_or(lesson, "question").empty() ? "" : "<span class=\"soft\">" + escape_markup(review_question(string_or(lesson, "question"))) + "</span><br>") + shown(lesson, "text") + amendments_of(lesson), shown(lesson, "phase"), shown(lesson.at("said"), "by"), entry_link(&lesson)});
  Table follow_ups{{"Follow-up", "Owner", "Due", "Accepted when", "State"}, {}};
  for (const Json& one : list(report, "follow_ups")) {
    std::string state = shown(one, "state");
    if (const Json* const closed = find(one, "closed"); closed != nullptr && closed->is_object())
      state = fmt::format("closed with {} (entry {}): {}{}", shown(*closed, "evidence"), entry_link(closed), shown(*closed, "result"), bool_or(*closed, "late") ? ", late" : "");
    else if (bool_or(one, "overdue")) state = "<span class=\"bad\">overdue</span>";
    follow_ups.rows.push_back({shown(one, "id") + ": " + shown(one, "text"), shown(one, "owner"), shown_time(one, "due"), shown(one, "acceptance"), state});
  }
  return lessons.html("No lesson was written down.") + follow_ups.html("No follow-up was opened.");
}

}  // namespace firebreak::report
