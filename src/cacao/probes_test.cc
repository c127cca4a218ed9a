// What the JSON schemas published with CACAO 2.0 take though they should not, and refuse though they should not: each is
// told by name, place and remedy, and what is harmless imports with a named repair.
#include <gtest/gtest.h>

#include <algorithm>

#include "cacao/import.h"
#include "cacao/lint.h"
#include "cacao/sample.h"

namespace firebreak::cacao {
namespace {

const std::string kAction = "/workflow/" + sample_id("action", 2), kTell = "/workflow/" + sample_id("action", 4);
const std::string kEnd = "\"" + sample_id("end", 3) + "\"", kAgent = "/agent_definitions/" + sample_id("http-api", 6);
const std::string kTarget = "/target_definitions/" + sample_id("net-address", 7);

struct Change {
  std::string pointer, json;
};
struct Probe {
  const char* name;
  std::vector<Change> changes;
  const char* rule;
  std::string pointer;
};

Json changed(const std::vector<Change>& changes) {
  Json document = sample_playbook();
  for (const Change& one : changes) change(document, one.pointer, one.json);
  return document;
}

std::string all(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& one : diagnostics) out += to_text(one) + "\n";
  return out;
}

const Diagnostic* find_rule(const std::vector<Diagnostic>& diagnostics, std::string_view name) {
  const auto at = std::find_if(diagnostics.begin(), diagnostics.end(), [&](const Diagnostic& one) { return one.rule == name; });
  return at == diagnostics.end() ? nullptr : &*at;
}

TEST(Probes, the_sample_is_clean_in_both_profiles) {
  for (const Profile profile : {Profile::kStrictCs01, Profile::kLenientImport}) EXPECT_EQ(all(lint(sample_playbook(), profile)), "");
  const Imported imported = import_playbook(sample_playbook());
  EXPECT_TRUE(imported.repairs.empty());
  EXPECT_EQ(imported.document, sample_playbook());
}

std::vector<Probe> wrongly_accepted() {
  return {
      {"on_completion with on_success", {{kAction + "/on_success", kEnd}}, "successors-conflict", kAction + "/on_completion"},
      {"on_completion with on_failure", {{kAction + "/on_failure", kEnd}}, "successors-conflict", kAction + "/on_completion"},
      {"on_failure alone", {{kAction + "/on_completion", ""}, {kAction + "/on_failure", kEnd}}, "no-way-on-success", kAction + "/on_failure"},
      {"no successor", {{kAction + "/on_completion", ""}}, "no-successor", kAction},
      {"a start without a successor", {{"/workflow/" + sample_id("start", 1) + "/on_completion", ""}}, "no-successor", "/workflow/" + sample_id("start", 1)},
      {"an end with a successor", {{"/workflow/" + sample_id("end", 3) + "/on_completion", kEnd}}, "successor-forbidden", "/workflow/" + sample_id("end", 3) + "/on_completion"},
      {"a step that is not there", {{kAction + "/on_completion", "\"" + sample_id("end", 9) + "\""}}, "dangling-reference", kAction + "/on_completion"},
      {"a start that is not there", {{"/workflow_start", "\"" + sample_id("start", 9) + "\""}}, "dangling-reference", "/workflow_start"},
      {"an exception that is not there", {{"/workflow_exception", "\"" + sample_id("action", 9) + "\""}}, "dangling-reference", "/workflow_exception"},
      {"an agent that is not there", {{kAction + "/agent", "\"" + sample_id("group", 9) + "\""}}, "dangling-reference", kAction + "/agent"},
      {"a target that is not there", {{kAction + "/targets", "[\"" + sample_id("group", 9) + "\"]"}}, "dangling-reference", kAction + "/targets/0"},
      {"no agents at all", {{"/agent_definitions", ""}}, "dangling-reference", kAction + "/agent"},
      {"http-api without a command", {{kAction + "/commands/0/command", ""}}, "missing-property", kAction + "/commands/0/command"},
      {"http-api with no start line", {{kAction + "/commands/0/command", "\"status\""}}, "command-not-http", kAction + "/commands/0/command"},
      {"manual without a text", {{kTell + "/commands/0/command", ""}}, "command-missing", kTell + "/commands/0/command"},
      {"openc2-http without content", {{kAction + "/commands/0", R"({"type": "openc2-http", "command": "POST /openc2 HTTP/1.1", "playbook_activity": "analyze-collected-data"})"}},
       "missing-property", kAction + "/commands/0/content_b64"},
      {"an unknown key on a step", {{kAction + "/next_step", kEnd}}, "unknown-property", kAction + "/next_step"},
      {"an unknown key on a command", {{kAction + "/commands/0/retries", "3"}}, "unknown-property", kAction + "/commands/0/retries"},
      {"an unknown type of a command", {{kTell + "/commands/0/type", "\"telepathy\""}}, "unknown-command-type", kTell + "/commands/0/type"},
      {"an integer that is a word", {{"/playbook_variables/__count__/value", "\"abc\""}}, "variable-value", "/playbook_variables/__count__/value"},
      {"modified before created", {{"/modified", "\"2026-02-01T09:00:00.000Z\""}}, "modified-before-created", "/modified"},
      {"created without milliseconds", {{"/created", "\"2026-03-01T09:00:00Z\""}}, "timestamp-not-milliseconds", "/created"},
      {"a negative timeout", {{kAction + "/timeout", "-1"}}, "out-of-range", kAction + "/timeout"},
      {"types without activities", {{"/playbook_activities", ""}}, "activities-missing", "/playbook_types"},
      {"a while with on_false",
       {{kAction, R"({"type": "while-condition", "condition": "__count__:value > 1", "timeout": 1000, "on_true": )" + kEnd + R"(, "on_false": )" + kEnd + "}"}},
       "while-on-false", kAction + "/on_false"},
  };
}

TEST(Probes, what_the_schemas_wrongly_accept_is_told_with_place_and_remedy) {
  for (const Probe& probe : wrongly_accepted()) {
    SCOPED_TRACE(probe.name);
    const auto found = lint(changed(probe.changes), Profile::kStrictCs01);
    const Diagnostic* const told = find_rule(found, probe.rule);
    ASSERT_NE(told, nullptr) << all(found);
    EXPECT_EQ(told->pointer, probe.pointer);
    EXPECT_EQ(told->level, Level::kError);
    EXPECT_FALSE(told->remedy.empty());
  }
}

struct Repairable {
  const char* name;
  std::vector<Change> changes;
  const char* repair;
  std::string pointer, before, after;  // before and after empty: kept
};

std::vector<Repairable> wrongly_rejected() {
  return {
      {"a variable as a URL", {{kAgent + "/address/url/0", "\"__count__:value\""}}, "address-variable", kAgent + "/address/url/0", "", ""},
      {"a variable inside a URL", {{kAgent + "/address/url/0", "\"https://__count__:value/api\""}}, "address-variable", kAgent + "/address/url/0", "", ""},
      {"a variable as an IPv4 address", {{kTarget + "/address/ipv4/0", "\"__count__:value\""}}, "address-variable", kTarget + "/address/ipv4/0", "", ""},
      {"localhost", {{kAgent + "/address/url/0", "\"http://localhost:8080\""}}, "host-not-public", kAgent + "/address/url/0", "", ""},
      {"an address in a URL", {{kAgent + "/address/url/0", "\"http://127.0.0.1:8080\""}}, "host-not-public", kAgent + "/address/url/0", "", ""},
      {"a host of one label", {{kAgent + "/address/url/0", "\"https://soar/api\""}}, "host-not-public", kAgent + "/address/url/0", "", ""},
      {"a value that is an object", {{"/playbook_variables/__count__", R"({"type": "dictionary", "value": {"a": 1}})"}}, "variable-value-not-text",
       "/playbook_variables/__count__/value", R"({"a":1})", R"("{\"a\":1}")"},
      {"a value that is a number", {{"/playbook_variables/__count__/value", "3"}}, "variable-value-not-text", "/playbook_variables/__count__/value", "3", "\"3\""},
      {"a delay of 0", {{kAction + "/delay", "0"}}, "delay-zero", kAction, "delay: 0", ""},
      {"an agent of a type of its own",
       {{"/agent_definitions/" + sample_id("soarca", 9), R"({"type": "soarca", "name": "soarca-ssh"})"},
        {kAction + "/agent", "\"" + sample_id("soarca", 9) + "\""},
        {kAction + "/targets", ""}},
       "agent-type-own", "/agent_definitions/" + sample_id("soarca", 9) + "/type", "", ""},
      {"a UUID of version 7", {{"/id", "\"playbook--01890a5d-ac96-774b-bcce-b302099a8057\""}}, "uuid-newer", "/id", "", ""},
  };
}

TEST(Probes, what_the_schemas_wrongly_refuse_strict_refuses_and_import_takes_with_a_named_repair) {
  for (const Repairable& probe : wrongly_rejected()) {
    SCOPED_TRACE(probe.name);
    const Json document = changed(probe.changes);
    const auto strict = lint(document, Profile::kStrictCs01);
    const Diagnostic* const told = find_rule(strict, probe.repair);
    ASSERT_NE(told, nullptr) << all(strict);
    EXPECT_EQ(told->level, Level::kError);
    const Imported imported = import_playbook(document);
    EXPECT_FALSE(has_errors(imported.left)) << all(imported.left);
    ASSERT_EQ(imported.repairs.size(), 1U);
    EXPECT_EQ(imported.repairs[0].name, probe.repair);
    EXPECT_EQ(imported.repairs[0].pointer, probe.pointer);
    EXPECT_EQ(imported.repairs[0].before, probe.before);
    EXPECT_EQ(imported.repairs[0].after, probe.after);
    if (!imported.repairs[0].changed()) {
      EXPECT_EQ(imported.document, document);
    }
  }
}

}  // namespace
}  // namespace firebreak::cacao
