// The semantic linter: for each rule a playbook that breaks it, and a near one that does not.
#include "cacao/lint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "cacao/sample.h"

namespace firebreak::cacao {
namespace {

// A workflow by short names: "start 1", "end 3" are made to identifiers, everywhere in the text.
std::string spelled(std::string text) {
  for (const char* type : {"if-condition", "while-condition", "switch-condition", "parallel", "action", "start", "end"})
    for (int number = 1; number <= 9; ++number) {
      const std::string name = "\"" + std::string(type) + " " + std::to_string(number) + "\"";
      for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) text.replace(at, name.size(), "\"" + sample_id(type, number) + "\"");
    }
  return text;
}

std::string manual(const std::string& words, const std::string& next) {
  return R"({"type": "action", "name": "step", "agent": ")" + sample_id("group", 5) + R"(", "commands": [{"type": "manual", "command": ")" + words + "\"}], " + next + "}";
}

std::string shell(const std::string& words, const std::string& next) {
  return R"({"type": "action", "name": "step", "agent": ")" + sample_id("group", 5) + R"(", "commands": [{"type": "bash", "command": ")" + words + "\"}], " + next + "}";
}

Json with_workflow(const std::string& workflow, const std::string& variables = "{}") {
  Json document = sample_playbook();
  for (const char* key : {"/playbook_types", "/playbook_activities", "/workflow_exception"}) change(document, key, "");
  change(document, "/playbook_variables", variables);
  change(document, "/workflow", spelled(workflow));
  return document;
}

std::vector<std::string> pointers(const Json& document, std::string_view rule_name) {
  std::vector<std::string> out;
  for (const Diagnostic& one : lint(document, Profile::kStrictCs01))
    if (one.rule == rule_name) {
      out.push_back(one.pointer);
      EXPECT_FALSE(one.remedy.empty());
    }
  return out;
}

std::vector<std::string> at(const std::string& pointer) { return {pointer}; }
std::string step(const char* type, int number) { return "/workflow/" + sample_id(type, number); }
const std::vector<std::string> kNothing;

const std::string kStart = R"("start 1": {"type": "start", "on_completion": "action 2"}, )";
const std::string kEnds = R"("end 1": {"type": "end"}, "end 2": {"type": "end"}, "end 3": {"type": "end"})";

TEST(Lint, tells_a_step_that_no_path_leads_to) {
  const Json apart = with_workflow("{" + kStart + "\"action 2\": " + manual("a", R"("on_completion": "end 1")") + R"(, "end 1": {"type": "end"}, "end 2": {"type": "end"}})");
  EXPECT_EQ(pointers(apart, "unreachable-step"), at(step("end", 2)));
  EXPECT_EQ(pointers(sample_playbook(), "unreachable-step"), kNothing) << "the exception leads to its steps";
}

TEST(Lint, tells_a_path_that_comes_back) {
  const auto loop = [](const std::string& back) {
    return with_workflow("{" + kStart + "\"action 2\": " + manual("a", R"("on_completion": "action 3")") + ", \"action 3\": " +
                         manual("b", R"("on_success": "end 1", "on_failure": )" + back) + R"(, "end 1": {"type": "end"}, "end 2": {"type": "end"}})");
  };
  EXPECT_EQ(pointers(loop("\"action 2\""), "path-comes-back"), at(step("action", 3) + "/on_failure"));
  EXPECT_EQ(pointers(loop("\"end 2\""), "path-comes-back"), kNothing);
}

TEST(Lint, tells_branches_that_do_not_end_in_an_end_step_of_their_own) {
  const auto branches = [](const std::string& second, const std::string& after) {
    return with_workflow(R"({"start 1": {"type": "start", "on_completion": "parallel 1"}, "parallel 1": {"type": "parallel", "next_steps": ["action 2", "action 3"],
      "on_completion": )" + after + "}, \"action 2\": " + manual("a", R"("on_completion": "end 1")") + ", \"action 3\": " +
                         manual("b", "\"on_completion\": " + second) + ", " + kEnds + "}");
  };
  EXPECT_EQ(pointers(branches("\"end 2\"", "\"end 3\""), "branch-shares-step"), kNothing);
  EXPECT_EQ(pointers(branches("\"end 1\"", "\"end 3\""), "branch-shares-step"), at(step("action", 3) + "/on_completion"));
  EXPECT_EQ(pointers(branches("\"end 2\"", "\"end 1\""), "branch-shares-step"), at(step("parallel", 1) + "/on_completion"));
  EXPECT_EQ(pointers(branches("\"parallel 1\"", "\"end 3\""), "path-comes-back"), at(step("action", 3) + "/on_completion"));
}

