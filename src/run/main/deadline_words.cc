// deadline: reporting regimes and when what they ask for is due; offline.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "deadline/clock.h"
#include "run/app/deadlines.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

using namespace deadline;

JsonArray period_texts(const Stage& stage) {
  JsonArray out;
  for (const Period& period : stage.periods) out.push_back(Json(period_text(period)));
  return out;
}

std::string joined(const JsonArray& texts) {
  std::string out;
  for (const Json& one : texts) out += (out.empty() ? "" : "; ") + std::string(one.get_string());
  return out;
}

JsonObject regime_json(const Regime& regime) {
  JsonArray unknown;
  for (const std::string& one : regime.unknown) unknown.push_back(Json(one));
  return {{"regime", regime.id},
          {"name", regime.name},
          {"jurisdiction", regime.jurisdiction},
          {"draft", regime.draft},
          {"source", JsonObject{{"citation", regime.source.citation}, {"url", regime.source.url}, {"seen", format_day(regime.source.seen)},
                                {"checked", checked_name(regime.source.checked)}}},
          {"unknown", std::move(unknown)}};
}

int list_regimes(const DeadlineWords& w, bool json) {
  PosixFiles files;
  const auto regimes = app::load_regimes(files, w.regimes);
  if (!regimes) return report_error(regimes.error(), json);
  JsonArray rows, whole;
  for (const Regime& regime : *regimes) {
    JsonArray stages;
    for (const Stage& stage : regime.stages) {
      JsonArray periods = period_texts(stage);
      rows.push_back(JsonObject{{"regime", regime.id}, {"stage", stage.id}, {"period", joined(periods)}, {"recipient", stage.recipient},
                                {"checked", regime.draft ? "draft" : checked_name(regime.source.checked)}});
      stages.push_back(JsonObject{{"stage", stage.id}, {"name", stage.name}, {"recipient", stage.recipient}, {"due", stage.due}, {"text", stage.text},
                                  {"paraphrased", stage.paraphrased}, {"citation", stage.citation}, {"if", stage.only_if}, {"unless", stage.unless},
                                  {"periods", std::move(periods)}});
    }
    JsonObject one = regime_json(regime);
    one["stages"] = std::move(stages);
    whole.push_back(std::move(one));
  }
  if (json)
    std::fputs(pretty_json(JsonObject{{"regimes", std::move(whole)}}).c_str(), stdout);
  else
    std::fputs(table(rows, {{"REGIME", "/regime", 16}, {"STAGE", "/stage", 24}, {"PERIOD", "/period", 150}, {"TO", "/recipient", 40}, {"CHECKED", "/checked", 10}}).c_str(), stdout);
  return kDone;
}

// ---- due

// "awareness=2026-03-06T15:20:00Z"
Result<Happened> happened_from(const std::string& word) {
  const std::size_t place = word.find('=');
  if (place == std::string::npos) return fail(Code::kInvalid, fmt::format("'{}' is not EVENT=TIME (as awareness=2026-03-06T15:20:00Z)", word));
  FIREBREAK_ASSIGN(const Time at, parse_time(word.substr(place + 1)));
  return Happened{word.substr(0, place), at};
}

// "2026-12-24T00:00:00Z/2027-01-23T00:00:00Z=why"
Result<Interval> stop_from(const std::string& word) {
  const std::size_t slash = word.find('/'), equals = word.find('=');
  if (slash == std::string::npos || equals == std::string::npos || equals < slash || equals + 1 == word.size())
    return fail(Code::kInvalid, fmt::format("'{}' is not FROM/TO=REASON", word));
  Interval out;
  FIREBREAK_ASSIGN(out.from, parse_time(word.substr(0, slash)));
  FIREBREAK_ASSIGN(out.to, parse_time(word.substr(slash + 1, equals - slash - 1)));
  out.reason = word.substr(equals + 1);
  return out;
}

