// A post-mortem as Markdown, to be edited and filed, and as a section of the report's page.
#include <fmt/core.h>

#include "read/report/brief_parts.h"
#include "read/report/html.h"
#include "read/report/postmortem.h"

namespace firebreak::report {
namespace {

// One line, and nothing in it that Markdown takes for markup: what people typed stays what they typed.
std::string plain(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_{}[]<>#|~";
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == '\t') {
      out += ' ';
      continue;
    }
    if (kMarkup.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string value(const Json& json) {
  if (json.is_null()) return "not known";
  if (json.is_string()) return plain(std::string(json.get_string()));
  if (json.is_array()) {
    std::string out;
    for (const Json& one : json.get_array()) out += (out.empty() ? "" : ", ") + value(one);
    return out.empty() ? "not known" : out;
  }
  return plain(canonical_json(json));
}

std::string of(const Json& object, std::string_view key) { return value(member_or_null(object, key)); }

std::string entry(const Json& item) {
  const Json index = member_or_null(item, "index");
  return index.is_number() ? fmt::format(" (journal {})", canonical_json(index)) : "";
}

std::string lines(const JsonArray& items, std::string_view none) {
  std::string out;
  for (const Json& one : items) out += fmt::format("- {}{}{}\n", of(one, "text"), string_or(one, "by").empty() ? "" : ", " + of(one, "by"), entry(one));
  return out.empty() ? fmt::format("{}\n", none) : out;
}

std::string seconds(const Json& from) { return from.is_null() ? "did not happen" : span_text(from.to_number<std::int64_t>() * kSecond); }

std::string impact_lines(const Json& impact) {
  std::string out;
  if (const Json change = member_or_null(impact, "change"); change.is_object())
    for (const char* when : {"first", "last"}) {
      const Json& rated = change.at(when);
      out += fmt::format("- {} rated: functional {} now, {} likely; information {}; recoverability {}{}\n", when, of(rated, "functional_now"), of(rated, "functional_likely"), of(rated, "information"), of(rated, "recoverability"), entry(rated));
    }
  else
    out += "- The impact was not rated.\n";
  if (const Json remedy = member_or_null(impact, "remedy"); remedy.is_object())
    out += fmt::format("- Decisions affected: {}; {} would be others now; {} reversed, {} confirmed, {} customers told, {} open\n", of(remedy, "affected"), of(remedy, "changed"), of(remedy, "reversed"), of(remedy, "confirmed"), of(remedy, "told"), of(remedy, "open"));
  else if (const Json affected = member_or_null(impact, "affected"); affected.is_object())
    out += fmt::format("- Decisions affected: {}, of {} callers{}\n", of(affected, "inferences"), of(affected, "caller_count"), entry(affected));
  else
    out += "- Decisions affected: nobody measured it\n";
  out += member_or_null(impact, "cost_amount").is_null() ? "- Cost: nobody has stated it\n" : fmt::format("- Cost: {} {} ({})\n", of(impact, "cost_amount"), of(impact, "cost_unit"), of(impact, "cost_status"));
  for (const auto& [key, label] : {std::pair("labour_hours", "Hours of labour"), {"people_risk", "Risk to people"}, {"data_impact", "Data"}, {"business_impact", "Business"}})
    if (!member_or_null(impact, key).is_null()) out += fmt::format("- {}: {}\n", label, of(impact, key));
  return out;
}

std::string question_lines(const Json& question) {
  std::string out = fmt::format("### {}\n\n", of(question, "asks"));
  for (const char* list : {"answers", "record"})
    if (!items_of(question, list).empty()) out += lines(items_of(question, list), "");
  if (!bool_or(question, "answered")) out += fmt::format("**Not answered.** `{}`\n", string_or(question, "command"));
  if (!items_of(question, "near").empty()) out += "\nThe record beside it:\n\n" + lines(items_of(question, "near"), "");
  return out + "\n";
}

std::string follow_up_line(const Json& one) {
  std::string state = of(one, "state");
  if (const Json closed = member_or_null(one, "closed"); closed.is_object()) state = fmt::format("closed with {}: {}{}", of(closed, "evidence"), of(closed, "result"), bool_or(closed, "late") ? ", late" : "");
  else if (bool_or(one, "overdue")) state = "OVERDUE";
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", of(one, "id"), of(one, "text"), of(one, "owner"), of(one, "due"), of(one, "acceptance"), state);
}

std::string questions_html(const Json& postmortem) {
  std::string out;
  for (const Json& question : items_of(postmortem, "questions")) {
    std::string said;
    for (const char* list : {"answers", "record"})
      for (const Json& one : items_of(question, list))
        said += fmt::format("<li>{}{} {}</li>", shown(one, "text"), string_or(one, "by").empty() ? "" : " <span class=\"soft\">" + shown(one, "by") + "</span>", entry_link(&one));
    std::string beside;
    for (const Json& one : items_of(question, "near")) beside += fmt::format("<li>{} {}</li>", shown(one, "text"), entry_link(&one));
    out += fmt::format("<h3>{}</h3>\n", shown(question, "asks"));
    if (!said.empty()) out += "<ul>" + said + "</ul>\n";
    if (!bool_or(question, "answered")) out += fmt::format("<p><span class=\"bad\">Not answered.</span> <code>{}</code></p>\n", shown(question, "command"));
    if (!beside.empty()) out += "<p class=\"soft\">The record beside it:</p><ul class=\"soft\">" + beside + "</ul>\n";
  }
  return out;
}

}  // namespace

std::string postmortem_markdown(const Json& p) {
  std::string out = fmt::format("# Post-mortem of {}: {}\n\n", of(p, "incident"), of(p, "title"));
  out += fmt::format("| | |\n|---|---|\n| Owner | {} |\n| Meeting held by | {} ({}) |\n| Severity | {} |\n| Endpoint | {} |\n| Opened | {} |\n| State | {}, {} |\n\n", of(p, "owner"), of(p.at("meeting"), "due"), of(p.at("meeting"), "rule"),
                     of(p, "severity"), of(p, "endpoint"), of(p, "opened"), of(p, "state"), plain_words(string_or(p, "phase")));
  const JsonArray& unanswered = items_of(p, "unanswered");
  out += unanswered.empty() ? "Every question is answered.\n\n" : fmt::format("{} of {} questions are not answered: {}.\n\n", unanswered.size(), items_of(p, "questions").size(), value(p.at("unanswered")));
  const Json& overview = p.at("overview");
  out += fmt::format("## Overview\n\n{}{}\n\nResidual risk: {}\n\n", member_or_null(overview, "text").is_null() ? "It is not closed; nobody has summed it up." : of(overview, "text"), entry(overview), of(p, "residual_risk"));
  out += "## Impact\n\n" + impact_lines(p.at("impact")) + "\n## How long it took\n\n";
  for (const Json& one : items_of(p, "times")) out += fmt::format("- {}: {}\n", of(one, "what"), seconds(member_or_null(one, "seconds")));
  out += "\n## Contributing factors\n\n" + lines(items_of(p, "factors"), "Nobody has written one down.") + "\n## Resolution\n\n";
  for (const Json& one : items_of(p, "resolution"))
    out += fmt::format("- {} {}: {}, in force from {}, asked by {}, approved by {}{}\n", of(one, "action"), of(one, "what"), of(one, "state"), of(one, "from"), of(one, "requested_by"), listed(items_of(one, "approved_by"), "nobody"), entry(one));
  if (items_of(p, "resolution").empty()) out += "No measure came into force.\n";
  const Json& ai = p.at("ai");
  out += "\n## The attack, by NIST AI 100-2\n\n";
  for (const auto& field : ai.at("fields").as_object())
    if (!field.value().is_null()) out += fmt::format("- {}: {}\n", plain_words(std::string(field.key())), value(field.value()));
  for (const Json& label : items_of(ai, "labels")) out += fmt::format("- {}\n", value(label));
  for (const Json& gate : items_of(ai, "gates")) out += fmt::format("- gate {} of {}: {} (limit {}), {}{}\n", of(gate, "gate"), of(gate, "candidate"), of(gate, "figure"), of(gate, "limit"), bool_or(gate, "passed") ? "passed" : "failed", entry(gate));
  if (!items_of(ai, "missing").empty()) out += fmt::format("- not set by a person, nor by a finding: {}\n", value(ai.at("missing")));
  out += "\n## Responders\n\n";
  for (const Json& one : items_of(p, "responders")) out += fmt::format("- {}{}\n", of(one, "user"), items_of(one, "roles").empty() ? "" : " (" + value(one.at("roles")) + ")");
  out += "\n## Questions of the review\n\n";
  for (const Json& question : items_of(p, "questions")) out += question_lines(question);
  if (!items_of(p, "lessons").empty()) out += "## Other lessons\n\n" + lines(items_of(p, "lessons"), "") + "\n";
  out += "## Follow-ups\n\n";
  if (items_of(p, "follow_ups").empty()) out += fmt::format("None was opened. `firebreak incident follow-up {} TEXT --owner USER --due TIME --acceptance TEXT`\n", string_or(p, "incident"));
  else out += "| | What | Owner | Due | Accepted when | State |\n|---|---|---|---|---|---|\n";
  for (const Json& one : items_of(p, "follow_ups")) out += follow_up_line(one);
  out += "\n## Messages and reports\n\n";
  for (const Json& one : items_of(p, "messages")) out += fmt::format("- {} {}{}\n", of(one, "time"), of(one, "text"), entry(one));
  for (const Json& one : items_of(p, "reports")) out += fmt::format("- {} ({}): {}, due {}\n", of(one, "what"), of(one, "duty"), of(one, "state"), of(one, "due"));
  if (items_of(p, "messages").empty() && items_of(p, "reports").empty()) out += "Nobody was told, and no reporting deadline ran.\n";
  out += "\n## Timeline (UTC)\n\n| Time | What | Entry |\n|---|---|---|\n";
  for (const Json& one : items_of(p, "timeline"))
    out += fmt::format("| {}{} | {} | {} {} |\n", of(one, "time"), string_or(one, "occurred").empty() ? "" : ", occurred " + of(one, "occurred"), of(one, "text"), of(one, "log"), of(one, "index"));
  return out;
}

// What the report's page does not have yet: the rest of a post-mortem stands in its other sections.
std::string postmortem_html(const Json& p) {
  if (find(p, "questions") == nullptr) return "<p class=\"soft\">None was made.</p>\n";
  std::string out = fmt::format("<dl>{}{}{}</dl>\n", term("Owner", shown(p, "owner")), term("Meeting held by", shown_time(p.at("meeting"), "due") + " <span class=\"soft\">" + shown(p.at("meeting"), "rule") + "</span>"),
                                term("Not answered", escape_markup(fmt::format("{} of {} questions", items_of(p, "unanswered").size(), items_of(p, "questions").size()))));
  std::string times, factors, responders;
  for (const Json& one : items_of(p, "times")) times += term(string_or(one, "what"), escape_markup(seconds(member_or_null(one, "seconds"))));
  out += "<h3>How long it took</h3><dl>" + times + "</dl>\n";
  for (const Json& one : items_of(p, "factors")) factors += fmt::format("<li>{} <span class=\"soft\">{}</span> {}</li>", shown(one, "text"), shown(one, "by"), entry_link(&one));
  out += "<h3>Contributing factors</h3>" + (factors.empty() ? "<p class=\"soft\">Nobody has written one down.</p>" : "<ul>" + factors + "</ul>") + "\n";
  for (const Json& one : items_of(p, "responders")) responders += fmt::format("{}{}{}", responders.empty() ? "" : ", ", shown(one, "user"), items_of(one, "roles").empty() ? "" : " (" + shown(one, "roles") + ")");
  out += "<h3>Responders</h3><p>" + (responders.empty() ? "nobody" : responders) + "</p>\n";
  return out + questions_html(p);
}

}  // namespace firebreak::report