TEST(Lint, tells_a_loop_without_a_bound) {
  const auto loop = [](const std::string& bound) {
    return with_workflow(R"({"start 1": {"type": "start", "on_completion": "while-condition 1"}, "while-condition 1": {"type": "while-condition", )" + bound +
                             R"("condition": "__go__:value = 'true'", "on_true": "action 2", "on_completion": "end 2"}, "action 2": )" +
                             manual("a", R"("on_completion": "end 1", "out_args": ["__go__"])") + R"(, "end 1": {"type": "end"}, "end 2": {"type": "end"}})",
                         R"({"__go__": {"type": "bool", "value": "true"}})");
  };
  EXPECT_EQ(pointers(loop(""), "loop-unbounded"), at(step("while-condition", 1)));
  EXPECT_EQ(pointers(loop(R"("timeout": 60000, )"), "loop-unbounded"), kNothing);
}

TEST(Lint, tells_a_failure_that_has_nowhere_to_go) {
  Json document = sample_playbook();
  EXPECT_EQ(pointers(document, "no-failure-route"), kNothing);
  change(document, "/workflow_exception", "");
  EXPECT_EQ(pointers(document, "no-failure-route"), (std::vector<std::string>{step("action", 2), step("action", 4)}));
}

TEST(Lint, tells_variables_that_are_not_declared_or_not_used) {
  Json document = sample_playbook();
  const std::string command = step("action", 2) + "/commands/0/command";
  EXPECT_EQ(pointers(document, "variable-undeclared"), kNothing);
  EXPECT_EQ(pointers(document, "variable-unused"), kNothing);
  change(document, command, "\"GET /status?n=__other__:value HTTP/1.1\"");
  EXPECT_EQ(pointers(document, "variable-undeclared"), at(command));
  EXPECT_EQ(pointers(document, "variable-unused"), at("/playbook_variables/__count__"));
  change(document, step("action", 2) + "/step_variables", R"({"__other__": {"type": "string", "value": "x"}})");
  EXPECT_EQ(pointers(document, "variable-undeclared"), kNothing) << "a step's variables are for that step";
  change(document, step("action", 4) + "/commands/0/command", "\"Call __other__:value.\"");
  EXPECT_EQ(pointers(document, "variable-undeclared"), at(step("action", 4) + "/commands/0/command")) << "and for no other";
}

TEST(Lint, follows_variables_into_agents_targets_and_encoded_commands) {
  Json document = sample_playbook();
  const std::string url = "/agent_definitions/" + sample_id("http-api", 6) + "/address/url/0";
  change(document, url, "\"https://__host__:value\"");
  EXPECT_EQ(pointers(document, "variable-undeclared"), at(url));
  change(document, step("action", 2) + "/step_variables", R"({"__host__": {"type": "string", "value": "a.example.com"}})");
  EXPECT_EQ(pointers(document, "variable-undeclared"), kNothing) << "an agent sees the variables of the step that uses it";
  change(document, step("action", 2) + "/commands/0/content_b64", "\"eyJ4IjoiX19ib2R5X186dmFsdWUifQ==\"");  // {"x":"__body__:value"}
  EXPECT_EQ(pointers(document, "variable-undeclared"), at(step("action", 2) + "/commands/0/content_b64"));
}

TEST(Lint, tells_a_constant_that_a_step_writes) {
  Json document = sample_playbook();
  change(document, step("action", 2) + "/out_args", R"(["__count__"])");
  EXPECT_EQ(pointers(document, "variable-constant-written"), kNothing);
  change(document, "/playbook_variables/__count__/constant", "true");
  EXPECT_EQ(pointers(document, "variable-constant-written"), at(step("action", 2) + "/out_args/0"));
}

