#include "read/events/lines.h"

#include <gtest/gtest.h>

#include <fstream>

namespace firebreak::events {
namespace {

// A small journal: a finding that opens, joins an incident, is judged and closes; a muted one; an incident by hand.
std::vector<Entry> story() {
  std::vector<Entry> out;
  const auto add = [&](const std::string& kind, Json body) {
    Entry entry;
    entry.index = out.size();
    entry.kind = kind;
    entry.time = Time{1'772'850'000'000'000 + static_cast<std::int64_t>(out.size()) * kMinute};
    entry.actor = "firebreak";
    entry.body = std::move(body);
    out.push_back(std::move(entry));
  };
  FindingUpdate drift;
  drift.episode = "feature_drift/age";
  drift.kind = "feature_drift";
  drift.severity = Severity::kHigh;
  drift.endpoint = drift.stream = "shop";
  drift.first_index = 10;
  drift.last_index = 400;
  drift.first_time = Time{1'772'840'000'000'000};
  drift.last_time = drift.first_time + kHour;
  drift.count = 3;
  drift.numbers = {{"e_value", 812.5}, {"limit", 400}};
  drift.summary = "age drifted: e-value 812 against 400";
  drift.feature = "age";
  drift.segment = "country=DE";
  drift.onset = Onset{10, 90, drift.first_time, drift.first_time + kMinute};
  drift.callers = {"k1"};
  FindingUpdate imported = drift;
  imported.episode = "imported/1";
  imported.kind = "imported_result";
  imported.origin = "evidently";
  imported.severity = Severity::kLow;
  imported.onset.reset();
  FindingUpdate match = imported;
  match.episode = "rule_match/odd/rule/12";
  match.kind = "rule_match";
  match.origin.clear();
  add("endpoint_registered", JsonObject{{"endpoint", JsonObject{{"name", "shop"}, {"owner_team", "retail"}}}});
  add("finding_opened", to_json(drift));
  add("finding_opened", to_json(imported));
  add("finding_muted", JsonObject{{"finding", "find-2"}, {"mute", "mute-0"}, {"by", "user:ana"}, {"until", "2026-03-07T05:00:00Z"}});
  add("incident_opened", JsonObject{{"endpoint", "shop"}, {"title", "The input of shop changed"}, {"severity", "SEV-2"}, {"findings", JsonArray{"find-1"}}});
  add("incident_triaged", JsonObject{{"incident", "inc-4"}, {"verdict", "benign_drift"}, {"by", "firebreak"}});
  add("incident_acknowledged", JsonObject{{"incident", "inc-4"}, {"by", "user:ana"}});
  add("incident_finding_linked", JsonObject{{"incident", "inc-4"}, {"finding", "find-2"}, {"kind", "imported_result"}});
  add("finding_verdict", JsonObject{{"finding", "find-1"}, {"verdict", "true"}, {"by", "user:ana"}});
  add("finding_unmuted", JsonObject{{"finding", "find-2"}, {"mute", "mute-0"}});
  add("incident_phase", JsonObject{{"incident", "inc-4"}, {"from", "detection_analysis"}, {"to", "post_incident"}});
  add("incident_severity", JsonObject{{"incident", "inc-4"}, {"from", "SEV-2"}, {"to", "SEV-1"}});
  add("finding_closed", to_json(drift));
  add("incident_closed", JsonObject{{"incident", "inc-4"}, {"by", "user:ana"}});
  add("incident_opened", JsonObject{{"endpoint", "shop"}, {"title", "odd"}, {"severity", "SEV-3"}, {"findings", JsonArray{}}});
  add("finding_opened", to_json(match));
  add("rules_taken", JsonObject{{"endpoint", "shop"}, {"from", 7}, {"digest", "d1"}});
  match.episode = "rule_match/odd/rule/13";
  add("finding_opened", to_json(match));
  return out;
}

Meanings meanings() {
  Meanings out;
  out.of_kind["feature_drift"] = {{"OWASP Machine Learning Security Top 10", "2023", "ML08:2023", "Model Skewing"},
                                  {"MITRE ATLAS", "5.6.0", "AML.T0031", "Erode AI Model Integrity"},
                                  {"MITRE ATLAS", "5.6.0", "AML.T0043.001", "Craft Adversarial Data: Black-Box Optimization"}};
  out.of_rule = [](const std::string& digest, const std::string& rule) {
    EXPECT_EQ(digest + rule, "d1odd/rule");
    return std::vector<Meaning>{{"MITRE ATLAS", "5.6.0", "AML.T0029", "Denial of AI Service"}};
  };
  return out;
}

std::vector<Json> lines_of(Format format) {
  Lines lines(format, "0.1.0", meanings());
  std::vector<Json> out;
  for (const Entry& entry : story())
    if (const auto line = lines.next(entry)) {
      EXPECT_EQ(line->find('\n'), std::string::npos);
      EXPECT_EQ(index_of_line(*line), entry.index);
      out.push_back(*parse_json(*line, 64));
    }
  // For the schema's own judge: FIREBREAK_EVENTS_OUT=FOLDER (test/counterpart/events).
  if (const char* folder = std::getenv("FIREBREAK_EVENTS_OUT")) {
    std::ofstream file(std::string(folder) + (format == Format::kOcsf ? "/ocsf.ndjson" : "/ecs.ndjson"));
    for (const Json& line : out) file << canonical_json(line) << "\n";
  }
  return out;
}

const Json& at(const Json& document, std::string_view pointer) {
  static const Json kNone = nullptr;
  const Json* found = find_pointer(document, pointer);
  EXPECT_NE(found, nullptr) << pointer << " of " << canonical_json(document);
  return found == nullptr ? kNone : *found;
}

TEST(Ocsf, has_what_the_schema_requires_in_every_line) {
  const auto lines = lines_of(Format::kOcsf);
  ASSERT_EQ(lines.size(), 16u) << "every entry but the first, and what says which rules run";
  for (const Json& line : lines) {
    for (const char* pointer : {"/activity_id", "/category_uid", "/class_uid", "/severity_id", "/time", "/type_uid", "/metadata/version", "/metadata/product/name"})
      at(line, pointer);
    EXPECT_EQ(int_or(line, "type_uid"), int_or(line, "class_uid") * 100 + int_or(line, "activity_id"));
    EXPECT_EQ(at(line, "/metadata/version"), Json("1.5.0"));
    if (int_or(line, "class_uid") == 2004) {
      at(line, "/finding_info/uid");
      at(line, "/finding_info/analytic/type_id");
    } else {
      EXPECT_EQ(int_or(line, "class_uid"), 2005);
      at(line, "/status_id");
      at(line, "/finding_info_list/0/uid");
    }
  }
}

TEST(Ocsf, tells_a_finding_from_its_opening_to_its_close) {
  const auto lines = lines_of(Format::kOcsf);
  EXPECT_EQ(int_or(lines[0], "activity_id"), 1);
  EXPECT_EQ(at(lines[0], "/finding_info/uid"), Json("find-1"));
  EXPECT_EQ(int_or(lines[0], "severity_id"), 4);
  EXPECT_EQ(at(lines[0], "/evidences/0/data/feature"), Json("age"));
  EXPECT_EQ(at(lines[1], "/finding_info/product/name"), Json("evidently"));
  EXPECT_EQ(int_or(lines[2], "status_id"), 3) << "muted is suppressed";
  EXPECT_FALSE(bool_or(lines[2], "is_alert"));
  EXPECT_EQ(string_or(lines[7], "status_detail"), "verdict: true");
  EXPECT_EQ(at(lines[7], "/metadata/correlation_uid"), Json("inc-4"));
  EXPECT_EQ(int_or(lines[11], "activity_id"), 3);
}

TEST(Ocsf, tells_an_incident_from_its_opening_to_its_close) {
  const auto lines = lines_of(Format::kOcsf);
  EXPECT_EQ(int_or(lines[3], "class_uid"), 2005);
  EXPECT_EQ(int_or(lines[3], "status_id"), 1);
  EXPECT_EQ(at(lines[3], "/assignee_group/name"), Json("retail"));
  EXPECT_EQ(int_or(lines[4], "verdict_id"), 5);
  EXPECT_EQ(int_or(lines[5], "status_id"), 2);
  EXPECT_EQ(at(lines[5], "/assignee/name"), Json("ana"));
  EXPECT_EQ(lines[6].at("finding_info_list").as_array().size(), 2u);
  EXPECT_EQ(int_or(lines[9], "status_id"), 4);
  EXPECT_EQ(int_or(lines[10], "severity_id"), 5);
  EXPECT_EQ(int_or(lines[12], "status_id"), 5);
  EXPECT_EQ(int_or(lines[12], "activity_id"), 3);
  EXPECT_EQ(at(lines[13], "/finding_info_list/0/uid"), Json("inc-14")) << "declared by a person, without findings";
}

TEST(Ocsf, names_what_a_finding_means_with_the_version_of_the_framework) {
  const auto lines = lines_of(Format::kOcsf);
  for (const std::size_t line : {0u, 7u, 11u}) {  // in every line about it
    EXPECT_EQ(at(lines[line], "/finding_info/attacks/0/technique/uid"), Json("AML.T0031"));
    EXPECT_EQ(at(lines[line], "/finding_info/attacks/0/version"), Json("5.6.0"));
  }
  EXPECT_EQ(canonical_json(at(lines[0], "/finding_info/attacks/1")),
            R"({"sub_technique":{"name":"Black-Box Optimization","uid":"AML.T0043.001"},"technique":{"name":"Craft Adversarial Data","uid":"AML.T0043"},"version":"5.6.0"})");
  EXPECT_EQ(canonical_json(at(lines[0], "/finding_info/tags")), R"([{"name":"OWASP Machine Learning Security Top 10 2023","value":"ML08:2023 Model Skewing"}])");
  EXPECT_EQ(at(lines[3], "/finding_info_list/0/attacks/0/technique/uid"), Json("AML.T0031"));
  EXPECT_EQ(find_pointer(lines[1], "/finding_info/attacks"), nullptr) << "another tool's says nothing";
  EXPECT_EQ(find_pointer(lines[14], "/finding_info/attacks"), nullptr) << "which rules ran is not known";
  EXPECT_EQ(at(lines[15], "/finding_info/attacks/0/technique/uid"), Json("AML.T0029"));
}

TEST(Ecs, has_the_fields_and_words_of_the_schema) {
  const auto lines = lines_of(Format::kEcs);
  ASSERT_EQ(lines.size(), 16u);
  for (const Json& line : lines) {
    for (const char* pointer : {"/@timestamp", "/ecs/version", "/event/kind", "/event/category/0", "/event/type/0", "/event/action", "/event/sequence", "/service/name"})
      at(line, pointer);
    EXPECT_EQ(at(line, "/event/category/0"), Json("intrusion_detection"));
  }
  EXPECT_EQ(at(lines[0], "/event/kind"), Json("alert"));
  EXPECT_EQ(at(lines[1], "/event/kind"), Json("event")) << "of low severity";
  EXPECT_EQ(at(lines[0], "/event/type/0"), Json("start"));
  EXPECT_EQ(at(lines[11], "/event/type/0"), Json("end"));
  EXPECT_EQ(at(lines[4], "/firebreak/triage"), Json("benign_drift"));
  EXPECT_EQ(at(lines[0], "/rule/name"), Json("feature_drift"));
}

TEST(Lines, forget_the_oldest_and_say_nothing_of_what_they_do_not_know) {
  Lines lines(Format::kOcsf, "0");
  const auto stated = story();
  EXPECT_FALSE(lines.next(stated[12]).has_value()) << "its opening was not seen";
  EXPECT_FALSE(lines.next(stated[13]).has_value());
  for (std::uint64_t i = 0; i < kRemembered + 10; ++i) {
    Entry entry = stated[1];
    entry.index = 100 + i;
    entry.body.as_object()["episode"] = "e" + std::to_string(i);
    EXPECT_TRUE(lines.next(entry).has_value());
  }
  Entry verdict = stated[8];
  verdict.body.as_object()["finding"] = "find-105";
  EXPECT_FALSE(lines.next(verdict).has_value());
  verdict.body.as_object()["finding"] = "find-110";
  EXPECT_TRUE(lines.next(verdict).has_value());
  EXPECT_FALSE(index_of_line("{\"half").has_value());
  EXPECT_FALSE(parse_format("cef").has_value());
}

}  // namespace
}  // namespace firebreak::events
