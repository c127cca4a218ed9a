// deadline classify: what a regime's thresholds say of an incident; recorded, a yes starts the reporting deadlines.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "deadline/worksheet.h"
#include "run/app/deadlines.h"
#include "run/main/case_words.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

using Values = std::map<std::string, std::string>;

Result<Time> moment_in(const Json& object, std::string_view pointer) {
  const Json* const at = find_pointer(object, pointer);
  if (at == nullptr || !at->is_string()) return fail(Code::kNotFound, std::string(pointer));
  return parse_time(at->get_string());
}

// Figures of an incident that a worksheet may ask for, as far as they are known.
Values figures_of(const Json& incident, Time now) {
  Values out;
  if (const Json* const callers = find_pointer(incident, "/affected/caller_count"); callers != nullptr && callers->is_number()) out["affected_callers"] = cell(callers);
  const auto began = moment_in(incident, "/first_time"), opened = moment_in(incident, "/opened"), closed = moment_in(incident, "/closed/time");
  const auto from = began ? began : opened;
  if (from) out["open_hours"] = fmt::format("{:.2f}", static_cast<double>(std::max<std::int64_t>(0, closed.value_or(now) - *from)) / static_cast<double>(kHour));
  return out;
}

Result<deadline::Worksheet> sheet_of(const std::string& regime) {
  FIREBREAK_ASSIGN(const auto sheets, app::load_worksheets());
  std::string known;
  for (const deadline::Worksheet& sheet : sheets) {
    if (sheet.regime == regime) return sheet;
    known += (known.empty() ? "" : ", ") + sheet.regime;
  }
  return fail(Code::kNotFound, fmt::format("there is no worksheet for '{}'; there is: {}", regime, known));
}

struct Case {
  deadline::Worksheet sheet;
  Values values;
  std::string filled;  // what came from the incident, for people
  deadline::Judged judged;
};

Result<Case> case_of(Client& client, const Words& w) {
  Case out;
  FIREBREAK_ASSIGN(out.sheet, sheet_of(w.deadline.regime));
  for (const std::string& word : w.deadline.set) {
    const std::size_t equal = word.find('=');
    if (equal == std::string::npos || equal == 0) return fail(Code::kInvalid, fmt::format("'{}' is not VALUE=NUMBER, or VALUE=yes|no", word));
    out.values[word.substr(0, equal)] = word.substr(equal + 1);
  }
  if (!w.incident.empty()) {
    FIREBREAK_ASSIGN(const Json incident, client.get("/api/v1/incidents/" + w.incident));
    FIREBREAK_ASSIGN(const std::string text, moment_of(client, "now"));
    FIREBREAK_ASSIGN(const Time now, parse_time(text));
    const Values figures = figures_of(incident, now);
    for (const deadline::Criterion& criterion : out.sheet.criteria)
      for (const deadline::Threshold& threshold : criterion.any)
        if (const auto figure = figures.find(threshold.from); figure != figures.end() && out.values.emplace(threshold.value, figure->second).second)
          out.filled += fmt::format("{} = {}: {} of {}\n", threshold.value, figure->second, figure->first, w.incident);
  }
  FIREBREAK_ASSIGN(out.judged, deadline::judged(out.sheet, out.values));
  return out;
}