TEST(Lint, holds_values_against_their_types) {
  struct Case {
    const char *type, *good, *bad;
  };
  const Case cases[] = {
      {"bool", "true", "yes"}, {"dictionary", "{\\\"a\\\":1}", "a=1"}, {"float", "-1.5e3", "1,5"}, {"hexstring", "00fF", "abc"}, {"integer", "-12", "abc"},
      {"integer", "2147483647", "2147483648"}, {"ipv4-addr", "192.0.2.1", "192.0.2.256"}, {"ipv6-addr", "2001:db8::1", "2001:db8:::1"},
      {"long", "9223372036854775807", "9223372036854775808"}, {"mac-addr", "d2:fb:49:24:37:18", "d2:fb:49:24:37"}, {"hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "da39"},
      {"md5-hash", "79054025255fb1a26e4bc422aef54eb4", "79054025"}, {"sha256-hash", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "e3b0"},
      {"uri", "https://example.com/a", "no uri"}, {"uuid", "ba7c2a5e-3f1d-4a7d-9a64-ea3b0b1a4c8e", "ba7c2a5e"},
  };
  for (const Case& one : cases) {
    for (const bool good : {true, false}) {
      Json document = sample_playbook();
      change(document, "/playbook_variables/__count__", std::string(R"({"type": ")") + one.type + R"(", "value": ")" + (good ? one.good : one.bad) + "\"}");
      EXPECT_EQ(pointers(document, "variable-value"), good ? kNothing : at("/playbook_variables/__count__/value")) << one.type << " " << (good ? one.good : one.bad);
    }
  }
  Json document = sample_playbook();
  change(document, "/playbook_variables/__count__/value", "\"__count__:value\"");
  EXPECT_EQ(pointers(document, "variable-value"), kNothing) << "what it will be is not known yet";
}

std::string chain(const std::string& first, const std::string& second) {
  return "{" + kStart + "\"action 2\": " + first + ", \"action 3\": " + second + R"(, "end 1": {"type": "end"}})";
}
const std::string kNext = R"("on_completion": "action 3")", kLast = R"("on_completion": "end 1")";

TEST(Lint, tells_a_step_that_acts_before_evidence_is_captured) {
  const auto first = [](const std::string& words) { return pointers(with_workflow(chain(shell(words, kNext), shell("iptables -A INPUT -j DROP", kLast))), "acts-before-evidence"); };
  EXPECT_EQ(first("systemctl stop scorer"), (std::vector<std::string>{step("action", 2), step("action", 3)}));
  EXPECT_EQ(first("snapshot --all"), kNothing);
  EXPECT_EQ(pointers(sample_playbook(), "acts-before-evidence"), kNothing) << "reading by HTTP changes nothing";
}

TEST(Lint, wants_evidence_on_every_path_and_takes_a_parallel_capture_for_what_can_be_undone) {
  const auto parallel = [](const std::string& words) {
    return with_workflow(R"({"start 1": {"type": "start", "on_completion": "parallel 1"}, "parallel 1": {"type": "parallel", "next_steps": ["action 2", "action 3"],
      "on_completion": "action 4"}, "action 2": )" + shell("snapshot", R"("on_completion": "end 1")") + ", \"action 3\": " +
                         shell(words, R"("on_completion": "end 2")") + ", \"action 4\": " + shell("route add", R"("on_completion": "end 3")") + ", " + kEnds + "}");
  };
  EXPECT_EQ(pointers(parallel("route del"), "acts-before-evidence"), at(step("action", 3))) << "del destroys";
  EXPECT_EQ(pointers(parallel("route add"), "acts-before-evidence"), kNothing);
  const auto one_way = [](const std::string& otherwise) {
    return with_workflow(R"({"start 1": {"type": "start", "on_completion": "if-condition 1"}, "if-condition 1": {"type": "if-condition", "condition": "__x__:value = 'a'",
      "on_true": "action 2", )" + otherwise + R"("on_completion": "action 4"}, "action 2": )" + shell("snapshot", R"("on_completion": "end 1")") + ", \"action 3\": " +
                         shell("capture", R"("on_completion": "end 2")") + ", \"action 4\": " + shell("route add", R"("on_completion": "end 3")") + ", " + kEnds + "}",
                         R"({"__x__": {"type": "string", "value": "a"}})");
  };
  EXPECT_EQ(pointers(one_way(""), "acts-before-evidence"), at(step("action", 4)));
  EXPECT_EQ(pointers(one_way(R"("on_false": "action 3", )"), "acts-before-evidence"), kNothing);
}

