// The commander's page as text of one screen: the top line first.
#include <fmt/core.h>

#include "run/main/print.h"
#include "run/main/screens.h"

namespace firebreak::cli {
namespace {

std::string text(const Json& object, std::string_view key) { return cell(find(object, key)); }

const JsonArray& items(const Json& object, std::string_view key) {
  static const JsonArray kNone;
  const Json* list = find(object, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

bool says(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  return value != nullptr && !value->is_null();
}

std::string names(const JsonArray& list, std::string_view none) {
  std::string out;
  for (const Json& one : list) out += (out.empty() ? "" : ", ") + cell(&one);
  return out.empty() ? std::string(none) : out;
}

// "in 20 min", "10 min ago"
std::string left(const Json& from) {
  const Json* seconds = find(from, "left_s");
  if (seconds == nullptr || seconds->is_null()) return "no end";
  const std::int64_t all = int_or(from, "left_s"), minutes = (all < 0 ? -all : all) / 60;
  const std::string span = minutes >= 2880 ? fmt::format("{} d", minutes / 1440) : minutes >= 120 ? fmt::format("{} h {} min", minutes / 60, minutes % 60) : fmt::format("{} min", minutes);
  return all < 0 ? span + " AGO" : "in " + span;
}

std::string lines(std::string_view title, const JsonArray& list, bool with_who) {
  if (list.empty()) return {};
  std::string out = fmt::format("\n{}\n", title);
  for (const Json& one : list) {
    out += fmt::format("  {}{}\n", with_who && says(one, "who") ? text(one, "who") + ": " : "", text(one, "what"));
    if (says(one, "command")) out += fmt::format("      {}\n", text(one, "command"));
  }
  return out;
}

std::string harm(const Json& brief) {
  const Json& harm = brief.at("harm");
  const Json& decisions = harm.at("decisions");
  std::string out = fmt::format("\nWhom it hurts\n  decisions  {}\n", text(decisions, "text"));
  if (says(decisions, "command")) out += fmt::format("      {}\n", text(decisions, "command"));
  out += fmt::format("  impact     {}\n", text(harm, "text"));
  for (const auto& [key, label] : {std::pair("people_risk", "risk to people"), {"agent_acted", "an agent acted"}, {"data_impact", "data"}, {"business_impact", "business"}, {"other_customers", "others on the endpoint meanwhile"}})
    if (says(harm, key)) out += fmt::format("  {}: {}\n", label, text(harm, key));
  out += fmt::format("\nMoney at risk\n  {}\n", text(brief.at("money"), "text"));
  if (says(brief.at("money"), "command")) out += fmt::format("      {}\n", text(brief.at("money"), "command"));
  return out;
}

std::string in_force(const Json& brief) {
  std::string out = "\nIn force\n";
  for (const Json& one : items(brief, "in_force"))
    out += fmt::format("  {} {}\n      ends {} ({}); asked by {}, approved by {}{}{}\n", text(one, "id"), text(one, "what"), says(one, "until") ? text(one, "until") : "when it is lifted", left(one), text(one, "requested_by"),
                       names(items(one, "approved_by"), "nobody"), says(one, "break_glass") ? ", alone under " + text(one, "break_glass") : "", says(one, "verdict") ? "; effect check " + text(one, "verdict") : "");
  return items(brief, "in_force").empty() ? out + "  nothing\n" : out;
}

std::string waiting(const Json& brief) {
  std::string out;
  for (const Json& one : items(brief, "waiting")) out += fmt::format("  {} waits for {}: {}\n", text(one, "who"), text(one, "for"), text(one, "what"));
  for (const Json& one : items(brief, "alerts")) out += fmt::format("  {} ({}) waits for a yes since {}; called: {}\n", text(one, "id"), text(one, "state"), text(one, "raised"), names(items(one, "told"), "nobody"));
  return "\nWho waits for whom\n" + (out.empty() ? "  nobody\n" : out);
}

std::string next(const Json& brief) {
  const Json& update = brief.at("next_update");
  const Json& deadline = brief.at("next_deadline");
  std::string out = "\nDue\n";
  out += update.is_object() ? fmt::format("  next word    {} to {} ({})\n      {}\n", text(update, "due"), text(update, "audience"), left(update), text(update, "command")) : "  next word    to nobody\n";
  out += deadline.is_object() ? fmt::format("  next report  {} {} ({})\n      {}\n", text(deadline, "time"), text(deadline, "what"), left(deadline), text(deadline, "command")) : "  next report  none runs\n";
  return out;
}

}  // namespace

std::string brief_text(const Json& brief) {
  std::string out = fmt::format("{}\n\n{} {}, endpoint {}; commander: {}\n", text(brief, "line"), text(brief, "incident"), text(brief, "title"), text(brief, "endpoint"), says(brief, "commander") ? text(brief, "commander") : "nobody");
  out += lines("Burns now", items(brief, "burning"), false);
  out += lines("Only the commander decides", items(brief, "decisions"), false);
  out += lines("Waits for you", items(brief, "yours"), true);
  return out + harm(brief) + in_force(brief) + waiting(brief) + lines("Others have to", items(brief, "others"), true) + next(brief);
}

}  // namespace firebreak::cli
