// What published playbooks do that a careful author would not: each shape in our own words, with what import makes of it or says of it
// (docs/playbooks.md, Public playbooks).
#include <gtest/gtest.h>

#include <algorithm>

#include "cacao/effect.h"
#include "cacao/import.h"
#include "cacao/sample.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

const std::string kAction = "/workflow/" + sample_id("action", 2), kOwn = sample_id("desk-http", 9), kDesk = "/agent_definitions/" + kOwn;

Json changed(const std::vector<std::pair<std::string, std::string>>& changes) {
  Json document = sample_playbook();
  for (const auto& [pointer, json] : changes) change(document, pointer, json);
  return document;
}

// Taken in once more, it stays as it is.
Imported taken_in(const Json& document) {
  Imported imported = import_playbook(document);
  EXPECT_EQ(import_playbook(imported.document).document, imported.document);
  return imported;
}

const Repair* find_repair(const Imported& imported, std::string_view name) {
  const auto found = std::find_if(imported.repairs.begin(), imported.repairs.end(), [&](const Repair& one) { return one.name == name; });
  return found == imported.repairs.end() ? nullptr : &*found;
}

std::string text_at(const Json& document, const std::string& pointer) {
  const Json* const value = find_pointer(document, pointer);
  return value == nullptr || !value->is_string() ? "" : std::string(value->get_string());
}

bool left(const Imported& imported, std::string_view rule, std::string_view pointer) {
  return std::any_of(imported.left.begin(), imported.left.end(), [&](const Diagnostic& one) { return one.level == Level::kError && one.rule == rule && one.pointer == pointer && !one.remedy.empty(); });
}