TEST(Lint, tells_destruction_without_approval) {
  const auto after = [](const std::string& first) { return pointers(with_workflow(chain(first, shell("rm -rf /srv/index", kLast))), "destructive-without-approval"); };
  EXPECT_EQ(after(manual("Look at the index.", kNext)), at(step("action", 3)));
  EXPECT_EQ(after(manual("Approve that the index is removed.", kNext)), kNothing);
  EXPECT_EQ(after(manual("Approve that the index is removed.", R"("on_success": "end 1", "on_failure": "action 3")")), at(step("action", 3))) << "a no is no yes";
  EXPECT_EQ(pointers(with_workflow(chain(manual("Look.", kNext), shell("ls /srv/index", kLast))), "destructive-without-approval"), kNothing);
}

TEST(Lint, believes_an_activity_that_only_looks_but_not_of_what_destroys) {
  const auto told = [](const std::string& words, const std::string& activity) {
    Json document = with_workflow(chain(manual("Look.", kNext), shell(words, kLast)));
    change(document, step("action", 3) + "/commands/0/playbook_activity", "\"" + activity + "\"");
    return std::pair(pointers(document, "acts-before-evidence").size(), pointers(document, "destructive-without-approval").size());
  };
  EXPECT_EQ(told("ps aux", "restrict-access"), std::pair(std::size_t{1}, std::size_t{0}));
  EXPECT_EQ(told("ps aux", "scan-system"), std::pair(std::size_t{0}, std::size_t{0}));
  EXPECT_EQ(told("rm -rf /", "scan-system"), std::pair(std::size_t{1}, std::size_t{1}));
}

TEST(Lint, tells_conditions_that_cannot_be_read) {
  const auto told = [](const std::string& type, const std::string& condition) {
    return pointers(with_workflow(R"({"start 1": {"type": "start", "on_completion": ")" + type + " 1\"}, \"" + type + " 1\": {\"type\": \"" + type + "\", \"condition\": " + canonical_json(Json(condition)) +
                                      R"(, "on_true": "end 2", "on_completion": "end 1"}, "end 1": {"type": "end"}, "end 2": {"type": "end"}})", R"({"__a__": {"type": "string", "value": "x"}})"),
                    "bad-condition");
  };
  for (const std::string type : {"if-condition", "while-condition"}) {
    EXPECT_EQ(told(type, "__a__:value = 'value'"), kNothing);
    EXPECT_EQ(told(type, "__a__:value = value"), at(step(type.c_str(), 1) + "/condition"));
    EXPECT_EQ(told(type, "is it bad?"), at(step(type.c_str(), 1) + "/condition"));
  }
  const Json sloppy = with_workflow(R"({"if-condition 1": {"type": "if-condition", "condition": "__a__:value = value"}})");
  const auto told_of = lint(sloppy, Profile::kLenientImport);
  const auto found = std::find_if(told_of.begin(), told_of.end(), [](const Diagnostic& one) { return one.rule == "bad-condition"; });
  ASSERT_NE(found, told_of.end());
  EXPECT_EQ(found->level, Level::kError);
  EXPECT_EQ(found->message, "column 15: expected a variable (__name__:value) or a literal ('text', 3, 0.5, true); text is quoted: 'value'");
}

TEST(Lint, tells_variables_that_are_put_in_as_they_are) {
  const std::string extension = "extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d", place = step("action", 2) + "/step_extensions/" + extension + "/raw_variables";
  const auto with = [&](const std::string& names) {
    Json document = sample_playbook();
    change(document, "/extension_definitions", "{\"" + extension + R"(": {"type": "extension-definition", "name": "Firebreak", "created_by": "identity--00000000-0000-4000-8000-00000000000b",
      "schema": "https://example.com/step.json", "version": "1"}})");
    change(document, step("action", 2) + "/step_extensions", "{\"" + extension + "\": {\"raw_variables\": " + names + "}}");
    return document;
  };
  EXPECT_EQ(pointers(with(R"(["__count__"])"), "raw-insertion"), at(place + "/0"));
  EXPECT_EQ(pointers(with("[]"), "raw-insertion"), kNothing);
  EXPECT_EQ(pointers(with(R"(["__count__", "__nobody__"])"), "variable-undeclared"), at(place + "/1"));
  EXPECT_EQ(pointers(with(R"(["count"])"), "variable-name"), at(place + "/0"));
  EXPECT_EQ(pointers(with("{}"), "wrong-type"), at(place));
  for (const Diagnostic& one : lint(with(R"(["__count__"])"), Profile::kLenientImport)) EXPECT_NE(one.level, Level::kError) << to_text(one);
}

