// Fields of findings and incidents come from outside: models, endpoints and rules bear names that others chose. Whatever
// such a field holds, what leaves has the shape it has with a harmless value, or the step fails; and nothing else leaves.
#include <fmt/core.h>

#include "fold/playbook/steps_for_tests.h"

namespace firebreak::playbook {
namespace {

const std::string kNul("a\0b", 3);  // octets that are no UTF-8 cannot come here: the journal takes no such entry
const std::string kHostile[] = {
    "../../admin", "..", ".", "%2e%2e/x", "a/../b", "a?x=1", "a#frag", "a&b=c", "a b", "x HTTP/1.1\r\nHost: evil", "a\r\nX-Admin: 1", "@evil.example.com", "//evil.example.com/", "https://evil.example.com", "a\\..\\b",
    "\",\"admin\":true,\"x\":\"", "{\"a\":1}", "[1]", "null", "\\u0022", "' OR '1'='1", "'", "\"", "`id`", "$(id)", "; rm -rf /", "| cat", "--for 1s", "--for=1s", "--option", "-x", "a\" --for 1s \"", "a' --caller b '",
    "__other__:value", "__other__", "__incident__:value", "%s%n", "{0}", "\xe2\x80\xae" "txt", "\n", "\t", "\x1b[2J", "\x7f", "", " ", "a\nlook again\n", "<script>alert(1)</script>", "=1+1", "café", kNul,
    std::string(3'900, 'A'), std::string(200, '/'), std::string(100, '.')};


std::size_t count_of(std::string_view text, char c) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), c)); }

std::string keys_of(const Json& json) {
  if (json.is_array()) {
    std::string out = "[";
    for (const Json& item : json.get_array()) out += keys_of(item) + ",";
    return out + "]";
  }
  if (!json.is_object()) return json.is_string() ? "text" : "other";
  std::string out = "{";
  for (const auto& member : json.get_object()) out += std::string(member.key()) + ":" + keys_of(member.value()) + ",";
  return out + "}";
}

