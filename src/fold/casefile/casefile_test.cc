#include "fold/casefile/casefile.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/digest.h"
#include "types/casefile.h"
#include "types/command.h"
#include "types/group_driver.h"

namespace firebreak::casefile {
namespace {

class Desk : public GroupDriver<CasefileState> {
 public:
  Desk() : GroupDriver(&casefile::decide, &casefile::apply, Time{1'772'850'000 * kSecond}) {
    input("server_started", JsonObject{});
    incident_ = open("api");
  }
  std::string open(const std::string& endpoint) {
    return input("incident_opened", JsonObject{{"endpoint", endpoint}, {"stream", endpoint}, {"title", "t"}, {"severity", "SEV-3"}, {"rule", "r"}}).front().id("inc");
  }
  const std::string& incident() const { return incident_; }
  const CaseFile& file() const { return state().files.at(incident_); }
  std::vector<Entry> act(const std::string& name, JsonObject args, const std::string& by = "user:ana") {
    if (!args.contains("incident") && name.starts_with("incident.") && name != "incident.follow_up_done" && name != "incident.handover_accept") args["incident"] = incident_;
    const auto checked = check_command(name, args);
    EXPECT_TRUE(checked) << name << " does not pass the gate: " << (checked ? "" : checked.error().message);
    return command(by, name, std::move(args));
  }
  std::vector<Entry> as_approver(const std::string& name, JsonObject args, const std::string& by = "user:ben") {
    return input("command_accepted", JsonObject{{"name", name}, {"args", std::move(args)}, {"role", "approver"}}, by);
  }
  std::string when(int minutes) const { return format_time(now() + minutes * kMinute); }
  std::string fact(const std::string& text) {
    const auto group = act("incident.fact", {{"text", text}, {"occurred", when(-5)}});
    const Entry* const row = find_kind(group, "casefile_row");
    return row == nullptr ? "" : row->id("row");
  }
  void close(const std::string& id) { input("incident_closed", JsonObject{{"incident", id}, {"summary", "s"}}); }

 private:
  std::string incident_;
};

std::string refused(const std::vector<Entry>& group) {
  const Entry* const entry = find_kind(group, "command_refused");
  return entry == nullptr ? "" : string_or(entry->body, "code") + " " + string_or(entry->body, "pointer");
}

TEST(CasefileTimeline, a_fact_says_when_it_occurred_with_a_zone) {
  Desk desk;
  EXPECT_EQ(refused(desk.act("incident.fact", {{"text", "x"}, {"occurred", "2026-03-07T02:11:00"}})), "invalid /occurred");
  EXPECT_EQ(refused(desk.act("incident.fact", {{"text", "x"}, {"occurred", ""}})), "invalid /occurred");
  EXPECT_EQ(refused(desk.act("incident.fact", {{"text", "x"}, {"occurred", desk.when(60)}})), "invalid /occurred") << "nothing has occurred that lies ahead";
  EXPECT_EQ(refused(desk.act("incident.fact", {{"text", " "}, {"occurred", desk.when(-1)}})), "invalid /text");
  const auto group = desk.act("incident.fact", {{"text", "the door was open"}, {"occurred", "2026-03-07T03:11:00+01:00"}, {"source", "guard"}});
  const Entry* const row = find_kind(group, "casefile_row");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(string_or(row->body, "type"), "fact");
  EXPECT_EQ(string_or(row->body, "occurred"), "2026-03-07T02:11:00Z");
  EXPECT_EQ(string_or(row->body, "said"), "2026-03-07T03:11:00+01:00");
  EXPECT_EQ(string_or(row->body, "source"), "guard");
  EXPECT_EQ(refused(desk.act("incident.opinion", {{"text", "it was them"}})), "") << "an opinion may be about no time";
}

TEST(CasefileTimeline, a_correction_is_a_new_row_that_names_the_old_one) {
  Desk desk;
  const std::string first = desk.fact("12 callers");
  const auto group = desk.act("incident.correct", {{"row", first}, {"text", "13 callers"}, {"reason", "counted again"}});
  const Entry* const second = find_kind(group, "casefile_row");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(string_or(second->body, "corrects"), first);
  EXPECT_EQ(string_or(second->body, "type"), "fact");
  EXPECT_EQ(desk.file().rows.size(), 2u);
  EXPECT_EQ(refused(desk.act("incident.correct", {{"row", first}, {"text", "14"}, {"reason", "r"}})), "conflict /row") << "the newest is corrected";
  EXPECT_EQ(refused(desk.act("incident.correct", {{"row", "row-999"}, {"text", "14"}, {"reason", "r"}})), "not_found /row");
  EXPECT_EQ(refused(desk.command("user:ana", "incident.correct", {{"incident", desk.incident()}, {"row", second->id("row")}, {"text", "14"}, {"reason", ""}})), "invalid /reason");
}

TEST(CasefileTimeline, a_correction_keeps_when_it_occurred_unless_it_says_another_time) {
  Desk desk;
  const auto group = desk.act("incident.fact", {{"text", "the log begins"}, {"occurred", "1970-01-01T00:00:00Z"}});
  const std::string first = find_kind(group, "casefile_row")->id("row");
  const auto corrected = desk.act("incident.correct", {{"row", first}, {"text", "the old log begins"}, {"reason", "there are two"}});
  const Entry* const second = find_kind(corrected, "casefile_row");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(string_or(second->body, "occurred"), "1970-01-01T00:00:00Z");
  const auto moved = desk.act("incident.correct", {{"row", second->id("row")}, {"text", "the old log begins"}, {"reason", "another clock"}, {"occurred", "1970-01-01T01:00:00Z"}});
  EXPECT_EQ(string_or(find_kind(moved, "casefile_row")->body, "occurred"), "1970-01-01T01:00:00Z");
}

TEST(CasefileTimeline, nobody_changes_or_removes_a_row) {
  for (const CommandSpec& command : commands()) {
    const std::string name(command.name);
    if (!name.starts_with("incident.")) continue;
    for (const char* word : {"delete", "remove", "update", "edit"}) EXPECT_EQ(name.find(word), std::string::npos) << name;
  }
}

TEST(CasefileNotes, who_wrote_on_an_old_revision_is_refused_and_loses_nothing) {
  Desk desk;
  EXPECT_NE(find_kind(desk.act("incident.notes", {{"document", "plan"}, {"text", "one"}, {"base", 0}}), "casefile_notes"), nullptr);
  const auto late = desk.act("incident.notes", {{"document", "plan"}, {"text", "mine"}, {"base", 0}}, "user:bo");
  EXPECT_EQ(refused(late), "conflict /base");
  const Entry* const kept = find_kind(late, "casefile_notes_conflict");
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(string_or(kept->body, "text"), "mine");
  EXPECT_EQ(int_or(kept->body, "revision"), 1);
  EXPECT_EQ(desk.file().notes.at("plan"), (Notes{1, "one"}));
  EXPECT_EQ(refused(desk.act("incident.notes", {{"document", "plan"}, {"text", "two"}, {"base", 7}})), "invalid /base");
  EXPECT_EQ(refused(desk.act("incident.notes", {{"document", "Plan A"}, {"text", "two"}, {"base", 0}})), "invalid /document");
}

TEST(CasefileRecord, takes_each_field_by_its_type) {
  Desk desk;
  for (const RecordField& field : record_fields()) {
    JsonObject args{{"field", field.name}};
    if (field.type == "derived") {
      EXPECT_EQ(refused(desk.act("incident.record", args)), "conflict /field") << field.name;
      continue;
    }
    EXPECT_NE(refused(desk.act("incident.record", args)), "") << field.name << " is empty";
    JsonObject wrong = args;
    wrong[field.type == "text" ? "value" : "text"] = "x";
    EXPECT_NE(refused(desk.act("incident.record", wrong)), "") << field.name;
    if (field.type == "text") args["text"] = "some words";
    if (field.type == "time") args["value"] = desk.when(-60);
    if (field.type == "number") args["value"] = "12.5";
    if (field.type == "one") args["value"] = split_choices(field.choices).front();
    if (field.type == "several") args["value"] = split_choices(field.choices).front() + ", " + split_choices(field.choices).back();
    const auto group = desk.act("incident.record", args);
    EXPECT_NE(find_kind(group, "casefile_field"), nullptr) << field.name;
  }
  EXPECT_EQ(refused(desk.act("incident.record", {{"field", "colour"}, {"text", "red"}})), "not_found /field");
  EXPECT_EQ(refused(desk.act("incident.record", {{"field", "started"}, {"value", "2026-03-07T02:00:00"}})), "invalid /value") << "no zone";
  EXPECT_EQ(refused(desk.act("incident.record", {{"field", "labour_hours"}, {"value", "-1"}})), "invalid /value");
  EXPECT_EQ(refused(desk.act("incident.record", {{"field", "vectors"}, {"value", "web,phone"}})), "invalid /value");
}

TEST(CasefileRecord, classifies_by_ids_that_have_the_frameworks_form) {
  Desk desk;
  const JsonObject right{{"framework", "atlas"}, {"version", "5.6.0"}, {"id", "AML.T0043.001"}};
  EXPECT_EQ(refused(desk.act("incident.label", right)), "");
  EXPECT_EQ(refused(desk.act("incident.label", right)), "conflict /id");
  EXPECT_EQ(refused(desk.act("incident.label", {{"framework", "atlas"}, {"version", "5.6.0"}, {"id", "T1059"}})), "invalid /id");
  EXPECT_EQ(refused(desk.act("incident.label", {{"framework", "owasp_llm"}, {"version", "2025"}, {"id", "LLM01:2025"}})), "");
  for (const char* none : {"LLM00:2025", "LLM11:2025", "ML01:2023"}) EXPECT_EQ(refused(desk.act("incident.label", {{"framework", "owasp_llm"}, {"version", "2025"}, {"id", none}})), "invalid /id") << none;
  EXPECT_EQ(refused(desk.act("incident.label", {{"framework", "vibes"}, {"version", "1"}, {"id", "X"}})), "invalid /framework");
  JsonObject back = right;
  back["reason"] = "it was another technique";
  EXPECT_EQ(refused(desk.act("incident.unlabel", back)), "");
  EXPECT_EQ(refused(desk.act("incident.unlabel", back)), "not_found /id");
  EXPECT_EQ(desk.file().labels.size(), 1u);
}

TEST(CasefileChecklist, more_hosts_lead_back_to_the_analysis) {
  Desk desk;
  for (const std::string_view item : words::kChecklistItems) EXPECT_EQ(refused(desk.act("incident.check", {{"item", item}, {"state", "done"}})), "") << item;
  desk.input("incident_phase", JsonObject{{"incident", desk.incident()}, {"to", "eradication"}});
  EXPECT_EQ(refused(desk.act("incident.check", {{"item", "6.3"}, {"state", "more_found"}})), "invalid /note");
  EXPECT_EQ(refused(desk.act("incident.check", {{"item", "5"}, {"state", "more_found"}, {"note", "n"}})), "invalid /state");
  const auto group = desk.act("incident.check", {{"item", "6.3"}, {"state", "more_found"}, {"note", "a second endpoint"}});
  const Entry* const asked = find_kind(group, "phase_requested");
  ASSERT_NE(asked, nullptr);
  EXPECT_EQ(string_or(asked->body, "to"), "detection_analysis");
  EXPECT_EQ(desk.file().round, 2);
  for (const std::string_view item : words::kLoopItems) EXPECT_EQ(desk.file().checks.at(std::string(item)), (Check{"open", 2})) << item;
  EXPECT_EQ(desk.file().checks.at("2").state, "done") << "what is not in the loop stays ticked";
  EXPECT_EQ(refused(desk.act("incident.check", {{"item", "10"}, {"state", "done"}})), "not_found /item");
  EXPECT_EQ(refused(desk.act("incident.check", {{"item", "3"}, {"state", "not_applicable"}})), "invalid /note");
}

// Every edge of a small supply chain, and what each of its assets reaches, counted by hand.
TEST(CasefileAssets, tells_everything_downstream_and_nothing_else) {
  Desk desk;
  for (const auto& [name, type] : {std::pair("ratings", "dataset"), {"clicks", "dataset"}, {"features", "feature_store"}, {"train", "pipeline"}, {"model@1", "model"},
                                   {"model@2", "model"}, {"api", "endpoint"}, {"batch", "endpoint"}, {"registry", "registry"}, {"lonely", "prompt"}})
    ASSERT_EQ(refused(desk.act("asset.put", {{"asset", name}, {"type", type}})), "") << name;
  for (const auto& [asset, needs] : {std::pair("features", "ratings"), {"features", "clicks"}, {"train", "features"}, {"train", "registry"}, {"registry", "train"},
                                     {"model@1", "train"}, {"model@2", "train"}, {"model@2", "clicks"}, {"api", "model@2"}, {"batch", "model@1"}, {"batch", "registry"}})
    ASSERT_EQ(refused(desk.act("asset.link", {{"asset", asset}, {"needs", needs}})), "") << asset;
  const auto names = [](const std::map<std::string, Reached>& found) {
    std::vector<std::string> out;
    for (const auto& [name, way] : found) out.push_back(name);
    return out;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(downstream(desk.state(), "ratings")), (Names{"api", "batch", "features", "model@1", "model@2", "registry", "train"}));
  EXPECT_EQ(names(downstream(desk.state(), "model@1")), Names{"batch"});
  EXPECT_EQ(names(downstream(desk.state(), "registry")), (Names{"api", "batch", "model@1", "model@2", "train"})) << "a circle ends";
  EXPECT_EQ(names(downstream(desk.state(), "lonely")), Names{});
  EXPECT_EQ(names(upstream(desk.state(), "api")), (Names{"clicks", "features", "model@2", "ratings", "registry", "train"}));
  EXPECT_EQ(downstream(desk.state(), "clicks").at("api"), (Reached{2, "model@2"})) << "the shortest way";
  EXPECT_EQ(refused(desk.act("asset.unlink", {{"asset", "api"}, {"needs", "model@2"}, {"reason", "rolled back"}})), "");
  EXPECT_FALSE(downstream(desk.state(), "ratings").contains("api"));
  EXPECT_EQ(refused(desk.act("asset.link", {{"asset", "api"}, {"needs", "api"}})), "invalid /needs");
  EXPECT_EQ(refused(desk.act("asset.link", {{"asset", "api"}, {"needs", "nothing"}})), "not_found /needs");
  EXPECT_EQ(refused(desk.act("incident.asset", {{"asset", "ratings"}, {"state", "compromised"}})), "");
  EXPECT_EQ(refused(desk.act("incident.asset", {{"asset", "ratings"}, {"state", "broken"}})), "invalid /state");
}

TEST(CasefileAssets, every_type_can_be_entered) {
  Desk desk;
  for (const std::string& type : split_choices(words::kAssetTypes)) EXPECT_EQ(refused(desk.act("asset.put", {{"asset", "a-" + type}, {"type", type}})), "") << type;
  EXPECT_EQ(refused(desk.act("asset.put", {{"asset", "a b"}, {"type", "model"}})), "invalid /asset");
  EXPECT_EQ(refused(desk.act("asset.put", {{"asset", "a"}, {"type", "toaster"}})), "invalid /type");
  EXPECT_EQ(refused(desk.act("asset.put", {{"asset", "a"}, {"type", "model"}, {"criticality", "very"}})), "invalid /criticality");
}

TEST(CasefileIndicators, carry_a_mark_of_the_traffic_light_protocol) {
  Desk desk;
  EXPECT_EQ(refused(desk.act("incident.indicator", {{"type", "ip"}, {"value", "192.0.2.7"}, {"tlp", "TLP:WHITE"}})), "invalid /tlp") << "TLP 2.0 has no white";
  const auto group = desk.act("incident.indicator", {{"type", "ip"}, {"value", "192.0.2.7"}, {"tlp", "TLP:AMBER"}, {"sign", "precursor"}});
  const std::string id = find_kind(group, "casefile_indicator")->id("ind");
  EXPECT_EQ(refused(desk.act("incident.indicator_withdraw", {{"indicator", id}, {"reason", "our own scanner"}})), "");
  EXPECT_EQ(refused(desk.act("incident.indicator_withdraw", {{"indicator", id}, {"reason", "our own scanner"}})), "not_found /indicator");
}

TEST(CasefileRelations, are_told_once_and_not_both_ways) {
  Desk desk;
  const std::string other = desk.open("other");
  const JsonObject caused{{"other", other}, {"relation", "caused_by"}, {"reason", "same key"}};
  EXPECT_EQ(refused(desk.act("incident.relate", caused)), "");
  EXPECT_EQ(refused(desk.act("incident.relate", caused)), "conflict /other");
  EXPECT_EQ(refused(desk.act("incident.relate", {{"incident", other}, {"other", desk.incident()}, {"relation", "caused_by"}, {"reason", "r"}})), "conflict /relation");
  EXPECT_EQ(refused(desk.act("incident.relate", {{"other", desk.incident()}, {"relation", "related"}, {"reason", "r"}})), "invalid /other");
  EXPECT_EQ(refused(desk.act("incident.unrelate", caused)), "");
  EXPECT_TRUE(desk.state().relations.empty());
}

TEST(CasefileRelations, an_incident_with_work_under_way_is_not_merged_away) {
  Desk desk;
  const std::string other = desk.open("other");
  const auto run = desk.input("playbook_run_started", JsonObject{{"incident", other}, {"playbook", "p"}});
  const JsonObject args{{"incident", other}, {"into", desk.incident()}, {"reason", "one attacker"}};
  EXPECT_EQ(refused(desk.act("incident.merge", args)), "conflict /incident");
  desk.input("playbook_run_ended", JsonObject{{"run", run.front().id("run")}, {"incident", other}});
  EXPECT_EQ(refused(desk.act("incident.merge", args)), "");
  EXPECT_EQ(desk.state().files.at(other).into, desk.incident());
  EXPECT_EQ(refused(desk.act("incident.fact", {{"incident", other}, {"text", "x"}, {"occurred", desk.when(-1)}})), "conflict /incident");
  EXPECT_EQ(refused(desk.act("incident.reopen", {{"incident", other}, {"reason", "r"}})), "conflict /incident");
}

TEST(CasefileReopen, needs_a_second_person_who_approves) {
  Desk desk;
  const JsonObject args{{"incident", desk.incident()}, {"reason", "it came back"}};
  EXPECT_EQ(refused(desk.act("incident.reopen", args)), "conflict /incident") << "it is open";
  desk.close(desk.incident());
  EXPECT_NE(find_kind(desk.act("incident.reopen", args), "incident_reopen_asked"), nullptr);
  EXPECT_EQ(refused(desk.as_approver("incident.reopen", args, "user:ana")), "forbidden ") << "not the one who asked";
  EXPECT_EQ(refused(desk.act("incident.reopen", args, "user:bo")), "forbidden ") << "an approver";
  const auto group = desk.as_approver("incident.reopen", args);
  const Entry* const opened = find_kind(group, "incident_reopened");
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(string_or(opened->body, "with"), "user:ana");
  EXPECT_EQ(string_or(opened->body, "endpoint"), "api");
  EXPECT_FALSE(desk.file().closed);
  desk.close(desk.incident());
  desk.open("api");
  EXPECT_EQ(refused(desk.act("incident.reopen", args)), "conflict /incident") << "another is open on the endpoint";
}

TEST(CasefileHandover, is_signed_by_the_taker_on_the_summary_that_was_read) {
  Desk desk;
  const std::string digest = sha256("summary").hex();
  const JsonObject args{{"role", "commander"}, {"to", "bo"}, {"situation", JsonObject{{"digest", digest}}}};
  const auto prepared = desk.act("incident.handover", args);
  const Entry* const entry = find_kind(prepared, "handover_prepared");
  ASSERT_NE(entry, nullptr);
  const std::string id = entry->id("hand");
  EXPECT_EQ(refused(desk.act("incident.handover_accept", {{"handover", id}, {"digest", digest}}, "user:eve")), "forbidden /handover");
  EXPECT_EQ(refused(desk.act("incident.handover_accept", {{"handover", id}, {"digest", sha256("other").hex()}}, "user:bo")), "conflict /digest");
  const auto taken = desk.act("incident.handover_accept", {{"handover", id}, {"digest", digest}}, "user:bo");
  ASSERT_NE(find_kind(taken, "handover_accepted"), nullptr);
  EXPECT_EQ(desk.file().roles.at("commander"), "bo");
  EXPECT_EQ(refused(desk.act("incident.handover_accept", {{"handover", id}, {"digest", digest}}, "user:bo")), "not_found /handover");
  EXPECT_EQ(refused(desk.act("incident.handover", args)), "conflict /to");
}

TEST(CasefileLessons, come_in_any_phase_and_afterwards) {
  Desk desk;
  for (const std::string_view phase : {"containment", "eradication", "recovery", "post_incident"}) {
    desk.input("incident_phase", JsonObject{{"incident", desk.incident()}, {"to", phase}});
    const auto group = desk.act("incident.lesson", {{"text", "keep copies"}});
    EXPECT_EQ(string_or(find_kind(group, "lesson_added")->body, "phase"), phase);
  }
  EXPECT_EQ(refused(desk.act("incident.lesson", {{"text", "t"}, {"question", "whose_fault"}})), "invalid /question");
  for (const std::string& question : split_choices(words::kReviewQuestions)) {
    EXPECT_EQ(refused(desk.act("incident.lesson", {{"text", "t"}, {"question", question}})), "") << question;
    EXPECT_NE(review_question(question), "") << question;
  }
  desk.close(desk.incident());
  EXPECT_EQ(string_or(find_kind(desk.act("incident.lesson", {{"text", "and more"}}), "lesson_added")->body, "phase"), "closed");
}

TEST(CasefileFollowUps, close_with_evidence_alone_and_are_told_when_overdue) {
  Desk desk;
  EXPECT_EQ(refused(desk.act("incident.follow_up", {{"text", "t"}, {"owner", "bo"}, {"due", desk.when(-1)}, {"acceptance", "a"}})), "invalid /due");
  EXPECT_EQ(refused(desk.act("incident.follow_up", {{"text", "t"}, {"owner", "bo"}, {"due", desk.when(60)}, {"acceptance", " "}})), "invalid /acceptance");
  const auto group = desk.act("incident.follow_up", {{"text", "pin the source"}, {"owner", "bo"}, {"due", desk.when(60)}, {"acceptance", "the test is green"}});
  const std::string id = find_kind(group, "follow_up_opened")->id("follow");
  desk.close(desk.incident());
  desk.advance(59 * kMinute);
  EXPECT_TRUE(desk.input("tick", JsonObject{}).empty());
  desk.advance(2 * kMinute);
  EXPECT_NE(find_kind(desk.input("tick", JsonObject{}), "follow_up_overdue"), nullptr);
  EXPECT_TRUE(desk.input("tick", JsonObject{}).empty()) << "told once";
  for (const char* nothing : {"", "done", "ev-", "journal:", "journal:x", "http://x"})
    EXPECT_EQ(refused(desk.act("incident.follow_up_done", {{"follow_up", id}, {"evidence", nothing}, {"result", "r"}})), "invalid /evidence") << nothing;
  const auto closed = desk.act("incident.follow_up_done", {{"follow_up", id}, {"evidence", "ev-12"}, {"result", "green"}});
  EXPECT_TRUE(bool_or(find_kind(closed, "follow_up_closed")->body, "late"));
  EXPECT_TRUE(desk.state().follow_ups.empty());
}

// Whatever people do in whatever order: rows only grow, only the newest of a chain stands, every text of notes is in an entry, a document's revision
// rises by one, and replay and snapshot give the same state.
RC_GTEST_PROP(CasefileProperty, nothing_that_was_written_is_changed_or_lost, ()) {
  Desk desk;
  const std::string other = desk.open("other");
  std::vector<std::string> written;
  for (int step = 0; step < 60; ++step) {
    const std::string by = *rc::gen::element<std::string>("user:ana", "user:bo", "user:cyd");
    const std::string incident = *rc::gen::element(desk.incident(), other);
    const auto rows_before = desk.state().files.at(incident).rows;
    const auto notes_before = desk.state().files.at(incident).notes;
    const std::size_t entries_before = desk.entries().size();
    const std::string text = "text " + std::to_string(step);
    const int what = *rc::gen::inRange(0, 9);
    if (what <= 1) {
      desk.act(what == 0 ? "incident.fact" : "incident.opinion", {{"incident", incident}, {"text", text}, {"occurred", desk.when(-1)}}, by);
    } else if (what <= 3 && !rows_before.empty()) {
      const auto& row = rows_before[*rc::gen::inRange<std::size_t>(0, rows_before.size())];
      desk.act("incident.correct", {{"incident", incident}, {"row", "row-" + std::to_string(row.index)}, {"text", text}, {"reason", "r"}}, by);
    } else if (what <= 5) {
      desk.act("incident.notes", {{"incident", incident}, {"document", "plan"}, {"text", text}, {"base", *rc::gen::inRange(0, 4)}}, by);
      const auto& notes = desk.state().files.at(incident).notes;
      const bool taken = notes != notes_before;
      if (taken) RC_ASSERT(notes.at("plan").revision == (notes_before.contains("plan") ? notes_before.at("plan").revision : 0) + 1);
      written.push_back(text);
    } else if (what == 6) {
      desk.act("incident.check", {{"incident", incident}, {"item", "6.3"}, {"state", *rc::gen::element<std::string>("done", "more_found")}, {"note", "n"}}, by);
    } else if (what == 7) {
      desk.close(incident);
    } else {
      desk.as_approver("incident.reopen", {{"incident", incident}, {"reason", "r"}}, by);
    }
    const auto& rows = desk.state().files.at(incident).rows;
    RC_ASSERT(rows.size() >= rows_before.size());
    for (std::size_t i = 0; i < rows_before.size(); ++i) {
      RC_ASSERT(rows[i].index == rows_before[i].index && rows[i].opinion == rows_before[i].opinion);
      RC_ASSERT(rows_before[i].corrected_by == 0 || rows[i].corrected_by == rows_before[i].corrected_by);
    }
    for (std::size_t i = entries_before; i < desk.entries().size(); ++i) RC_ASSERT(desk.entries()[i].index == i);
  }
  for (const std::string& text : written)
    RC_ASSERT(std::any_of(desk.entries().begin(), desk.entries().end(), [&](const Entry& entry) {
      return (entry.kind == "command_accepted" || entry.kind.starts_with("casefile_notes")) && canonical_json(entry.body).find("\"" + text + "\"") != std::string::npos;
    }));
  RC_ASSERT(desk.replayed() == desk.state());
  RC_ASSERT(state_from_json(*parse_json(canonical_json(to_json(desk.state())))).value() == desk.state());
}

TEST(CasefilePrivileged, counsel_alone_releases_a_sealed_note_and_it_keeps_its_author) {
  Desk desk;
  const auto as = [&](const char* role, const std::string& name, JsonObject args, const std::string& by) {
    args["incident"] = desk.incident();
    return desk.input("command_accepted", JsonObject{{"name", name}, {"args", std::move(args)}, {"role", role}}, by);
  };
  const std::string digest(64, 'a');
  EXPECT_EQ(refused(as("analyst", "incident.privileged", {{"sealed", "the advice itself"}}, "user:ana")), "invalid /sealed") << "never a text";
  EXPECT_EQ(refused(as("gateway", "incident.privileged", {{"sealed", digest}}, "service:gw-1")), "forbidden ");
  const auto sealed = as("analyst", "incident.privileged", {{"sealed", digest}}, "user:ana");
  const Entry* const note = find_kind(sealed, "privileged_note_sealed");
  ASSERT_NE(note, nullptr);
  const std::string id = note->id("priv");
  EXPECT_EQ(refused(as("commander approver admin", "incident.privileged_release", {{"note", id}, {"reason", "r"}, {"text", "t"}}, "user:kim")), "forbidden ");
  EXPECT_EQ(refused(as("legal", "incident.privileged_release", {{"note", "priv-999"}, {"reason", "r"}, {"text", "t"}}, "user:lena")), "not_found /note");
  EXPECT_EQ(refused(as("legal", "incident.privileged_release", {{"note", id}, {"reason", " "}, {"text", "t"}}, "user:lena")), "invalid /reason");
  desk.close(desk.incident());
  EXPECT_EQ(state_from_json(*parse_json(canonical_json(to_json(desk.state())))).value(), desk.state());
  const auto released = as("analyst legal", "incident.privileged_release", {{"note", id}, {"reason", "r"}, {"text", "text:1"}}, "user:lena");
  ASSERT_NE(find_kind(released, "privileged_note_released"), nullptr) << "also when the incident is closed";
  EXPECT_EQ(string_or(find_kind(released, "privileged_note_released")->body, "sealed"), digest);
  EXPECT_EQ(string_or(find_kind(released, "incident_note")->body, "by"), "user:ana");
  EXPECT_TRUE(desk.file().privileged.empty());
  EXPECT_EQ(desk.replayed(), desk.state());
}

}  // namespace
}  // namespace firebreak::casefile
