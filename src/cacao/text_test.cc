#include "cacao/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cacao/difference.h"
#include "cacao/lint.h"
#include "cacao/sample.h"
#include "cacao/skeleton.h"

namespace firebreak::cacao {
namespace {

using ::testing::HasSubstr;

const std::string kAction = "/workflow/" + sample_id("action", 2);

Json shipped() {
  std::ifstream in(FIREBREAK_SOURCE_DIR "/content/playbooks/adversarial-evasion.json");
  std::stringstream text;
  text << in.rdbuf();
  return *parse_json(text.str());
}

TEST(Content, the_shipped_playbook_is_clean_in_both_profiles) {
  for (const Profile profile : {Profile::kStrictCs01, Profile::kLenientImport})
    for (const Diagnostic& one : lint(shipped(), profile)) ADD_FAILURE() << profile_name(profile) << ": " << to_text(one);
}

TEST(Content, a_new_playbook_is_clean_in_both_profiles) {
  int made = 0;
  const auto uuid = [&] {
    const std::string number = std::to_string(++made);
    return "00000000-0000-4000-8000-" + std::string(12 - number.size(), '0') + number;
  };
  const Json document = nist_skeleton({"Poisoned feed", "", *parse_time("2026-11-29T09:00:00Z"), uuid});
  for (const Profile profile : {Profile::kStrictCs01, Profile::kLenientImport})
    for (const Diagnostic& one : lint(document, profile)) ADD_FAILURE() << profile_name(profile) << ": " << to_text(one);
  EXPECT_EQ(string_or(document, "created"), "2026-11-29T09:00:00.000Z");
}

TEST(Text, draws_steps_in_the_order_in_which_they_run) {
  Json document = sample_playbook();
  change(document, kAction + "/timeout", "7200000");
  EXPECT_EQ(tree(read_playbook(document)),
            "sample  (playbook--00000000-0000-4000-8000-00000000000a)\n"
            "version 2026-03-01T09:00:00.000Z\n"
            "integer __count__ = 3\n"
            "\n"
            "start\n"
            "action  Look  (at most 2 h)\n"
            "    http-api: GET /api/v1/status?n=__count__:value HTTP/1.1  (monitor)\n"
            "end\n"
            "when a step fails and says no other way:\n"
            "  action  Tell\n"
            "      manual: Go on by hand.  (responders)\n"
            "  end\n");
}

TEST(Text, draws_every_step_once_and_names_what_is_not_there) {
  const std::string drawn = tree(read_playbook(shipped()));
  EXPECT_THAT(drawn, HasSubstr("  branch 2:\n    action  Offer containment")) << drawn;
  EXPECT_THAT(drawn, HasSubstr("-> Containment is late (above)"));
  Json document = sample_playbook();
  change(document, kAction + "/on_completion", "\"end--none\"");
  EXPECT_THAT(tree(read_playbook(document)), HasSubstr("-> end--none, which is not there\n"));
  EXPECT_THAT(tree(read_playbook(document)), HasSubstr("no path leads to: end"));
  change(document, kAction + "/on_completion", "\"" + sample_id("action", 2) + "\"");
  EXPECT_THAT(tree(read_playbook(document)), HasSubstr("-> Look (above)")) << "a loop ends";
}

TEST(Text, cannot_steer_a_terminal_or_a_browser) {
  Json document = sample_playbook();
  change(document, "/name", R"("a\u001b[2Jb<script>alert(1)</script>")");
  change(document, kAction + "/commands/0/command", R"("GET /\"><img src=x> HTTP/1.1")");
  EXPECT_EQ(tree(read_playbook(document)).find('\x1b'), std::string::npos);
  const std::string html = page(read_playbook(document));
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
}

TEST(Text, page_numbers_the_steps_and_says_where_to_go) {
  const std::string html = page(read_playbook(shipped()));
  EXPECT_THAT(html, HasSubstr("<b>Secure the evidence</b> <small>within 1 h</small>"));
  EXPECT_THAT(html, HasSubstr("All at the same time. branch 1: step 2 (Secure the evidence). branch 2: step 4 (Offer containment)."));
  EXPECT_THAT(html, HasSubstr("Then: the end of this branch. If it fails: step 6 (Containment is late)."));
  EXPECT_THAT(html, HasSubstr("Then: the end."));
  EXPECT_THAT(html, HasSubstr("Is <code>__finding_kinds__:value LIKE &#39;%performance_drop%&#39;</code>?"));
  EXPECT_THAT(html, HasSubstr("given when it starts"));
  EXPECT_THAT(page(read_playbook(JsonObject{})), HasSubstr("</html>"));
}

TEST(Text, page_reads_well_aloud) {
  const std::string html = page(read_playbook(shipped()));
  EXPECT_THAT(html, HasSubstr("<b>Firebreak</b> captures as evidence: counters, inferences, policy, model, dataset."));
  EXPECT_THAT(html, HasSubstr("<b>Firebreak</b> wakes <var>oncall</var>: Evasion: <var>incident</var> on <var>endpoint</var>"));
  EXPECT_THAT(html, HasSubstr("<th>potential damage</th>")) << "the measures with their six criteria";
  EXPECT_THAT(html, HasSubstr("<td><b>block</b> Refuse the callers that probe.</td>"));
  EXPECT_THAT(html, HasSubstr("Answer:")) << "what people are asked";
  EXPECT_THAT(html, HasSubstr("<small>(<var>score shown</var>, true or false)</small>"));
  EXPECT_THAT(html, HasSubstr("Runs the playbook <code>playbook--"));
  EXPECT_THAT(html, HasSubstr("<br>2. Copy features as they were served.")) << "what is counted stands in lines";
  EXPECT_THAT(html, HasSubstr("AML.T0015"));
  Json document = sample_playbook();
  change(document, kAction + "/step_extensions", R"({"extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d": {"approval": {"approvers": 2, "within": 7200000}}})");
  EXPECT_THAT(page(read_playbook(document)), HasSubstr("<b>First 2 people must approve it</b>, within 2 h; not who started the run."));
  EXPECT_THAT(page(read_playbook(document)), HasSubstr("If it fails: step 2 (Tell)."));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Text, picture_has_a_box_a_step_and_a_line_a_way) {
  const Playbook playbook = read_playbook(shipped());
  std::size_t ways = 0;
  for (const auto& [id, step] : playbook.steps) ways += step.branches.size() + step.routes().size();
  const std::string picture = svg(playbook);
  EXPECT_EQ(count(picture, "<rect "), playbook.steps.size());
  EXPECT_EQ(count(picture, "<path ") - 1, ways) << "one is the head of the arrows";
  EXPECT_THAT(picture, HasSubstr("Secure the evidence"));
  Json hostile = sample_playbook();
  change(hostile, kAction + "/name", R"("</text><script>\u001b")");
  EXPECT_EQ(svg(read_playbook(hostile)).find("<script"), std::string::npos);
  change(hostile, kAction + "/on_completion", "\"" + sample_id("action", 2) + "\"");
  EXPECT_THAT(svg(read_playbook(hostile)), HasSubstr("</svg>")) << "a loop ends";
  EXPECT_THAT(svg(read_playbook(JsonObject{})), HasSubstr("</svg>"));
}

TEST(Text, spans_are_in_the_largest_unit_that_is_exact) {
  EXPECT_EQ(span_text(14'400'000), "4 h");
  EXPECT_EQ(span_text(90'000), "90 s");
  EXPECT_EQ(span_text(1'500), "1500 ms");
  EXPECT_EQ(span_text(0), "0 ms");
}

TEST(Difference, names_places_and_steps) {
  Json other = sample_playbook();
  change(other, kAction + "/timeout", "1000");
  change(other, kAction + "/commands/0/command", "\"GET / HTTP/1.1\"");
  change(other, "/playbook_variables/__count__", "");
  change(other, "/signatures", "[]");
  const auto found = differences(sample_playbook(), other);
  std::vector<std::string> lines;
  for (const Difference& one : found) lines.push_back(to_text(one));
  EXPECT_EQ(lines, (std::vector<std::string>{
                       R"(removed /playbook_variables/__count__: {"type":"integer","value":"3"})",
                       "changed " + kAction + R"(/commands/0/command (Look): "GET /api/v1/status?n=__count__:value HTTP/1.1" -> "GET / HTTP/1.1")",
                       "added   " + kAction + "/timeout (Look): 1000",
                   }));
  EXPECT_TRUE(differences(other, other).empty());
}

}  // namespace
}  // namespace firebreak::cacao
