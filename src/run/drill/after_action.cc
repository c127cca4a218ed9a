#include "run/drill/after_action.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/markup.h"

namespace firebreak::drill {
namespace {

constexpr double kMet = 0.5, kWithoutLack = 0.995;
constexpr std::int64_t kDue = 30 * kDay;

const JsonArray& list_of(const Json& document, std::string_view key) {
  static const JsonArray kNone;
  const Json* list = find(document, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

// Names of parts that say that other work was harmed.
bool harms(const Part& part) {
  if (part.item == "containment" && part.name == "collateral") return number_or(part.raw, "failed") > 0;
  if (part.name == "the card that had to be rejected") return bool_or(part.raw, "approved");
  return part.item == "detection" && int_or(part.raw, "false_declarations") > 0;
}

bool rates(const Part& part, const std::string& by) {
  return part.item == by || (part.item == "decisions" && (part.name == by || (by == "card" && part.name == "the card that had to be rejected")));
}

Json rate(const Score& score, const Objective& objective) {
  double points = 0, of = 0;
  bool harmed = false;
  JsonArray lacks;
  for (const Part& part : score.parts) {
    if (std::none_of(objective.rated_by.begin(), objective.rated_by.end(), [&](const std::string& by) { return rates(part, by); })) continue;
    points += part.points;
    of += part.of;
    harmed = harmed || harms(part);
    if (part.of > 0 && part.points < part.of * kWithoutLack) lacks.push_back(Json(fmt::format("{}: {}", part.name, part.said)));
  }
  const double share = of == 0 ? 0 : points / of;
  const char* const letter = of == 0 ? "-" : share < kMet ? "U" : harmed ? "M" : share < kWithoutLack ? "S" : "P";
  return JsonObject{{"id", objective.id}, {"objective", objective.text}, {"rating", letter}, {"points", std::round(points * 100) / 100}, {"of", std::round(of * 100) / 100}, {"lacks", std::move(lacks)}};
}

std::string_view meaning(const std::string& letter) {
  if (letter == "P") return "met, nothing lacking";
  if (letter == "S") return "met, improvements noted";
  if (letter == "M") return "met, but it harmed other work";
  return letter == "U" ? "not met" : "not exercised";
}

// What each item trains, of the five elements of capability (planning, organisation, equipment, training, exercise).
std::string_view element(const std::string& item) {
  if (item == "detection" || item == "evidence") return "equipment";
  if (item == "triage" || item == "decisions") return "training";
  return item == "communication" ? "organisation" : "planning";
}

std::string lead_of(const Score& score) {
  for (const Json& role : list_of(score.declaration, "roles"))
    if (bool_or(role, "lead")) return string_or(role, "role");
  return "";
}

std::string team_of(const Score& score, const std::string& role) {
  for (const Json& known : list_of(score.declaration, "roles"))
    if (string_or(known, "role") == role) return string_or(known, "team");
  return "";
}

// A follow-up for each part that lost points. Its owner is whose decision it was, else the lead.
JsonArray follow_ups(const Score& score, Time from) {
  JsonArray out;
  for (const Part& part : score.parts) {
    if (part.of == 0 || part.points >= part.of * kWithoutLack) continue;
    std::string owner = lead_of(score);
    if (part.item == "decisions" && !string_or(part.raw, "role").empty()) owner = string_or(part.raw, "role");
    out.push_back(JsonObject{{"number", out.size() + 1},
                             {"capability", part.item},
                             {"issue", fmt::format("{}: {}", part.name, part.said)},
                             {"corrective_action", fmt::format("Find why {} fell short and change playbook, rule or duty accordingly", part.item == "decisions" ? "this decision" : part.name)},
                             {"element", element(part.item)},
                             {"owner", owner},
                             {"team", team_of(score, owner)},
                             {"start", format_time(from)},
                             {"due", format_time(from + kDue)},
                             {"acceptance_test", fmt::format("'firebreak drill run {}' with these roles: {}, {} has all {:.2f} points", score.name, part.item, part.name, part.of)}});
  }
  return out;
}

// A lane for each team: what was expected of its roles and what they did.
JsonArray lanes(const Score& score) {
  JsonArray out;
  for (const Json& role : list_of(score.declaration, "roles")) {
    const std::string team = string_or(role, "team");
    std::size_t expected = 0, made = 0, late = 0;
    double points = 0, of = 0;
    JsonArray roles;
    for (const Json& member : list_of(score.declaration, "roles")) {
      if (string_or(member, "team") != team) continue;
      roles.push_back(member.at("role"));
      for (const Part& part : score.parts) {
        if (part.item != "decisions" || string_or(part.raw, "role") != string_or(member, "role")) continue;
        ++expected;
        made += bool_or(part.raw, "made");
        late += bool_or(part.raw, "made") && !bool_or(part.raw, "in_time");
        points += part.points;
        of += part.of;
      }
    }
    const bool known = std::any_of(out.begin(), out.end(), [&](const Json& lane) { return string_or(lane, "team") == team; });
    if (known || expected == 0) continue;
    out.push_back(JsonObject{{"team", team}, {"roles", std::move(roles)}, {"expected", expected}, {"made", made}, {"late", late}, {"points", std::round(points * 100) / 100}, {"of", std::round(of * 100) / 100}});
  }
  return out;
}

std::string cell(const Json& row, std::string_view key) {
  const Json* const value = find(row, key);
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(value->get_string());
  if (!value->is_array()) return canonical_json(*value);
  std::string out;
  for (const Json& item : value->get_array()) out += (out.empty() ? "" : ", ") + (item.is_string() ? std::string(item.get_string()) : canonical_json(item));
  return out;
}

struct Table {
  std::string_view title, key;
  std::vector<std::pair<std::string_view, std::string_view>> columns;  // heading, member
};

std::vector<Table> tables() {
  return {{"Objectives", "objectives", {{"Rating", "rating"}, {"", "meaning"}, {"Objective", "objective"}, {"Points", "points"}, {"Of", "of"}, {"Lacks", "lacks"}}},
          {"Score", "parts", {{"Item", "item"}, {"Part", "part"}, {"Points", "points"}, {"Of", "of"}, {"What happened", "said"}}},
          {"Lanes", "lanes", {{"Team", "team"}, {"Roles", "roles"}, {"Expected decisions", "expected"}, {"Made", "made"}, {"Late", "late"}, {"Points", "points"}, {"Of", "of"}}},
          {"Injects", "injects", {{"No.", "inject"}, {"Out", "time"}, {"Type", "type"}, {"From", "from"}, {"To", "to"}, {"Channel", "channel"}, {"Text", "text"}, {"Expected", "expected"}}},
          {"Follow-ups",
           "follow_ups",
           {{"No.", "number"}, {"Capability", "capability"}, {"Issue", "issue"}, {"Corrective action", "corrective_action"}, {"Element", "element"}, {"Owner", "owner"}, {"Team", "team"},
            {"Start", "start"}, {"Due", "due"}, {"Acceptance test", "acceptance_test"}}}};
}

std::string escaped_cell(const std::string& text) {  // of a Markdown table
  std::string out;
  for (const char c : text) {
    if (c == '|') out += "\\|";
    else if (c == '<') out += "&lt;";
    else out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

}  // namespace

Result<Json> after_action(const Score& score, Time made_at) {
  FIREBREAK_ASSIGN(const std::vector<Objective> objectives, parse_objectives(score.sealed));
  Json report = to_json(score);
  JsonObject& out = report.as_object();
  JsonArray rated;
  for (const Objective& objective : objectives) {
    Json row = rate(score, objective);
    row.as_object()["meaning"] = meaning(string_or(row, "rating"));
    rated.push_back(std::move(row));
  }
  out["objectives"] = std::move(rated);
  out["made_at"] = format_time(made_at);
  out["follow_ups"] = follow_ups(score, made_at);
  out["lanes"] = lanes(score);
  out["roles"] = score.declaration.at("roles");
  out["truth"] = score.sealed.at("truth");
  return report;
}

std::string after_action_markdown(const Json& report) {
  std::string out = fmt::format("# {}: after-action report\n\n{}\n\n{} of {} points. N = {} run; times are the journal's. The sealed truth (SHA-256 `{}`) {} what was declared at the start.\n",
                                cell(report, "exercise"), cell(report, "title"), cell(report, "points"), cell(report, "of"), cell(report, "n"), cell(report, "truth_digest"), cell(report, "seal"));
  for (const Table& table : tables()) {
    out += fmt::format("\n## {}\n\n", table.title);
    if (list_of(report, table.key).empty()) {
      out += "None.\n";
      continue;
    }
    std::string heads = "|", rule = "|";
    for (const auto& [heading, member] : table.columns) {
      heads += fmt::format(" {} |", heading);
      rule += "---|";
    }
    out += heads + "\n" + rule + "\n";
    for (const Json& row : list_of(report, table.key)) {
      out += "|";
      for (const auto& [heading, member] : table.columns) out += " " + escaped_cell(cell(row, member)) + " |";
      out += "\n";
    }
  }
  return out;
}

std::string after_action_html(const Json& report) {
  const auto text = [](const std::string& raw) { return escape_markup(raw); };
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}: after-action report</title>\n<style>body{{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;"
      "padding:0 1rem}}table{{border-collapse:collapse;width:100%}}th,td{{border:1px solid #767676;padding:.3rem .5rem;text-align:left;vertical-align:top}}.exercise{{background:#ffd400;color:#000;"
      "padding:.5rem 1rem;font-weight:bold}}</style></head>\n<body>\n<p class=\"exercise\">{0}: nothing here is real</p>\n<h1>After-action report</h1>\n<p>{1}</p>\n<p>{2} of {3} points. N = {4} run; "
      "times are the journal's. The sealed truth (SHA-256 <code>{5}</code>) {6} what was declared at the start.</p>\n",
      text(cell(report, "exercise")), text(cell(report, "title")), text(cell(report, "points")), text(cell(report, "of")), text(cell(report, "n")), text(cell(report, "truth_digest")),
      text(cell(report, "seal")));
  for (const Table& table : tables()) {
    out += fmt::format("<h2>{}</h2>\n", table.title);
    if (list_of(report, table.key).empty()) {
      out += "<p>None.</p>\n";
      continue;
    }
    out += "<table><thead><tr>";
    for (const auto& [heading, member] : table.columns) out += fmt::format("<th scope=\"col\">{}</th>", heading);
    out += "</tr></thead><tbody>\n";
    for (const Json& row : list_of(report, table.key)) {
      out += "<tr>";
      for (const auto& [heading, member] : table.columns) out += "<td>" + text(cell(row, member)) + "</td>";
      out += "</tr>\n";
    }
    out += "</tbody></table>\n";
  }
  return out + "</body></html>\n";
}

}  // namespace firebreak::drill
