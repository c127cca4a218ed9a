// What people wrote into an incident, as it is shown: timeline with corrections, record, relations, notes, follow-ups.
#include <gtest/gtest.h>

#include <algorithm>

#include "read/views/views.h"
#include "types/casefile.h"

namespace firebreak::views {
namespace {

struct Story {
  std::vector<Entry> entries;
  std::string add(std::string_view prefix, std::string_view kind, JsonObject body, std::string_view actor = "user:ana") {
    Entry entry;
    entry.index = entries.size();
    entry.kind = kind;
    entry.time = *parse_time("2026-03-07T03:00:00Z") + static_cast<std::int64_t>(entry.index) * kMinute;
    entry.actor = actor;
    entry.body = std::move(body);
    entries.push_back(entry);
    return entry.id(prefix);
  }
  std::string incident(std::string_view endpoint) {
    return add("inc", "incident_opened", {{"endpoint", endpoint}, {"stream", endpoint}, {"title", "Odd answers"}, {"severity", "SEV-3"}, {"rule", "declared"}, {"declared_by", "user:ana"},
                                          {"findings", JsonArray{}}, {"first_time", "2026-03-07T02:00:00Z"}, {"last_time", "2026-03-07T02:30:00Z"}});
  }
  std::unique_ptr<Views> views() const {
    auto made = *Views::open(":memory:");
    EXPECT_TRUE(made->apply(entries));
    return made;
  }
};

JsonObject row(const std::string& incident, std::string_view type, std::string_view text, std::string_view occurred, std::string_view corrects = "") {
  JsonObject body{{"incident", incident}, {"type", type}, {"text", text}, {"by", "user:ana"}};
  if (!occurred.empty()) body["occurred"] = occurred;
  if (!corrects.empty()) body["corrects"] = corrects;
  return body;
}

const Json& field(const Json& record, std::string_view name) {
  for (const Json& one : record.at("fields").as_array())
    if (one.at("field").as_string() == name) return one;
  ADD_FAILURE() << "the record has no " << name;
  return record;
}

std::vector<std::string> texts(const Json& page) {
  std::vector<std::string> out;
  for (const Json& line : page.at("items").as_array()) out.emplace_back(line.at("text").as_string());
  return out;
}

TEST(CasefileViews, a_corrected_row_stays_as_it_was_and_names_its_correction) {
  Story story;
  const std::string id = story.incident("api");
  const std::string first = story.add("row", "casefile_row", row(id, "fact", "12 callers", "2026-03-07T02:10:00Z"));
  story.add("row", "casefile_row", row(id, "opinion", "a competitor", ""));
  const std::string second = story.add("row", "casefile_row", row(id, "fact", "13 callers", "2026-03-07T02:05:00Z", first));
  const auto views = story.views();
  const Json page = views->timeline(id, {.types = "fact opinion", .from = {}, .to = {}, .cursor = {}}).value();
  ASSERT_EQ(texts(page).size(), 3u);
  const Json& old = page.at("items").at(0);
  EXPECT_EQ(old.at("text").as_string(), "Fact by ana: 12 callers");
  EXPECT_EQ(old.at("corrected_by").as_string(), second);
  EXPECT_EQ(old.at("row").as_string(), first);
  EXPECT_EQ(page.at("items").at(2).at("corrects").as_string(), first);
  EXPECT_EQ(find(page.at("items").at(2), "corrected_by"), nullptr);
  const Json as_occurred = views->timeline(id, {.types = "fact", .from = {}, .to = {}, .cursor = {}, .by_occurrence = true}).value();
  EXPECT_EQ(as_occurred.at("items").at(0).at("row").as_string(), second) << "by when it occurred";
  EXPECT_EQ(texts(views->timeline(id, {.types = "opinion", .from = {}, .to = {}, .cursor = {}}).value()).size(), 1u);
  EXPECT_EQ(texts(views->timeline(id, {.types = {}, .from = "2026-03-07T02:05:00Z", .to = "2026-03-07T02:10:00Z", .cursor = {}}).value()).size(), 1u) << "to is not in it";
  const Json one = views->timeline(id, {.types = {}, .from = {}, .to = {}, .cursor = {}, .by_occurrence = false, .limit = 2}).value();
  EXPECT_EQ(one.at("next").as_string(), "2");
  EXPECT_EQ(texts(views->timeline(id, {.types = {}, .from = {}, .to = {}, .cursor = "2"}).value()).size(), 2u);
  EXPECT_EQ(views->timeline("inc-99", {}).error().code, Code::kNotFound);
}

TEST(CasefileViews, the_first_moment_that_can_be_told_is_a_time_like_any_other) {
  Story story;
  const std::string id = story.incident("api");
  story.add("row", "casefile_row", row(id, "fact", "the log begins", "1970-01-01T00:00:00Z"));
  const Json page = story.views()->timeline(id, {.types = "fact", .from = {}, .to = {}, .cursor = {}}).value();
  EXPECT_EQ(string_or(page.at("items").at(0), "occurred"), "1970-01-01T00:00:00Z");
}

// Check: the eleven items of the tracker and the fields of appendix B are all there, and every time carries its zone.
TEST(CasefileViews, the_record_has_every_field_and_times_have_zones) {
  Story story;
  const std::string id = story.incident("api"), other = story.incident("other");
  for (const RecordField& one : record_fields()) {
    JsonObject body{{"incident", id}, {"field", one.name}, {"by", "user:ana"}};
    if (one.type == "text") body["text"] = "words";
    if (one.type == "time") body["value"] = "2026-03-07T02:00:00Z";
    if (one.type == "number") body["value"] = 4;
    if (one.type == "one") body["value"] = split_choices(one.choices).front();
    if (one.type == "several") body["value"] = JsonArray{split_choices(one.choices).front()};
    if (one.type != "derived") story.add("", "casefile_field", std::move(body));
  }
  story.add("contact", "casefile_contact", {{"incident", id}, {"kind", "system_owner"}, {"name", "Bo"}, {"phone", "1"}, {"by", "user:ana"}});
  story.add("ind", "casefile_indicator", {{"incident", id}, {"type", "ip"}, {"sign", "indicator"}, {"value", "192.0.2.7"}, {"tlp", "TLP:AMBER"}, {"by", "user:ana"}});
  story.add("", "incident_related", {{"incident", id}, {"other", other}, {"relation", "caused_by"}, {"reason", "r"}, {"by", "user:ana"}});
  story.add("", "casefile_label", {{"incident", id}, {"framework", "atlas"}, {"version", "5.6.0"}, {"id", "AML.T0020"}, {"holds", true}, {"by", "user:ana"}});
  story.add("act", "action_proposed", {{"incident", id}, {"endpoint", "api"}, {"class", "bounded"}, {"text", "limit"}, {"requested_by", "user:ana"}});
  const std::string evidence = story.add("ev", "evidence_captured", {{"incident", id}, {"item", "model"}, {"digest", "9e"}, {"octets", 4}, {"name", "m"}, {"origin", "o"}});
  story.add("", "evidence_custody", {{"evidence", evidence}, {"incident", id}, {"action", "handed over"}, {"by", "user:ana"}, {"reason", "to the lab"}});
  story.add("", "incident_role", {{"incident", id}, {"role", "lead"}, {"user", "ana"}});
  story.add("", "incident_note", {{"incident", id}, {"text", "called"}, {"by", "user:ana"}});
  for (const char* level : {"Low", "High"})
    story.add("", "incident_impact", {{"incident", id}, {"functional_now", level}, {"functional_likely", "High"}, {"information", JsonArray{"None"}}, {"recoverability", "Regular"}, {"by", "user:ana"}});
  const auto views = story.views();
  const Json record = views->record(id).value();
  EXPECT_EQ(record.at("fields").as_array().size(), record_fields().size());
  std::size_t tracker = 0;
  for (const Json& one : record.at("fields").as_array()) {
    EXPECT_FALSE(one.at("missing").as_bool()) << one.at("field").as_string();
    tracker += one.at("asked_by").as_string() == "r2 3.2.5";
    const bool zoned = one.at("type").as_string() != "time" || parse_time(std::string_view(one.at("value").as_string())).has_value();
    EXPECT_TRUE(zoned) << one.at("field").as_string();
  }
  EXPECT_EQ(tracker, 11u);
  EXPECT_EQ(field(record, "impact").at("value").as_array().size(), 2u) << "the first and the last, for the difference";
  EXPECT_EQ(string_or(field(record, "status").at("value"), "word"), "new");
  EXPECT_EQ(string_or(field(record, "related_incidents").at("value").at(0), "other"), other);
  EXPECT_EQ(string_or(field(views->record(other).value(), "related_incidents").at("value").at(0), "relation"), "cause_of");
  EXPECT_EQ(string_or(field(views->record(other).value(), "started"), "value"), "2026-03-07T02:00:00Z") << "from the findings while nobody says otherwise";
  EXPECT_TRUE(field(views->record(other).value(), "cause").at("missing").as_bool());
}

TEST(CasefileViews, an_attack_is_classified_by_its_findings_until_a_person_says_otherwise) {
  Story story;
  const std::string find = story.add("find", "finding_opened", {{"episode", "query_chain/e1"}, {"kind", "query_chain"}, {"severity", "high"}, {"endpoint", "api"}, {"stream", "api"}, {"summary", "s"},
                                                              {"first_time", "2026-03-07T02:00:00Z"}, {"last_time", "2026-03-07T02:10:00Z"}});
  const std::string id = story.add("inc", "incident_opened", {{"endpoint", "api"}, {"stream", "api"}, {"title", "t"}, {"severity", "SEV-2"}, {"rule", "evasion"}, {"findings", JsonArray{find}},
                                                            {"first_time", "2026-03-07T02:00:00Z"}, {"last_time", "2026-03-07T02:10:00Z"}});
  story.add("", "casefile_field", {{"incident", id}, {"field", "ai_knowledge"}, {"value", "white-box"}, {"by", "user:ana"}});
  const Json record = story.views()->record(id).value();
  for (const char* name : {"ai_system_type", "ai_stage", "ai_goal", "ai_capability", "ai_knowledge"}) EXPECT_FALSE(field(record, name).at("missing").as_bool()) << name;
  EXPECT_EQ(string_or(field(record, "ai_stage"), "value"), "deployment");
  EXPECT_TRUE(field(record, "ai_stage").at("set").is_null()) << "it follows from the findings";
  EXPECT_EQ(string_or(field(record, "ai_knowledge"), "value"), "white-box");
  EXPECT_EQ(string_or(field(record, "category").at("value"), "ai_knowledge"), "white-box");
  EXPECT_EQ(string_or(field(record, "how_detected"), "value"), "correlation rule evasion");
}

TEST(CasefileViews, a_field_that_is_set_again_keeps_what_it_said) {
  Story story;
  const std::string id = story.incident("api");
  for (const char* text : {"a script", "a rival"}) story.add("", "casefile_field", {{"incident", id}, {"field", "cause"}, {"text", text}, {"by", "user:ana"}});
  const Json cause = field(story.views()->record(id).value(), "cause");
  EXPECT_EQ(string_or(cause, "value"), "a rival");
  ASSERT_EQ(cause.at("before").as_array().size(), 1u);
  EXPECT_EQ(string_or(cause.at("before").at(0), "text"), "a script");
}

TEST(CasefileViews, notes_keep_every_revision_and_what_was_written_on_an_old_one) {
  Story story;
  const std::string id = story.incident("api");
  for (const int revision : {1, 2})
    story.add("", "casefile_notes", {{"incident", id}, {"document", "plan"}, {"revision", revision}, {"text", "plan " + std::to_string(revision)}, {"by", "user:ana"}});
  story.add("", "casefile_notes_conflict", {{"incident", id}, {"document", "plan"}, {"base", 1}, {"revision", 2}, {"text", "mine"}, {"by", "user:bo"}});
  const Json notes = story.views()->written_one("notes", id + "/plan").value();
  EXPECT_EQ(int_or(notes, "revision"), 2);
  EXPECT_EQ(string_or(notes, "text"), "plan 2");
  EXPECT_EQ(string_or(notes.at("before").at(0), "text"), "plan 1");
  EXPECT_EQ(string_or(notes.at("kept").at(0), "text"), "mine");
  const Json incident = story.views()->incident(id).value();
  const Json& told = incident.at("notes").at(0);
  EXPECT_EQ(find(told, "text"), nullptr) << "an incident's screen has the revision, not megabytes of texts";
  EXPECT_EQ(int_or(told, "revision"), 2);
  EXPECT_EQ(int_or(told, "kept_count"), 1);
}

TEST(CasefileViews, a_merged_incident_names_the_other_and_a_reopened_one_is_open) {
  Story story;
  const std::string a = story.incident("api"), b = story.incident("other");
  const std::string follow = story.add("follow", "follow_up_opened", {{"incident", b}, {"text", "t"}, {"owner", "bo"}, {"due", "2026-03-08T00:00:00Z"}, {"acceptance", "green"}, {"by", "user:ana"}});
  story.add("", "incident_merged", {{"incident", b}, {"into", a}, {"reason", "one attacker"}, {"by", "user:ana"}});
  story.add("", "incident_closed", {{"incident", b}, {"summary", "s"}, {"residual_risk", "r"}, {"into", a}, {"by", "user:ana"}});
  story.add("", "follow_up_overdue", {{"incident", a}, {"follow_up", follow}, {"owner", "bo"}, {"due", "2026-03-08T00:00:00Z"}});
  story.add("", "incident_closed", {{"incident", a}, {"summary", "s"}, {"residual_risk", "r"}, {"by", "user:ana"}});
  const std::string late = story.add("find", "finding_opened", {{"episode", "e"}, {"kind", "query_chain"}, {"severity", "high"}, {"endpoint", "api"}, {"stream", "api"}, {"summary", "s"}});
  story.add("", "incident_finding_late", {{"incident", a}, {"finding", late}, {"summary", "s"}});
  story.add("", "incident_reopen_asked", {{"incident", a}, {"reason", "it goes on"}, {"by", "user:ana"}});
  auto views = story.views();
  EXPECT_EQ(string_or(views->incident(b).value(), "merged_into"), a);
  EXPECT_EQ(views->incident(a).value().at("follow_ups").as_array().size(), 1u);
  const auto asks = [&](const std::string& what) {
    const Json status = views->status().value();
    return std::any_of(status.at("needs_person").as_array().begin(), status.at("needs_person").as_array().end(),
                       [&](const Json& need) { return string_or(need, "what").find(what) != std::string::npos; });
  };
  EXPECT_TRUE(asks("overdue " + follow));
  EXPECT_TRUE(asks("open " + a + " again"));
  EXPECT_TRUE(asks(late + " goes on"));
  story.add("", "finding_closed", {{"episode", "e"}, {"stream", "api"}, {"kind", "query_chain"}, {"summary", "s"}});
  views = story.views();
  EXPECT_FALSE(asks(late + " goes on")) << "until the finding ends";
  story.add("", "incident_reopened", {{"incident", a}, {"reason", "it goes on"}, {"with", "user:ana"}, {"by", "user:ben"}});
  story.add("", "incident_phase", {{"incident", a}, {"from", "closed"}, {"to", "detection_analysis"}, {"reason", "it goes on"}});
  views = story.views();
  const Json again = views->incident(a).value();
  EXPECT_EQ(string_or(again, "state"), "open");
  EXPECT_EQ(string_or(again, "phase"), "detection_analysis");
  EXPECT_TRUE(again.at("closed").is_null());
  EXPECT_EQ(again.at("closed_before").as_array().size(), 1u);
  EXPECT_FALSE(asks("open " + a + " again"));
}

TEST(CasefileViews, a_loop_of_the_checklist_opens_its_items_and_keeps_who_ticked_them) {
  Story story;
  const std::string id = story.incident("api");
  story.add("", "casefile_check", {{"incident", id}, {"item", "5"}, {"state", "done"}, {"round", 1}, {"note", "limited"}, {"by", "user:ana"}});
  story.add("", "casefile_loop", {{"incident", id}, {"round", 2}, {"items", JsonArray{"1.1", "5"}}, {"by", "user:bo"}});
  const Json incident = story.views()->incident(id).value();
  for (const Json& check : incident.at("checks").as_array()) {
    EXPECT_EQ(string_or(check, "state"), "open");
    EXPECT_EQ(int_or(check, "round"), 2);
    if (string_or(check, "item") != "5") continue;
    ASSERT_EQ(check.at("before").as_array().size(), 1u);
    EXPECT_EQ(string_or(check.at("before").at(0), "state"), "done");
    EXPECT_EQ(string_or(check.at("before").at(0), "note"), "limited");
  }
}

// Every change of owner, phase and severity is one line, and the stages of the incident are these lines' times.
TEST(CasefileViews, each_change_of_owner_phase_and_severity_is_one_line_and_stages_follow_from_them) {
  Story story;
  const std::string id = story.incident("api");
  std::size_t changes = 0;
  std::string phase = "detection_analysis";
  std::vector<std::string> times{format_time(story.entries.front().time)};
  for (const char* to : {"containment", "detection_analysis", "containment", "eradication", "recovery", "post_incident"}) {
    story.add("", "incident_role", {{"incident", id}, {"role", "lead"}, {"user", ++changes % 2 == 0 ? "ana" : "bo"}});
    story.add("", "incident_severity", {{"incident", id}, {"from", "SEV-3"}, {"to", "SEV-2"}, {"reason", "r"}, {"by", "user:ana"}});
    story.add("", "incident_phase", {{"incident", id}, {"from", phase}, {"to", to}, {"reason", "r"}, {"by", "user:ana"}});
    phase = to;
    times.push_back(format_time(story.entries.back().time));
  }
  const Json incident = story.views()->incident(id).value();
  for (const char* kind : {"incident_role", "incident_severity", "incident_phase"}) {
    const auto& lines = incident.at("timeline").as_array();
    EXPECT_EQ(static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const Json& line) { return string_or(line, "kind") == kind; })), changes) << kind;
  }
  std::vector<std::string> shown;
  for (const Json& step : incident.at("phases").as_array()) shown.push_back(string_or(step, "time"));
  EXPECT_EQ(shown, times);
}