TEST(Lint, tells_secrets_and_does_not_repeat_them) {
  const std::string place = step("action", 4) + "/commands/0/command";
  const char* secrets[] = {
      "-----BEGIN RSA PRIVATE KEY-----MIIE", "use AKIAIOSFODNN7EXAMPLE", "curl -H 'Authorization: Bearer abcdefghijklmnop1234'", "https://admin:hunter22@example.com/",
      "mysql --password=hunter22", "api_key: 0123456789ab", "see https://hooks.example.com/T0/aB3dE6gH9jK2mN5pQ8sT1vW4", "ghp_0123456789abcdefghijABCDEFGHIJ",
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
  };
  for (const char* secret : secrets) {
    Json document = sample_playbook();
    change(document, place, canonical_json(Json(secret)));
    EXPECT_EQ(pointers(document, "secret-in-text"), at(place)) << secret;
    for (const Diagnostic& one : lint(document, Profile::kStrictCs01)) EXPECT_EQ(to_text(one).find(secret), std::string::npos);
  }
  const char* harmless[] = {"Ask for the password.", "Authorization: Bearer __count__:value", "password=$PASSWORD", "token: <yours>", "https://example.com/a/8ba7b810-9dad-41d1-80b4-00c04fd430c8",
                            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "https://__count__:value@example.com", "the token: see the vault"};
  for (const char* text : harmless) {
    Json document = sample_playbook();
    change(document, place, canonical_json(Json(text)));
    EXPECT_EQ(pointers(document, "secret-in-text"), kNothing) << text;
  }
}

TEST(Lint, wants_authentication_by_variable_or_key_service) {
  Json document = sample_playbook();
  const std::string id = sample_id("http-basic", 9), place = "/authentication_info_definitions/" + id;
  change(document, "/authentication_info_definitions", "{\"" + id + R"(": {"type": "http-basic", "user_id": "soar", "password": "hunter2"}})");
  change(document, "/agent_definitions/" + sample_id("http-api", 6) + "/authentication_info", "\"" + id + "\"");
  EXPECT_EQ(pointers(document, "secret-in-text"), at(place + "/password"));
  change(document, place + "/password", "\"__count__:value\"");
  EXPECT_EQ(pointers(document, "secret-in-text"), kNothing);
  change(document, place, R"({"type": "http-basic", "kms": true, "kms_key_identifier": "soar"})");
  EXPECT_FALSE(has_errors(lint(document, Profile::kStrictCs01)));
}

TEST(Lint, takes_any_json) {
  for (const char* text : {"null", "[]", "{}", R"({"type": "playbook"})", R"({"type": "playbook", "workflow": 3})", R"({"type": "playbook", "workflow": {"": [], "a": {"type": "action"}}})"})
    EXPECT_TRUE(has_errors(lint(*parse_json(text), Profile::kLenientImport))) << text;
  Json document = sample_playbook();
  JsonObject& workflow = document.at("workflow").as_object();
  for (int i = 0; i < 2'001; ++i) workflow["end--" + std::to_string(i)] = JsonObject{{"type", "end"}};
  EXPECT_EQ(pointers(document, "too-large"), at("/workflow"));
}

TEST(Lint, every_rule_stands_in_the_manual) {
  std::ifstream in(FIREBREAK_SOURCE_DIR "/docs/playbooks.md");
  std::stringstream text;
  text << in.rdbuf();
  for (const Rule& one : rules()) EXPECT_NE(text.str().find("| `" + std::string(one.name) + "` |"), std::string::npos) << one.name;
}

}  // namespace
}  // namespace firebreak::cacao