std::string text_of(const Case& one) {
  std::string out = one.sheet.title + "\n\n";
  JsonArray rows;
  const Json all = deadline::to_json(one.sheet, one.values, one.judged);
  for (const Json& criterion : all.at("criteria").as_array()) {
    std::string given;
    for (const auto& member : criterion.at("values").as_object()) given += fmt::format("{}{}={}", given.empty() ? "" : ", ", std::string_view(member.key()), cell(&member.value()));
    rows.push_back(JsonObject{{"label", criterion.at("label")}, {"met", criterion.at("met")}, {"given", given}, {"citation", criterion.at("citation")}, {"text", criterion.at("text")}});
  }
  out += table(rows, {{"CRITERION", "/label", 50}, {"MET", "/met", 10}, {"GIVEN", "/given", 40}, {"PLACE", "/citation", 12}, {"MET WHEN", "/text", 120}}) + one.filled;
  out += fmt::format("\n{}: {}.\n", deadline::answer_name(one.judged.outcome), one.sheet.text);
  std::string missing;
  for (const std::string& value : one.judged.missing) missing += (missing.empty() ? "" : ", ") + value;
  if (!missing.empty()) out += fmt::format("Nobody has said: {}. Give them with --set VALUE=…\n", missing);
  out += fmt::format("{}; {}; state of {}\n", one.sheet.source.citation, one.sheet.source.url, deadline::format_day(one.sheet.source.seen));
  if (one.sheet.source.checked != deadline::Checked::kSource) out += fmt::format("Not read in the source itself ({}): compare before relying on it.\n", deadline::checked_name(one.sheet.source.checked));
  return out;
}

// A yes starts the regime's deadlines, or tells the duty that there is; a no is a note on the incident. Both with the whole worksheet as reason.
int record(Client& client, const Words& w, const Case& one) {
  const std::string reason = deadline::summary(one.sheet, one.values, one.judged);
  if (one.judged.outcome == deadline::Answer::kUnknown)
    return report_error(Error{Code::kConflict, "it is undecided: what is missing could turn it. Give more with --set, then record it", {}, 0}, client.connection().json);
  if (one.judged.outcome == deadline::Answer::kNo) return give_command(client, "incident.note", JsonObject{{"incident", w.incident}, {"text", reason}});
  JsonObject events{{one.sheet.event, "now"}};
  for (const std::string& word : w.deadline.from) {
    const std::size_t equal = word.find('=');
    auto moment = moment_of(client, equal == std::string::npos ? "now" : word.substr(equal + 1));
    if (!moment) return report_error(moment.error(), client.connection().json);
    events[word.substr(0, equal)] = std::move(*moment);
  }
  const auto duties = client.get("/api/v1/deadlines?limit=200&incident=" + w.incident);
  if (!duties) return report_error(duties.error(), client.connection().json);
  for (const Json& duty : duties->at("items").as_array())
    if (string_or(duty, "regime") == w.deadline.regime) return give_command(client, "deadline.happened", JsonObject{{"duty", string_or(duty, "id")}, {"events", std::move(events)}, {"reason", reason}});
  return give_command(client, "deadline.start", JsonObject{{"incident", w.incident}, {"regime", w.deadline.regime}, {"events", std::move(events)}, {"reason", reason}});
}

int classify(Client& client, const Words& w) {
  const bool json = client.connection().json;
  const auto one = case_of(client, w);
  if (!one) return report_error(one.error(), json);
  if (w.deadline.record && w.incident.empty()) return report_error(Error{Code::kInvalid, "--record needs the incident: --incident INC", {}, 0}, json);
  if (w.deadline.record) {
    if (!json) std::fputs((text_of(*one) + "\n").c_str(), stdout);
    return record(client, w, *one);
  }
  std::fputs((json ? pretty_json(deadline::to_json(one->sheet, one->values, one->judged)) : text_of(*one)).c_str(), stdout);
  return one->judged.outcome == deadline::Answer::kYes ? kDone : kNegative;
}

}  // namespace

void CommandLine::add_classify(CLI::App* root) {
  Words& w = words_;
  DeadlineWords& d = words_.deadline;
  auto* sub = verb(root, "classify", "what a regime's thresholds say, as of DORA whether an incident is major; without --incident it asks no server", [&w](Client& c) { return classify(c, w); });
  sub->add_option("regime", d.regime)->required();
  sub->add_option("--incident", w.incident, "fills in what its record knows");
  sub->add_option("--set", d.set, "VALUE=NUMBER, or VALUE=yes|no; may be repeated")->allow_extra_args(false);
  sub->add_flag("--record", d.record, "put the decision on the incident: a yes starts the reporting deadlines, a no is a note");
  sub->add_option("--from", d.from, "with --record: further events, as awareness=opened; may be repeated")->allow_extra_args(false);
}

}  // namespace firebreak::cli