std::vector<std::pair<std::string, std::string>> with_own_agent(std::vector<std::pair<std::string, std::string>> more = {}) {
  more.insert(more.begin(), {{kDesk, R"({"type": "desk-http", "name": "the desk's sender"})"}, {kAction + "/agent", "\"" + kOwn + "\""}});
  return more;
}

TEST(CorpusShapes, requests_by_an_agent_of_an_own_type_are_sent_by_firebreak) {
  const Imported imported = taken_in(changed(with_own_agent()));
  const Repair* const repair = find_repair(imported, "agent-firebreak");
  ASSERT_NE(repair, nullptr);
  EXPECT_EQ(repair->pointer, kAction + "/agent");
  const std::string agent = text_at(imported.document, repair->pointer);
  EXPECT_EQ(text_at(imported.document, "/agent_definitions/" + agent + "/category/0"), "orchestrator");
  EXPECT_EQ(find_pointer(imported.document, kDesk), nullptr) << "nobody's agent any more";
  EXPECT_FALSE(has_errors(imported.left));
}

// Not: a target without an address, no target, one command of another type, an agent that is not named.
TEST(CorpusShapes, an_agent_stays_where_it_is_not_plain_who_acts) {
  const std::string target = "/target_definitions/" + sample_id("net-address", 7);
  for (const auto& changes : {with_own_agent({{target, R"({"type": "security-category", "name": "walls", "category": ["firewall"]})"}}), with_own_agent({{kAction + "/targets", ""}}),
                              with_own_agent({{kAction + "/commands", R"([{"type": "http-api", "command": "GET /a HTTP/1.1"}, {"type": "ssh", "command": "uptime"}])"}}),
                              std::vector<std::pair<std::string, std::string>>{{kAction + "/agent", ""}}}) {
    const Json document = changed(changes);
    const Imported imported = taken_in(document);
    EXPECT_EQ(find_repair(imported, "agent-firebreak"), nullptr);
    EXPECT_EQ(text_at(imported.document, kAction + "/agent"), text_at(document, kAction + "/agent"));
  }
}

// An agent that another step keeps is kept.
TEST(CorpusShapes, manual_steps_by_an_agent_of_an_own_type_are_done_by_people) {
  const std::string tell = "/workflow/" + sample_id("action", 4);
  const Imported imported = taken_in(changed(with_own_agent({{tell + "/agent", "\"" + kOwn + "\""}, {kAction + "/targets", ""}})));
  ASSERT_NE(find_repair(imported, "agent-people"), nullptr);
  EXPECT_EQ(text_at(imported.document, "/agent_definitions/" + text_at(imported.document, tell + "/agent") + "/type"), "group");
  EXPECT_NE(find_pointer(imported.document, kDesk), nullptr);
}

TEST(CorpusShapes, a_path_without_its_slash_gets_it) {
  const std::pair<const char*, const char*> lines[] = {{"GET state HTTP1.1", "GET /state HTTP/1.1"}, {"PUT a/b?c=__count__:value", ""}, {"GET a/b?c=1", "GET /a/b?c=1 HTTP/1.1"},
                                                       {"GET https://desk.example.com/a", ""}, {"GET __count__:value HTTP/1.1", ""}, {"GET /a HTTP/1.1", ""}};
  for (const auto& [line, expected] : lines) {
    const Imported imported = taken_in(changed({{kAction + "/commands/0/command", canonical_json(Json(line))}}));
    EXPECT_EQ(find_repair(imported, "start-line-slash") != nullptr, *expected != 0) << line;
    EXPECT_EQ(text_at(imported.document, kAction + "/commands/0/command"), *expected == 0 ? line : expected);
  }
}

TEST(CorpusShapes, openc2_over_http_is_called_so) {
  const Imported imported = taken_in(changed({{kAction + "/commands/0", R"({"type": "openc2", "command": "POST /oc2 HTTP/1.1", "content": "{\"action\": \"query\"}"})"}}));
  ASSERT_NE(find_repair(imported, "openc2-renamed"), nullptr);
  EXPECT_EQ(text_at(imported.document, kAction + "/commands/0/type"), "openc2-http");
}

TEST(CorpusShapes, words_of_drafts_are_renamed_before_anything_refers_to_them) {
  Json document = sample_playbook();
  JsonObject& playbook = document.as_object();
  for (const auto& [to, from] : {std::pair("agent_definitions", "agents"), std::pair("target_definitions", "targets")}) {
    playbook[from] = playbook.at(to);
    playbook.erase(to);
  }
  change(document, kAction + "/on_completion", "");
  change(document, kAction + "/on-completion", "\"" + sample_id("end", 3) + "\"");
  change(document, "/playbook_extension", R"({"extension-definition--00000000-0000-4000-8000-00000000000c": {"type": "layout"}})");
  change(document, "/extension_definitions", R"({"extension-definition--00000000-0000-4000-8000-00000000000c": {"type": "extension-definition", "name": "l",
    "created_by": "identity--00000000-0000-4000-8000-00000000000b", "schema": "https://example.com/l", "version": "1"}})");
  const Imported imported = taken_in(document);
  EXPECT_EQ(std::count_if(imported.repairs.begin(), imported.repairs.end(), [](const Repair& one) { return one.name == "draft-word-renamed"; }), 4);
  EXPECT_FALSE(has_errors(imported.left)) << to_text(imported.left[0]);
  EXPECT_NE(find_pointer(imported.document, "/playbook_extensions"), nullptr);
}

TEST(CorpusShapes, a_truth_value_as_a_condition_is_compared_with_true) {
  const std::string branch = "/workflow/" + sample_id("if-condition", 6);
  const auto asks = [&](const char* type, const char* condition) {
    return changed({{"/playbook_variables/__count__", std::string(R"({"type": ")") + type + R"(", "value": "true"})"},
                    {branch, std::string(R"({"type": "if-condition", "condition": ")") + condition + R"(", "on_true": "end--00000000-0000-4000-8000-000000000009", "on_completion": ")" + sample_id("end", 3) + "\"}"},
                    {"/workflow/" + sample_id("end", 9), R"({"type": "end"})"},
                    {kAction + "/on_completion", "\"" + sample_id("if-condition", 6) + "\""}});
  };
  EXPECT_EQ(text_at(taken_in(asks("bool", "__count__:value")).document, branch + "/condition"), "__count__:value = true");
  EXPECT_TRUE(left(taken_in(asks("string", "__count__:value")), "bad-condition", branch + "/condition")) << "a text says not what it is compared with";
  EXPECT_TRUE(left(taken_in(asks("bool", "__count__:value AND")), "bad-condition", branch + "/condition"));
}

TEST(CorpusShapes, an_empty_value_of_another_type_is_no_value_yet) {
  const Imported imported = taken_in(changed({{"/playbook_variables/__count__", R"({"type": "ipv4-addr", "value": "", "external": true})"}}));
  ASSERT_NE(find_repair(imported, "variable-value-empty"), nullptr);
  EXPECT_EQ(find_pointer(imported.document, "/playbook_variables/__count__/value"), nullptr);
  EXPECT_EQ(find_repair(taken_in(changed({{"/playbook_variables/__count__", R"({"type": "string", "value": ""})"}})), "variable-value-empty"), nullptr);
}

TEST(CorpusShapes, a_reference_without_a_name_is_called_as_it_is_described) {
  const Imported imported = taken_in(changed({{"/external_references", R"([{"description": "The desk's handbook"}, {}])"}}));
  EXPECT_EQ(text_at(imported.document, "/external_references/0/name"), "The desk's handbook");
  EXPECT_TRUE(left(imported, "missing-property", "/external_references/1/name"));
}

TEST(CorpusShapes, a_start_that_is_not_written_down_is_added) {
  const Imported imported = taken_in(changed({{"/workflow/" + sample_id("start", 1), ""}, {"/workflow_start", "\"" + sample_id("action", 2) + "\""}}));
  ASSERT_NE(find_repair(imported, "start-added"), nullptr);
  const std::string start = text_at(imported.document, "/workflow_start");
  EXPECT_TRUE(start.starts_with("start--"));
  EXPECT_EQ(text_at(imported.document, "/workflow/" + start + "/on_completion"), sample_id("action", 2));
  EXPECT_TRUE(left(taken_in(changed({{"/workflow/" + sample_id("start", 1), ""}, {"/workflow_start", "\"" + sample_id("action", 9) + "\""}})), "dangling-reference", "/workflow_start"));
}

// Branches that end in one end, with nothing after them: an end for each. Branches that share a step that does something stay an error.
TEST(CorpusShapes, branches_get_ends_of_their_own) {
  const std::string both = "/workflow/" + sample_id("parallel", 6);
  std::vector<std::pair<std::string, std::string>> changes{
      {both, R"({"type": "parallel", "next_steps": ["action--00000000-0000-4000-8000-000000000002", "action--00000000-0000-4000-8000-000000000007"]})"},
      {"/workflow/" + sample_id("start", 1) + "/on_completion", "\"" + sample_id("parallel", 6) + "\""},
      {"/workflow/" + sample_id("action", 7), R"({"type": "action", "agent": "group--00000000-0000-4000-8000-000000000005", "commands": [{"type": "manual", "command": "Look as well."}],
        "on_completion": "end--00000000-0000-4000-8000-000000000003"})"}};
  const Imported imported = taken_in(changed(changes));
  EXPECT_FALSE(has_errors(imported.left)) << to_text(imported.left[0]);
  EXPECT_NE(find_repair(imported, "end-added"), nullptr);
  const Repair* const own = find_repair(imported, "branch-end-own");
  ASSERT_NE(own, nullptr);
  EXPECT_NE(text_at(imported.document, kAction + "/on_completion"), text_at(imported.document, "/workflow/" + sample_id("action", 7) + "/on_completion"));
  changes[2].second.replace(changes[2].second.find("end--00000000-0000-4000-8000-000000000003"), 41, sample_id("action", 2));
  const Imported shared = taken_in(changed(changes));
  EXPECT_TRUE(std::any_of(shared.left.begin(), shared.left.end(), [](const Diagnostic& one) { return one.rule == "branch-shares-step"; }));
  EXPECT_EQ(find_repair(shared, "branch-end-own"), nullptr);
}

const char* const kAssignments = R"({"extension-definition--00000000-0000-4000-8000-00000000000d": {"type": "soarca-assignment", "step-result": "__all__", "variable": "__count__",
  "expression": {"type": "jq", "expression": "PATH"}}})";

TEST(CorpusShapes, assignments_that_name_a_place_become_results) {
  const auto takes = [](const std::string& path) {
    std::string text = kAssignments;
    text.replace(text.find("PATH"), 4, path);
    return changed({{kAction + "/step_extensions", text}});
  };
  const std::string results = kAction + "/step_extensions/extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d/results";
  const std::pair<const char*, const char*> places[] = {{".now.count_1", "/now/count_1"}, {".", ""}};
  for (const auto& [path, pointer] : places) {
    const Imported imported = taken_in(takes(path));
    ASSERT_NE(find_repair(imported, "assignment-as-results"), nullptr) << path;
    EXPECT_EQ(canonical_json(*find_pointer(imported.document, results)), std::string(R"([{"pointer":")") + pointer + R"(","to":"__count__"}])");
    EXPECT_EQ(text_at(imported.document, kAction + "/out_args/0"), "__count__");
    EXPECT_FALSE(has_errors(imported.left)) << to_text(imported.left[0]);
  }
  for (const char* path : {".a | length", ".a[0]", "", "a", "..a", ".a.", ".1"}) {
    const Imported imported = taken_in(takes(path));
    EXPECT_EQ(find_repair(imported, "assignment-as-results"), nullptr) << path;
    EXPECT_TRUE(has_errors(imported.left)) << path << ": an extension that nobody defines may be what the rest goes by";
  }
}

// ---- what is refused, with place and remedy

TEST(CorpusShapes, addresses_that_are_none) {
  const std::string agent = "/agent_definitions/" + sample_id("http-api", 6), desk = "/agent_definitions/" + sample_id("group", 5);
  EXPECT_TRUE(left(taken_in(changed({{agent + "/address", R"({"dname": ["hxxp://desk.example.com/v1/"]})"}})), "bad-address", agent + "/address/dname/0"));
  EXPECT_TRUE(left(taken_in(changed({{desk + "/contact", R"({"email": {"work": "desk@example.com;`id`"}})"}})), "bad-address", desk + "/contact/email/work"));
  EXPECT_FALSE(has_errors(taken_in(changed({{desk + "/contact", R"({"email": {"work": "first.last+desk@example.com"}})"}})).left));
  for (const char* bad : {"@example.com", "desk@", "desk", "a b@example.com", "a@b c", "a@@b"}) EXPECT_FALSE(is_email(bad)) << bad;
  for (const char* good : {"desk.example.com", "localhost", "b\xc3\xbc" "cher.example"}) EXPECT_TRUE(is_host_name(good)) << good;
}

// Without a type nothing can be said about the key: one diagnosis, not two.
TEST(CorpusShapes, an_agent_without_a_type_is_told_once) {
  const std::string desk = "/agent_definitions/" + sample_id("group", 5);
  const Imported imported = taken_in(changed({{desk + "/type", ""}}));
  EXPECT_TRUE(left(imported, "missing-property", desk + "/type"));
  EXPECT_FALSE(left(imported, "bad-identifier", desk));
}

TEST(CorpusShapes, a_switch_that_drops_frames_destroys_nothing) {
  const auto effect = [](const char* text) { return effect_of(Command{"ssh", "", text, ""}); };
  for (const char* text : {"mac address-table static 0011.2233.4455 vlan 7 drop", "iptables -A INPUT -s 192.0.2.1 -j DROP", "iptables -I FORWARD -j DROP -s 192.0.2.1", "ls backdrop dropbox"})
    EXPECT_EQ(effect(text), Effect::kActs) << text;
  for (const char* text : {"psql -c 'DROP TABLE cases'", "drop database x", "db.cases.drop()", "drop", "vgs; drop volume", "echo; Drop\tall"}) EXPECT_EQ(effect(text), Effect::kDestroys) << text;
}

}  // namespace
}  // namespace firebreak::cacao
