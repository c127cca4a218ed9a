// Why findings belong together, and whether they look like drift or malice: as `incident show` says it, for the report's page.
#include "read/report/judged.h"

#include <fmt/core.h>

#include "read/report/html.h"

namespace firebreak::report {
namespace {

constexpr std::size_t kFeatures = 20, kReasons = 10;  // of a cause; report.json has all

const JsonArray& list(const Json& from, std::string_view key) {
  static const JsonArray nothing;
  const Json* value = find(from, key);
  return value != nullptr && value->is_array() ? value->get_array() : nothing;
}

std::string words(std::string text) {
  for (char& c : text)
    if (c == '_') c = ' ';
  return text;
}

// The members of a counted object: "3 feature drift, 1 unit change".
std::string counted(const Json& from, std::string_view key) {
  std::string out;
  const Json* const counts = find(from, key);
  if (counts == nullptr || !counts->is_object()) return out;
  for (const auto& one : counts->get_object())
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", shown(&one.value()), escape_markup(words(std::string(one.key()))));
  return out;
}

std::string reasons(const Json& cause) {
  std::string out;
  std::size_t told = 0;
  const Json* const why = find(cause, "why");
  if (why == nullptr || !why->is_object()) return out;
  for (const auto& reason : why->get_object())
    if (++told <= kReasons)
      out += fmt::format("{}{} <span class=\"soft\">({} of {})</span>", out.empty() ? "" : "<br>", escape_markup(std::string(reason.key())),
                         shown(&reason.value()), shown(cause, "count"));
  if (told > kReasons) out += fmt::format("<br>and {} more reasons", told - kReasons);
  return out;
}

}  // namespace

std::string triage_html(const Json& report, const std::string& by) {
  const Json* const said = find(report, "triage");
  if (said == nullptr || !said->is_object() || string_or(*said, "verdict").empty()) return "<p class=\"soft\">Nothing was found that could be weighed.</p>\n";
  const std::string verdict = string_or(*said, "verdict"), computed = string_or(*said, "computed");
  const bool person = string_or(*said, "by") != "firebreak";
  std::string out = fmt::format("<p><strong>{}</strong>, {}", escape_markup(words(verdict)), person ? fmt::format("says {}: {}", by, shown(*said, "reason")) : "by the facts alone");
  if (person) out += computed == verdict ? "; the facts alone say the same" : fmt::format("; the facts alone say {}", escape_markup(words(computed)));
  out += fmt::format(" (entry {}).</p>\n", entry_link(said));
  Table facts{{"Speaks for", "Weight", "Fact"}, {}};
  for (const Json& fact : list(*said, "facts"))
    facts.rows.push_back({string_or(fact, "side") == "malice" ? "malice" : "benign drift", shown(fact, "weight"), shown(fact, "text")});
  return out + facts.html("No fact speaks for either.");
}

std::string causes_html(const Json& report) {
  Table table{{"Cause", "Findings", "Features", "Began", "Why they belong together"}, {}};
  for (const Json& cause : list(report, "causes")) {
    const JsonArray& features = list(cause, "features");
    std::string names;
    for (std::size_t i = 0; i < features.size() && i < kFeatures; ++i) names += (i == 0 ? "" : ", ") + shown(&features[i]);
    if (features.size() > kFeatures) names += fmt::format(" and {} more", features.size() - kFeatures);
    const Json* const began = find(cause, "began");
    std::string findings = counted(cause, "kinds");
    if (int_or(cause, "repeats") > 0) findings += fmt::format("<br><span class=\"soft\">{} of them repeated another</span>", int_or(cause, "repeats"));
    table.rows.push_back({shown(cause, "cause"), findings, names, began == nullptr ? "" : shown_time(*began, "first") + " to " + shown_time(*began, "last"), reasons(cause)});
  }
  return table.html("No finding is in it.");
}

}  // namespace firebreak::report