std::string local_text(Time time, const Calendar& calendar) {
  std::string text = format_time(time + calendar.offset_minutes * kMinute);
  if (calendar.offset_minutes == 0) return text;
  text.pop_back();
  const int minutes = std::abs(calendar.offset_minutes);
  return fmt::format("{}{}{:02}:{:02}", text, calendar.offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

JsonObject due_json(const Due& due, const Calendar& calendar) {
  static constexpr std::string_view kStates[] = {"due", "waits", "does_not_apply"};
  JsonArray waits, notes;
  for (const std::string& one : due.waits_for) waits.push_back(Json(one));
  for (const std::string& one : due.notes) notes.push_back(Json(one));
  JsonObject out{{"stage", due.stage->id}, {"name", due.stage->name}, {"recipient", due.stage->recipient}, {"content", due.stage->due},
                 {"citation", due.stage->citation}, {"state", kStates[static_cast<int>(due.state)]}, {"waits_for", std::move(waits)},
                 {"notes", std::move(notes)}};
  if (due.filed) out["filed"] = format_time(*due.filed);
  if (due.state != State::kDue) return out;
  out["due"] = format_time(due.due);
  out["due_local"] = local_text(due.due, calendar);
  out["start"] = format_time(due.start);
  out["by"] = period_text(*due.by);
  out["expected"] = due.expected;
  out["late"] = due.late();
  if (due.later) out["later"] = format_time(*due.later);
  return out;
}

struct Answer {
  Json json;
  std::string text;
};

Result<Answer> answer(const DeadlineWords& w) {
  PosixFiles files;
  FIREBREAK_ASSIGN(const std::vector<Regime> regimes, app::load_regimes(files, w.regimes));
  const auto regime = std::find_if(regimes.begin(), regimes.end(), [&](const Regime& one) { return one.id == w.regime; });
  if (regime == regimes.end()) return fail(Code::kNotFound, fmt::format("there is no regime '{}': 'firebreak deadline list' has them", w.regime));
  Case what;
  for (const std::string& word : w.from) {
    FIREBREAK_ASSIGN(Happened one, happened_from(word));
    what.happened.push_back(std::move(one));
  }
  for (const std::string& word : w.stops) {
    FIREBREAK_ASSIGN(Interval one, stop_from(word));
    what.still.push_back(std::move(one));
  }
  what.facts.insert(w.facts.begin(), w.facts.end());
  Calendar calendar;
  FIREBREAK_ASSIGN(calendar.offset_minutes, parse_offset(w.offset));
  if (!w.holidays.empty()) {
    FIREBREAK_ASSIGN(calendar.holidays, app::load_holidays(files, w.holidays));
  }
  auto computed = due_times(*regime, what, calendar, w.draft);
  if (!computed && computed.error().code == Code::kConflict) return fail(Code::kConflict, computed.error().message + "; --draft counts it all the same");
  if (!computed) return fail(std::move(computed.error()));
  const std::vector<Due> dues = std::move(*computed);
  JsonArray stages;
  std::string notes;
  for (const Due& due : dues) {
    stages.push_back(due_json(due, calendar));
    if (due.expected) notes += fmt::format("{}: the stage before is not filed; counted from when it is due\n", due.stage->id);
    if (due.late()) notes += fmt::format("{}: filed late, at {}\n", due.stage->id, format_time(*due.filed));
    for (const std::string& event : due.waits_for)
      notes += fmt::format("{}: {}\n", due.stage->id, due.state == State::kDue ? event + " has not happened and may bring the end forward" : "starts with " + event);
    for (const std::string& note : due.notes) notes += fmt::format("{}: {}\n", due.stage->id, note);
  }
  std::string text = table(stages, {{"STAGE", "/stage", 24}, {"STATE", "/state", 14}, {"DUE", "/due", 24}, {"LOCAL", "/due_local", 32}, {"LATER", "/later", 24}, {"BY", "/by", 60}, {"TO", "/recipient", 40}});
  text += notes + fmt::format("\n{}{}; {}; state of {}\n", regime->draft ? "DRAFT, not law: " : "", regime->source.citation, regime->source.url, format_day(regime->source.seen));
  if (regime->source.checked != Checked::kSource) text += fmt::format("Not read in the source itself ({}): compare before relying on it.\n", checked_name(regime->source.checked));
  for (const std::string& one : regime->unknown) text += "Not known here: " + one + "\n";
  JsonObject whole = regime_json(*regime);
  whole["stages"] = std::move(stages);
  return Answer{std::move(whole), std::move(text)};
}

int show_due(const DeadlineWords& w, bool json) {
  const auto got = answer(w);
  if (!got) return report_error(got.error(), json);
  std::fputs((json ? pretty_json(got->json) : got->text).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_deadline() {
  DeadlineWords& w = words_.deadline;
  const bool& json = words_.connection.json;
  auto* root = noun("deadline", "reporting deadlines of laws and contracts, and when each is due; list and due ask no server");
  add_duties(root);
  auto* list = offline(root, "list", "the regimes, their stages and periods", [&w, &json] { return list_regimes(w, json); });
  list->add_option("--regimes", w.regimes, "a file of regimes instead of the shipped ones");
  auto* due = offline(root, "due", "when each stage of a regime is due, from what happened when", [&w, &json] { return show_due(w, json); });
  due->add_option("regime", w.regime, "its id, as 'deadline list' says")->required();
  due->add_option("--from", w.from, "EVENT=TIME, as awareness=2026-03-06T15:20:00Z or filed:initial=TIME; may be repeated")->required()->allow_extra_args(false);
  due->add_option("--fact", w.facts, "what holds, as death; may be repeated")->allow_extra_args(false);
  due->add_option("--stop", w.stops, "FROM/TO=REASON: a stop or delay of the clock; may be repeated")->allow_extra_args(false);
  due->add_option("--holidays", w.holidays, "a YAML or JSON list of days that are no business days");
  due->add_option("--offset", w.offset, "offset from UTC by which days are counted, as -05:00; daylight saving is not known")->capture_default_str();
  due->add_flag("--draft", w.draft, "count a regime that is not law");
  due->add_option("--regimes", w.regimes, "a file of regimes instead of the shipped ones");
}

}  // namespace firebreak::cli
