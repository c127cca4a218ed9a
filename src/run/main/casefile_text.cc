#include "run/main/casefile_text.h"

#include <fmt/core.h>

#include <cstdio>

#include "run/main/print.h"

namespace firebreak::cli {
namespace {

std::string text(const Json& object, std::string_view key) { return cell(find(object, key)); }

const JsonArray& items(const Json& object, std::string_view key) {
  static const JsonArray kNone;
  const Json* list = find(object, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

std::string joined(const JsonArray& list) {
  std::string out;
  for (const Json& one : list) out += (out.empty() ? "" : ", ") + cell(&one);
  return out;
}

// What a value of the record says in a line.
std::string told(const Json& value) {
  if (!value.is_array()) return cell(&value);
  bool plain = true;
  for (const Json& one : value.get_array()) plain = plain && !one.is_object();
  return plain ? joined(value.get_array()) : fmt::format("{} (--json)", value.get_array().size());
}

std::string of_list(const Json& summary, std::string_view key, std::string_view title) {
  std::string out;
  for (const Json& one : items(summary, key)) out += fmt::format("    {}: {}{}\n", title, text(one, "what"), find(one, "time") != nullptr ? " at " + text(one, "time") : "");
  return out;
}

}  // namespace

std::string timeline_text(const Json& page) {
  std::string out;
  for (const Json& line : items(page, "items")) {
    out += fmt::format("{}  {:7} {}  {}\n", text(line, "time"), text(line, "type"), find(line, "row") != nullptr ? text(line, "row") : "journal " + text(line, "index"), text(line, "text"));
    if (find(line, "occurred") != nullptr) out += fmt::format("    occurred {}{}\n", text(line, "occurred"), find(line, "said") != nullptr ? " (said as " + text(line, "said") + ")" : "");
    if (find(line, "source") != nullptr) out += fmt::format("    source: {}\n", text(line, "source"));
    if (find(line, "corrected_by") != nullptr) out += fmt::format("    corrected by {}\n", text(line, "corrected_by"));
  }
  if (out.empty()) return "no such rows\n";
  const Json* const next = find(page, "next");
  return out + (next != nullptr && next->is_string() ? fmt::format("more: --cursor {}\n", cell(next)) : "");
}

std::string record_text(const Json& record) {
  std::string out = fmt::format("{} {}\n", text(record, "incident"), text(record, "title")), missing;
  for (const Json& field : items(record, "fields")) {
    if (bool_or(field, "missing")) {
      missing += (missing.empty() ? "" : ", ") + text(field, "field");
      continue;
    }
    const Json* const set = find(field, "set");
    out += fmt::format("  {:20} {}{}\n", text(field, "field"), told(field.at("value")), set != nullptr && set->is_object() ? fmt::format("  [{} {}]", text(*set, "by"), text(*set, "time")) : "");
  }
  return out + (missing.empty() ? "nothing is missing\n" : fmt::format("missing: {}\nfill in: firebreak incident set {} FIELD VALUE\n", missing, text(record, "incident")));
}

std::string checklist_text(const Json& told) {
  std::string out = fmt::format("{}, round {} of the loop from 6.3 to 1.1\n", text(told, "incident"), text(told, "round"));
  for (const Json& item : items(told, "items")) {
    const Json* const by = find(item, "by");
    const std::string because = by != nullptr && by->is_object() ? fmt::format("{} {}", text(*by, "by"), text(*by, "time")) : string_or(item, "because");
    out += fmt::format("  {} {:4} {}{}  ({})\n", string_or(item, "state") == "open" ? "[ ]" : string_or(item, "state") == "not_applicable" ? "[-]" : "[x]", text(item, "id"), text(item, "text"),
                       because.empty() ? "" : " - " + because, joined(items(item, "csf")));
    for (const char* key : {"evidence", "note"})
      if (!string_or(item, key).empty()) out += fmt::format("           {}: {}\n", key, text(item, key));
  }
  out += "Coverage of CSF 2.0\n";
  for (const Json& one : items(told, "coverage")) out += fmt::format("  {} {} of {}  {}\n", text(one, "id"), text(one, "done"), text(one, "of"), text(one, "text"));
  return out + fmt::format("unmapped: {}\n", items(told, "unmapped").size());
}

std::string notes_text(const Json& notes) {
  std::string out = fmt::format("{} of {}, revision {} by {} at {}\n{}\n", text(notes, "document"), text(notes, "incident"), text(notes, "revision"), cell(find_pointer(notes, "/said/by")),
                                cell(find_pointer(notes, "/said/time")), string_or(notes, "text"));
  for (const Json& kept : items(notes, "kept"))
    out += fmt::format("--- kept: {} wrote on revision {} at {}\n{}\n", text(kept, "by"), text(kept, "base"), text(kept, "time"), string_or(kept, "text"));
  return out;
}

// Its lines stay lines; what else steers a terminal does not come through.
std::string lines_of(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const Json line(text.substr(at, end - at));
    if (end != text.size() || at < end) out += "  " + cell(&line) + "\n";
    at = end + 1;
  }
  return out;
}

std::string privileged_text(const Json& list) {
  const Json* const items = find(list, "items");
  if (items == nullptr || !items->is_array() || items->get_array().empty()) return "no note is sealed\n";
  std::string out;
  for (const Json& note : items->get_array()) {
    const Json* const text = find(note, "text");
    out += fmt::format("{} by {}, {}\n", cell(find(note, "id")), cell(find(note, "by")), cell(find(note, "time")));
    out += text != nullptr && text->is_string() ? lines_of(std::string(text->get_string())) : "  cannot be opened: " + cell(find(note, "error")) + "\n";
  }
  return out + "counsel releases one: firebreak incident release INC NOTE --reason TEXT\n";
}

std::string handovers_text(const Json& list) {
  std::string out;
  for (const Json& one : items(list, "items")) {
    const std::string digest = cell(find_pointer(one, "/situation/digest"));
    out += fmt::format("{} {}: {} to {}, by {} at {}\n", text(one, "id"), text(one, "state"), text(one, "role"), text(one, "to"), cell(find_pointer(one, "/said/by")), cell(find_pointer(one, "/said/time")));
    if (!string_or(one, "note").empty()) out += fmt::format("    note: {}\n", text(one, "note"));
    const Json* const summary = find(one, "summary");
    if (summary != nullptr && summary->is_object()) {
      const Json& situation = summary->at("situation");
      out += fmt::format("    {}, {}, {}\n", text(situation, "title"), text(situation, "severity"), text(situation, "phase"));
      if (!situation.at("next_steps").is_null()) out += fmt::format("    next steps: {}\n", text(situation, "next_steps"));
      for (const Json& fact : items(situation, "facts")) out += fmt::format("    {} {}\n", text(fact, "occurred"), text(fact, "text"));
      out += of_list(*summary, "in_force", "in force") + of_list(*summary, "needs_person", "to do") + of_list(*summary, "waiting", "waits") + of_list(*summary, "due", "due");
    }
    if (string_or(one, "state") == "waiting") out += fmt::format("    firebreak incident accept {} --digest {}\n", text(one, "id"), digest);
  }
  return out.empty() ? "no hand-overs\n" : out;
}

std::string radius_text(const Json& radius) {
  std::string out;
  for (const Json& source : items(radius, "sources")) out += fmt::format("{} is {}: reaches {}\n", text(source, "asset"), text(source, "state"), text(source, "reaches"));
  if (out.empty()) return fmt::format("no asset of {} is compromised or suspected: firebreak incident asset {} ASSET compromised\n", text(radius, "incident"), text(radius, "incident"));
  return out + (items(radius, "reached").empty() ? "" : table(items(radius, "reached"), {{"ASSET", "/asset", 60}, {"TYPE", "/type", 20}, {"STEPS", "/distance", 6}, {"THROUGH", "/through", 60}}));
}

std::string follow_ups_text(const Json& list) {
  if (items(list, "items").empty()) return "no follow-ups\n";
  return table(items(list, "items"), {{"FOLLOW-UP", "/id", 14}, {"STATE", "/state", 8}, {"OVERDUE", "/overdue", 7}, {"DUE", "/due", 26}, {"OWNER", "/owner", 16}, {"INCIDENT", "/incident", 14},
                                      {"WHAT", "/text", 60}, {"ACCEPTED WHEN", "/acceptance", 60}, {"EVIDENCE", "/closed/evidence", 24}});
}

std::string asset_text(const Json& asset) {
  std::string out = fmt::format("{} {}\n", text(asset, "id"), text(asset, "type"));
  for (const char* key : {"owner", "criticality", "data_class", "regulatory_role", "version", "digest", "last_known_good", "fallback", "kill_switch", "tested"})
    if (!string_or(asset, key).empty()) out += fmt::format("  {:16} {}\n", key, text(asset, key));
  for (const auto& [key, title] : {std::pair("upstream", "depends on"), {"downstream", "needed by"}})
    for (const Json& one : items(asset, key)) out += fmt::format("  {:16} {} ({}), {} step(s), through {}\n", title, text(one, "asset"), text(one, "type"), text(one, "distance"), text(one, "through"));
  return out;
}

int export_assets(Client& client) {
  JsonArray all;
  for (std::string cursor;;) {
    const auto page = client.get("/api/v1/assets?limit=500" + (cursor.empty() ? "" : "&cursor=" + cursor));
    if (!page) return report_error(page.error(), client.connection().json);
    for (const Json& one : items(*page, "items")) all.push_back(one);
    const Json* const next = find(*page, "next");
    if (next == nullptr || !next->is_string()) break;
    cursor = std::string(next->get_string());
  }
  if (client.connection().json) {
    fmt::print("{}", pretty_json(JsonObject{{"items", std::move(all)}}));
  } else {
    std::fputs(all.empty() ? "no assets\n" : table(all, {{"ASSET", "/id", 60}, {"TYPE", "/type", 16}, {"OWNER", "/owner", 16}, {"CRITICALITY", "/criticality", 11}, {"NEEDS", "/needs", 40}}).c_str(), stdout);
  }
  return kDone;
}

}  // namespace firebreak::cli
