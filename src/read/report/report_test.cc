#include "read/report/report.h"

#include <gtest/gtest.h>

#include "read/report/assets.h"
#include "read/report/html.h"

namespace firebreak::report {
namespace {

Json json(std::string_view text) {
  Result<Json> value = parse_json(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : Json(nullptr);
}

ReportInput input() {
  ReportInput in;
  in.incident = json(
      R"({"id":"inc-2","index":2,"time":"2026-03-07T04:10:00Z","title":"Query attack","endpoint":"fraud-api",
    "severity":"SEV-2","rule":"spike with a chain","phase":"closed","state":"closed",
    "phases":[{"phase":"detection_analysis","time":"2026-03-07T04:10:00Z","index":2,"reason":"opened"}],
    "closed":{"by":"ana","time":"2026-03-12T08:00:00Z","index":90,"summary":"contained","residual_risk":"35 % of winning queries still pass"},
    "timeline":[{"log":"journal","index":2,"time":"2026-03-07T04:10:00Z","kind":"incident_opened","actor":"firebreak","text":"Incident inc-2 opened"}],
    "actions":[{"id":"act-7","index":7,"what":"Quarantine the chain","class":"bounded","state":"in_force","requested_by":"user:ana",
      "approved_by":[{"by":"ben","time":"2026-03-07T04:20:00Z","index":8}],"digest":"aabb","until":"2026-03-21T04:20:00Z",
      "in_force":{"time":"2026-03-07T04:21:00Z","index":12},"ordered":{"order":"ord-9","time":"2026-03-07T04:20:00Z","index":9}}],
    "evidence":[{"id":"ev-4","index":4,"state":"captured","item":"model","digest":"9e5d","octets":1024,"custody":[]}],
    "gates":[{"gate":"G3a","candidate":"1.2.0","figure":0.35,"limit":0.5,"passed":true,"index":60}],
    "triage":{"verdict":"suspected_malice","computed":"undetermined","by":"ben","reason":"one <caller> sends it all","time":"2026-03-07T04:30:00Z","index":2,
      "facts":[{"code":"chain","text":"a chain of queries","side":"malice","weight":3},{"code":"change","text":"campaign lay over the <onset>","side":"benign","weight":2}]},
    "causes":[{"cause":1,"count":4,"repeats":1,"kinds":{"query_chain":1,"feature_drift":3},"features":["age","<b>"],"began":{"first":"2026-03-07T04:00:00Z","last":"2026-03-07T04:05:00Z"},
      "why":{"began within the same hour":3,"opened the incident":1},"findings":[]}],
    "people":[{"id":"ben","role":"approver","scripted":true}]})");
  in.logs = json(R"([{"name":"journal","size":91,"root":"00ff"}])");
  in.replay = json(R"({"digest_before":"d1","digest_after":"d1"})");
  in.player =
      json(R"({"attack":{"exploits_total":43,"live":{"queries":900}},"traffic":{"honest_failed":0}})");
  in.made_at = *parse_time("2026-03-12T09:00:00Z");
  in.made_by = "firebreak";
  return in;
}

TEST(Report, has_the_fields_that_others_build_on) {
  const Result<Json> report = build_report(input());
  ASSERT_TRUE(report);
  for (const char* pointer : {"/incident/id",
                              "/incident/severity",
                              "/incident/phases/0/time",
                              "/timeline/0/text",
                              "/timeline/0/log",
                              "/timeline/0/index",
                              "/attack/exploits_total",
                              "/attack/live/queries",
                              "/traffic/honest_failed",
                              "/actions/0/what",
                              "/actions/0/requested_by",
                              "/actions/0/approved_by/0/by",
                              "/actions/0/ordered/time",
                              "/actions/0/in_force/time",
                              "/actions/0/lifted",
                              "/evidence/0/kind",
                              "/evidence/0/digest",
                              "/evidence/0/bytes",
                              "/evidence/0/index",
                              "/recovery/gates/0/candidate",
                              "/recovery/gates/0/id",
                              "/recovery/gates/0/figure",
                              "/recovery/gates/0/limit",
                              "/recovery/gates/0/passed",
                              "/replay/digest_before",
                              "/logs/0/root"})
    EXPECT_NE(find_pointer(*report, pointer), nullptr) << pointer;
}

TEST(Report, says_in_red_that_the_copy_off_the_machine_is_not_immutable) {
  ReportInput in = input();
  EXPECT_EQ(render_html(*build_report(in)).find("A copy of logs"), std::string::npos);
  in.offsite = json(R"({"place":"http://s/<b>","lag_octets":7,"immutable":true,"gave_way":[],"tested":"2026-03-12T08:00:00Z"})");
  const std::string good = render_html(*build_report(in));
  EXPECT_NE(good.find("http://s/&lt;b&gt;</code>; 7 octets"), std::string::npos);
  EXPECT_NE(good.find("<span class=\"good\">Its lock held</span>"), std::string::npos);
  in.offsite = json(R"({"place":"http://s","lag_octets":0,"immutable":false,"gave_way":["<it> can be shortened"],"tested":null})");
  EXPECT_EQ(render_html(*build_report(in)).find("key backup"), std::string::npos);
  in.offsite.as_object()["keys"] = json(R"({"missing":2,"count":7})");
  EXPECT_NE(render_html(*build_report(in)).find("2 of 7 keys are in no key backup"), std::string::npos);
  EXPECT_NE(render_html(*build_report(in)).find("<span class=\"bad\">This store is not immutable: &lt;it&gt; can be shortened.</span>"), std::string::npos);
}

TEST(Report, a_figure_nobody_measured_is_null_and_not_zero) {
  ReportInput in = input();
  in.player = nullptr;
  const Result<Json> report = build_report(in);
  ASSERT_TRUE(report);
  EXPECT_TRUE(find_pointer(*report, "/attack")->is_null());
  EXPECT_NE(render_html(*report).find("Nobody measured this"), std::string::npos);
}

TEST(Report, gives_what_people_measured_with_how_it_was_measured) {
  ReportInput in = input();
  EXPECT_EQ(render_html(*build_report(in)).find("What was measured"), std::string::npos);
  in.incident.as_object()["measurements"] = json(R"([{"name":"precision@10 <b>","figures":{"precision_before":0.0661,"a":{"b":2}},"method":"of the lists as served","by":"user:ana","index":5,"time":"2026-03-07T05:00:00Z"}])");
  const Result<Json> report = build_report(in);
  ASSERT_TRUE(report);
  const std::string page = render_html(*report);
  for (const std::string_view words : {"What was measured", "precision@10 &lt;b&gt;", "<dt>precision before</dt>", "0.0661", "a: b", "of the lists as served", "href=\"#journal-5\"", "By ana"})
    EXPECT_NE(page.find(words), std::string::npos) << words << "\n" << page;
}

TEST(Report, says_drift_or_malice_with_the_facts_and_why_findings_belong_together) {
  const Result<Json> report = build_report(input());
  ASSERT_TRUE(report);
  EXPECT_EQ(string_or(report->at("triage"), "verdict"), "suspected_malice");
  EXPECT_EQ(report->at("causes").as_array().size(), 1u);
  const std::string page = render_html(*report);
  for (const std::string_view words :
       {"<strong>suspected malice</strong>, says ben <span class=\"soft\">(scripted user)</span>: one &lt;caller&gt; sends it all; the facts alone say undetermined",
        "a chain of queries", "campaign lay over the &lt;onset&gt;", "3 feature drift", "1 query chain", "age, &lt;b&gt;", "2026-03-07 04:00:00 UTC</time> to <time datetime=\"2026-03-07T04:05:00Z\">2026-03-07 04:05:00 UTC",
        "began within the same hour <span class=\"soft\">(3 of 4)</span>", "1 of them repeated another"})
    EXPECT_NE(page.find(words), std::string::npos) << words << "\n" << page;
  ReportInput without = input();
  without.incident.as_object().erase("triage");
  without.incident.as_object().erase("causes");
  const auto bare = build_report(without);
  EXPECT_TRUE(bare->at("triage").is_null());
  EXPECT_NE(render_html(*bare).find("Nothing was found that could be weighed"), std::string::npos);
}

TEST(Report, refuses_what_is_no_incident) { EXPECT_EQ(build_report({}).error().code, Code::kInvalid); }

TEST(Report, the_page_says_who_decided_and_marks_scripted_users) {
  const std::string page = render_html(*build_report(input()));
  EXPECT_NE(page.find("ben <span class=\"soft\">(scripted user)</span>"), std::string::npos);
  EXPECT_NE(page.find("35 % of winning queries still pass"), std::string::npos);
  EXPECT_NE(page.find("<tr id=\"journal-2\">"), std::string::npos) << "each line has its index as a target";
  EXPECT_NE(page.find("href=\"#journal-8\""), std::string::npos) << "the approval links to its entry";
  EXPECT_EQ(page.find("{{"), std::string::npos);
}

TEST(Report, a_hostile_text_stays_text) {
  ReportInput in = input();
  in.incident.as_object()["title"] = "<script>alert(1)</script>\"'&";
  const std::string page = render_html(*build_report(in));
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"), std::string::npos);
}

TEST(Report, the_page_asks_for_nothing_from_outside) {
  const std::string page = render_html(*build_report(input()));
  for (const char* outside : {"http://", "https://", "src=", "@import", "url("})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
}

TEST(Report, a_document_with_nothing_in_it_still_renders) { EXPECT_FALSE(render_html(JsonObject{}).empty()); }

TEST(Assets, the_page_is_embedded_and_keeps_its_content_security_policy) {
  const Asset* page = web_asset("/");
  ASSERT_NE(page, nullptr);
  EXPECT_NE(page->content.find("<script type=\"module\" src=\"/app.js\"></script>"), std::string_view::npos);
  for (const std::string_view inline_code :
       {"<style", "style=", "onclick", "javascript:", "http://", "https://"})
    EXPECT_EQ(page->content.find(inline_code), std::string_view::npos) << inline_code;
  std::size_t scripts = 0;
  for (const Asset& asset : web_assets()) {
    if (!asset.path.ends_with(".js")) continue;
    ++scripts;
    for (const std::string_view risky :
         {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage", "style="})
      EXPECT_EQ(asset.content.find(risky), std::string_view::npos) << asset.path << " " << risky;
  }
  EXPECT_GE(scripts, 5u);
  EXPECT_EQ(web_asset("/nothing"), nullptr);
}

TEST(Template, values_are_not_searched_for_names) {
  EXPECT_EQ(fill_template("a {{x}} b {{y}}", {{"x", "{{y}}"}, {"y", "2"}}), "a {{y}} b 2");
}

}  // namespace
}  // namespace firebreak::report