TEST(CasefileViews, a_ticket_says_since_when_its_tracker_does_not_take_a_call_and_when_it_is_tried_next) {
  Story story;
  const std::string id = story.incident("api");
  const std::string ticket = story.add("ticket", "ticket_linked", {{"incident", id}, {"tracker", "jira"}, {"by", "user:ana"}});
  const std::string call = story.add("tcall", "ticket_call_ordered", {{"ticket", ticket}, {"incident", id}, {"tracker", "jira"}, {"what", "open"}});
  const auto fail = [&](int attempt) {
    story.add("e", "ticket_call_ended", {{"call", call}, {"attempt", attempt}, {"ticket", ticket}, {"incident", id}, {"what", "open"}, {"tracker", "jira"}, {"result", "failed"}, {"detail", "connection refused"}}, "effects");
    story.add("e", "ticket_call_postponed", {{"call", call}, {"ticket", ticket}, {"incident", id}, {"until", "2026-03-07T09:00:00.000000Z"}});
  };
  fail(1);
  const std::string first = format_time(story.entries[story.entries.size() - 2].time);
  fail(2);
  const auto says = [&](std::string_view words) { return canonical_json(*find(*story.views()->status(), "needs_person")).find(words) != std::string::npos; };
  const Json shown = story.views()->written_one("ticket", ticket).value();
  const Json& failing = shown.at("failing");
  EXPECT_EQ(string_or(failing, "since"), first);
  EXPECT_EQ(string_or(failing, "time"), format_time(story.entries[story.entries.size() - 2].time)) << "of the last try";
  EXPECT_EQ(string_or(failing, "next"), "2026-03-07T09:00:00.000000Z");
  EXPECT_EQ(string_or(failing, "detail"), "connection refused");
  EXPECT_EQ(int_or(failing, "attempt"), 2);
  EXPECT_TRUE(says("jira has not taken the open of " + ticket + " of " + id + " since " + first + ": connection refused; next try 2026-03-07T09:00:00.000000Z"));
  EXPECT_TRUE(says("firebreak ticket retry " + ticket));
  story.add("e", "ticket_call_due", {{"call", call}, {"ticket", ticket}, {"by", "user:ana"}});
  EXPECT_TRUE(says("it is tried now"));
  story.add("e", "ticket_call_ended", {{"call", call}, {"attempt", 3}, {"ticket", ticket}, {"incident", id}, {"what", "open"}, {"tracker", "jira"}, {"result", "done"}, {"reference", "SEC-1"}}, "effects");
  EXPECT_TRUE(story.views()->written_one("ticket", ticket).value().at("failing").is_null());
  EXPECT_FALSE(says("has not taken"));
}

TEST(CasefileViews, a_hand_over_tells_what_is_in_force_waits_and_is_due) {
  Story story;
  const std::string id = story.incident("api");
  story.add("row", "casefile_row", row(id, "fact", "12 callers", "2026-03-07T02:10:00Z"));
  story.add("task", "incident_task_opened", {{"incident", id}, {"text", "call the bank"}, {"owner", "bo"}, {"due", "2026-03-08T00:00:00Z"}, {"by", "user:ana"}});
  const Json summary = story.views()->handover_summary(id).value();
  EXPECT_EQ(summary.at("situation").at("facts").as_array().size(), 1u);
  EXPECT_FALSE(summary.at("needs_person").as_array().empty());
  EXPECT_EQ(summary.at("due").as_array().size(), 1u);
}

}  // namespace
}  // namespace firebreak::views