std::string shape_of(const Entry& entry) {
  if (entry.kind == "incident_task_opened") {
    const std::string text = string_or(entry.body, "text");
    for (const char c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "a control character in what a person reads";
    return fmt::format("task of {}", string_or(entry.body, "owner"));
  }
  if (entry.kind == "command_accepted") return fmt::format("{} {}", string_or(entry.body, "name"), keys_of(*find(entry.body, "args")));
  const Json& request = *find(entry.body, "request");
  const std::string url = string_or(request, "url");
  std::string out = fmt::format("{} {} slashes={} questions={} ampersands={} fragment={} {}", string_or(request, "method"), url.substr(0, 24), count_of(url, '/'), count_of(url, '?'), count_of(url, '&'), count_of(url, '#'), keys_of(*find(request, "headers")));
  for (const Json& header : find(request, "headers")->get_array())
    for (const char c : std::string(header.at(1).as_string())) out += static_cast<unsigned char>(c) < 0x20 ? "!" : "";
  for (const char c : url) out += static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ? "!" : "";
  if (const auto body = parse_json(string_or(request, "body"))) out += keys_of(*body);
  else out += fmt::format(" form with {} fields", count_of(string_or(request, "body"), '&') + 1);
  return out;
}

// What leaves with the value: the shapes, one a line; "-" when the step failed instead.
std::string leaves(const Json& playbook, const std::string& value) {
  Told story;
  story.install(playbook);
  story.configure({{"variables", JsonObject{{"__outside__", value}}}});
  const std::size_t from = story.entries().size();
  const auto found = story.input("finding_opened", JsonObject{{"kind", value}, {"stream", "api"}, {"endpoint", value}, {"episode", "e1"}, {"first", 100}, {"last", 180}});
  story.input("incident_opened", JsonObject{{"endpoint", value}, {"stream", "api"}, {"rule", "evasion"}, {"severity", "SEV-2"}, {"findings", JsonArray{Json(found[0].id("find"))}}});
  std::string out;
  for (std::size_t i = from; i < story.entries().size(); ++i) {
    const Entry& entry = story.entries()[i];
    if (entry.kind == "playbook_call_ordered" || entry.kind == "command_accepted" || (entry.kind == "incident_task_opened" && find(entry.body, "activation") != nullptr)) out += shape_of(entry) + "\n";
    if (entry.kind == "playbook_step_ended" && string_or(entry.body, "outcome") != "success") return "-";
  }
  EXPECT_EQ(story.count("playbook_run_started"), 1u) << story.way();
  return out;
}

Json one(Json step, const std::string& name) {
  step.as_object()["in_args"] = JsonArray{Json(name)};
  return playbook_of({{"start--1", start("action--a")}, {"action--a", std::move(step)}}, variables({{name, text_variable()}, {"__other__", variable("string", {{"value", "secret"}})}}));
}

void holds_for_all(const Json& playbook, std::size_t at_least) {
  const std::string harmless = leaves(playbook, "fraud");
  ASSERT_NE(harmless, "-");
  ASSERT_NE(harmless, "");
  std::size_t left = 0;
  for (const std::string& value : kHostile) {
    const std::string hostile = leaves(playbook, value);
    if (hostile == "-") continue;
    ++left;
    EXPECT_EQ(hostile, harmless) << "with the value '" << cacao::printable(value) << "'";
  }
  EXPECT_GE(left, at_least) << "a value is not refused for nothing";
}

JsonObject command(JsonObject of) { return {{"commands", JsonArray{std::move(of)}}}; }
const char* const kNames[] = {"__endpoint__", "__finding_kinds__", "__outside__"};

TEST(HostileFields, stay_in_their_segment_of_a_path) {
  for (const std::string name : kNames) holds_for_all(one(http("GET /v1/models/" + name + ":value/versions?of=" + name + ":value HTTP/1.1", to("end--1", "end--2")), name), 20);
}

TEST(HostileFields, stay_in_their_header) {
  for (const std::string name : kNames)
    holds_for_all(one(http("", to("end--1", "end--2"), command({{"type", "http-api"}, {"command", "GET /x HTTP/1.1"}, {"headers", JsonObject{{"X-Endpoint", JsonArray{Json("of " + name + ":value")}}}}})), name), 20);
}

TEST(HostileFields, stay_in_their_string_of_a_json_body) {
  for (const std::string name : kNames)
    holds_for_all(one(http("", to("end--1", "end--2"), command({{"type", "http-api"}, {"command", "POST /x HTTP/1.1"}, {"content", "{\"endpoint\":\"" + name + ":value\",\"say\":\"of " + name + ":value\",\"n\":[1,\"" + name + ":value\"]}"}})), name), 30);
}

TEST(HostileFields, stay_in_their_field_of_a_form) {
  for (const std::string name : kNames)
    holds_for_all(one(http("", to("end--1", "end--2"), command({{"type", "http-api"}, {"command", "POST /x HTTP/1.1"}, {"headers", JsonObject{{"Content-Type", JsonArray{"application/x-www-form-urlencoded"}}}}, {"content", "a=" + name + ":value&b=1"}})), name), 30);
}

TEST(HostileFields, stay_one_word_of_a_command) {
  for (const std::string name : kNames) {
    holds_for_all(one(verb("contain block --caller " + name + ":value --for 4h", to("end--1", "end--2")), name), 20);
    holds_for_all(one(verb("contain limit " + name + ":value --per-minute 5 --for 4h", to("end--1", "end--2")), name), 20);
  }
}

TEST(HostileFields, stay_within_what_a_person_reads) {
  for (const std::string name : kNames) holds_for_all(one(with(action("Look at " + name + ":value, then call", to("end--1", "end--2"), "manual").as_object(), {}), name), 40);
}

// A value is compared; it is no part of the condition.
TEST(HostileFields, do_not_decide_a_condition_that_they_do_not_meet) {
  for (const std::string name : kNames)
    for (const std::string& value : kHostile) {
      Told story;
      story.install(playbook_of({{"start--1", start("if-condition--i")}, {"if-condition--i", choice(name + ":value = 'harmless'", "action--y", "end--n", to("end--1", "end--2"))}, {"action--y", manual(to("end--y"))}},
                                variables({{name, text_variable()}})));
      story.configure({{"variables", JsonObject{{"__outside__", value}}}});
      const auto found = story.input("finding_opened", JsonObject{{"kind", value}, {"stream", "api"}, {"endpoint", value}, {"episode", "e1"}, {"first", 1}, {"last", 2}});
      story.input("incident_opened", JsonObject{{"endpoint", value}, {"stream", "api"}, {"rule", "evasion"}, {"severity", "SEV-2"}, {"findings", JsonArray{Json(found[0].id("find"))}}});
      EXPECT_EQ(story.outcome_of("action--y"), "not started") << cacao::printable(value);
      EXPECT_TRUE(story.run().ended);
    }
}

// The rule and the kind also choose what starts: by being equal, and in no other way.
TEST(HostileFields, start_nothing_but_what_bears_their_name) {
  for (const std::string& value : kHostile) {
    Told story;
    story.install(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"))}}));
    const auto found = story.input("finding_opened", JsonObject{{"kind", value}, {"stream", "api"}, {"endpoint", "api"}, {"episode", "e1"}, {"first", 1}, {"last", 2}});
    story.input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"rule", value}, {"severity", value}, {"findings", JsonArray{Json(found[0].id("find"))}}});
    EXPECT_TRUE(story.state().runs.empty());
  }
}

}  // namespace
}  // namespace firebreak::playbook
