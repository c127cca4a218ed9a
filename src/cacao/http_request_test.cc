// Requests as they are sent, and what is taken from responses.
#include "cacao/http_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"

namespace firebreak::cacao {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::map<std::string, Value, std::less<>> kVariables = {
    {"__model__", {"string", "fraud/v2"}}, {"__count__", {"integer", "7"}}, {"__token__", {"string", "abc"}}, {"__evil__", {"string", "\",\"admin\":true,\"\r\nHost: evil"}},
    {"__host__", {"string", "api.example.com"}}, {"__url__", {"uri", "https://api.example.com:8443/base/"}}, {"__six__", {"ipv6-addr", "2001:db8::1"}}, {"__port__", {"integer", "8080"}},
    {"__user__", {"uri", "https://me:secret@api.example.com"}}, {"__again__", {"uri", "https://__host__:value/"}}, {"__file__", {"uri", "file:///etc/passwd"}},
    {"__query__", {"uri", "https://api.example.com/?a=b"}},
};

std::optional<Value> look(std::string_view name) {
  const auto at = kVariables.find(name);
  return at == kVariables.end() ? std::nullopt : std::optional(at->second);
}

Json json(const std::string& text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value ? *value : Json();
}

const std::string kParty = R"({"type": "http-api", "name": "api", "address": {"url": ["https://api.example.com/v1/"]}})";

Result<HttpRequest> rendered(const std::string& command, const std::string& party = kParty, const std::vector<std::string>& raw = {}) {
  return render_http(json(command), json(party), look, raw);
}

// The refusal as "pointer: message".
std::string refusal(const Result<HttpRequest>& request) {
  if (request) return "taken: " + request->method + " " + request->url + " " + request->body;
  return request.error().pointer + ": " + request.error().message;
}

TEST(HttpRequest, is_made_of_command_and_address) {
  const auto request = rendered(R"({"type": "http-api", "command": "POST /models/__model__:value?n=__count__:value HTTP/1.1",
    "headers": {"Authorization": ["Bearer __token__:value"], "X-Note": ["a", "b"]}, "content": "{\"count\": \"__count__:value\", \"why\": \"<__evil__:value>\"}"})");
  ASSERT_TRUE(request) << refusal(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->url, "https://api.example.com/v1/models/fraud%2Fv2?n=7");
  EXPECT_THAT(request->headers, ElementsAre(Pair("Authorization", "Bearer abc"), Pair("X-Note", "a"), Pair("X-Note", "b"), Pair("Content-Type", "application/json")));
  EXPECT_EQ(request->body, R"({"count":7,"why":"<\",\"admin\":true,\"\r\nHost: evil>"})");
}

TEST(HttpRequest, takes_encoded_texts) {
  const std::string command = R"({"type": "openc2-http", "command": "POST /openc2", "content_b64": ")" + to_base64(R"({"action":"deny","target":{"x":"__model__:value"}})") + "\"}";
  const auto request = rendered(command);
  ASSERT_TRUE(request) << refusal(request);
  EXPECT_EQ(request->body, R"({"action":"deny","target":{"x":"fraud/v2"}})");
  EXPECT_EQ(rendered(R"({"type": "http-api", "command_b64": ")" + to_base64("GET /a HTTP/1.1") + "\"}")->url, "https://api.example.com/v1/a");
}

TEST(HttpRequest, finds_the_address) {
  const auto url = [](const std::string& rest) {
    const auto request = rendered(R"({"type": "http-api", "command": "GET /a"})", R"({"type": "http-api", "name": "x", )" + rest + "}");
    return request ? request->url : refusal(request);
  };
  EXPECT_EQ(url(R"("address": {"url": ["http://localhost:8080"]})"), "http://localhost:8080/a");
  EXPECT_EQ(url(R"("address": {"url": ["https://__host__:value:8443/b/__count__:value"]})"), "https://api.example.com:8443/b/7/a");
  EXPECT_EQ(url(R"("address": {"url": ["__url__:value"]})"), "https://api.example.com:8443/base/a");
  EXPECT_EQ(url(R"("address": {"dname": ["api.example.com"], "ipv4": ["10.0.0.1"]})"), "http://api.example.com/a");
  EXPECT_EQ(url(R"("address": {"dname": ["__host__:value"]}, "port": "443")"), "https://api.example.com/a");
  EXPECT_EQ(url(R"("address": {"ipv4": ["10.0.0.1"]}, "port": "__port__:value")"), "http://10.0.0.1:8080/a");
  EXPECT_EQ(url(R"("address": {"ipv4": ["10.0.0.1"]}, "port": "80")"), "http://10.0.0.1/a");
  EXPECT_EQ(url(R"("address": {"ipv6": ["2001:db8::2"]}, "port": "99")"), "http://[2001:db8::2]:99/a");
  EXPECT_EQ(url(R"("address": {"ipv6": ["__six__:value"]})"), "http://[2001:db8::1]/a");
  EXPECT_EQ(url(R"("address": {"url": ["https://a.example.com"]}, "port": "9000")"), "https://a.example.com:9000/a");
  EXPECT_EQ(url(R"("address": {"url": ["https://a.example.com:9000"]}, "port": "9000")"), "https://a.example.com:9000/a");
}

TEST(HttpRequest, refuses_an_address_that_is_none_or_not_clear) {
  const auto told = [](const std::string& rest) { return refusal(rendered(R"({"type": "http-api", "command": "GET /a"})", R"({"type": "http-api", "name": "x", )" + rest + "}")); };
  EXPECT_THAT(told(R"("address": {"url": ["https://me:secret@a.example.com"]})"), HasSubstr("/address/url/0: a url with a user"));
  EXPECT_THAT(told(R"("address": {"url": ["https://__token__:value@a.example.com"]})"), HasSubstr("a url with a user"));
  EXPECT_THAT(told(R"("address": {"url": ["__user__:value"]})"), ::testing::AllOf(HasSubstr("/address/url/0: the value of __user__: a url with a user"), ::testing::Not(HasSubstr("secret"))));
  EXPECT_THAT(told(R"("address": {"url": ["__again__:value"]})"), HasSubstr("the variable __host__ has no value")) << "a value is not looked at again";
  EXPECT_THAT(told(R"("address": {"url": ["__file__:value"]})"), HasSubstr("begins with http"));
  EXPECT_THAT(told(R"("address": {"url": ["__query__:value"]})"), HasSubstr("no query"));
  EXPECT_THAT(told(R"("address": {"url": ["https://__model__:value/"]})"), HasSubstr("__model__ is no host name"));
  EXPECT_THAT(told(R"("address": {"url": ["ftp://a.example.com"]})"), HasSubstr("begins with http"));
  EXPECT_THAT(told(R"("address": {"dname": ["a.example.com:99"]})"), HasSubstr("stands in 'port'"));
  EXPECT_THAT(told(R"("address": {"ipv4": ["10.0.0.0/8"]})"), HasSubstr("/address/ipv4/0"));
  EXPECT_THAT(told(R"("address": {"url": ["https://a.example.com:9000"]}, "port": "9001")"), HasSubstr("/port: the port of the url is another"));
  EXPECT_THAT(told(R"("address": {"dname": ["a.example.com"]}, "port": "70000")"), HasSubstr("/port"));
  EXPECT_THAT(told(R"("address": {"dname": ["a.example.com"]}, "port": "0443")"), HasSubstr("/port")) << "443 in disguise would be sent in the clear";
  EXPECT_THAT(told(R"("address": {"dname": ["a.example.com"]}, "port": "__model__:value")"), HasSubstr("/port: a port is a number"));
  EXPECT_THAT(told(R"("address": {"vlan": ["7"]})"), HasSubstr("/address: no address to send to"));
  EXPECT_THAT(told(R"("description": "x")"), HasSubstr("/address: no address to send to"));
}

TEST(HttpRequest, refuses_a_start_line_that_is_none) {
  const auto told = [](const std::string& command, const std::string& type = "http-api") { return refusal(rendered(canonical_json(JsonObject{{"type", type}, {"command", command}, {"content_b64", "e30="}}))); };
  for (const char* command : {"", "GET", "get /a", "__token__:value /a", "GET api/x", "GET https://evil.example/a", "GET __model__:value", "GET /a b HTTP/1.1", "GET /a\r\nHost: evil", "CONNECT /a", "GET /a#b", "GET /__nobody__:value"})
    EXPECT_THAT(told(command), HasSubstr("/command: ")) << command;
  EXPECT_THAT(told("GET /a", "openc2-http"), HasSubstr("by POST"));
  EXPECT_THAT(told("GET /a", "bash"), HasSubstr("/type"));
  EXPECT_THAT(refusal(rendered(R"({"type": "openc2-http", "command": "POST /a"})")), HasSubstr("needs 'content_b64'"));
  EXPECT_THAT(refusal(rendered(R"({"type": "http-api", "command_b64": "?"})")), HasSubstr("/command_b64: "));
}

TEST(HttpRequest, refuses_headers_that_frame_or_break) {
  const auto told = [](const std::string& headers) { return refusal(rendered(R"({"type": "http-api", "command": "GET /a", "headers": )" + headers + "}")); };
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Connection", "TE", "Upgrade", "Proxy-Authorization", "Expect"})
    EXPECT_THAT(told(std::string("{\"") + name + "\": [\"x\"]}"), HasSubstr("is not the playbook's to set")) << name;
  EXPECT_THAT(told(R"({"X-A": ["__evil__:value"]})"), HasSubstr("/headers/X-A: the value of __evil__"));
  EXPECT_THAT(told(R"({"X A": ["x"]})"), HasSubstr("no name of a header"));
  EXPECT_THAT(told(R"({"X\r\nA": ["x"]})"), HasSubstr("no name of a header"));
  EXPECT_THAT(told(R"({"__token__:value": ["x"]})"), HasSubstr("no name of a header"));
  EXPECT_THAT(told(R"({"X-A": "x"})"), HasSubstr("list of texts"));
  EXPECT_THAT(told(R"({"Content-Type": ["a/b"], "content-type": ["c/d"]})"), HasSubstr("one type"));
  EXPECT_THAT(told("{\"X-A\": [\"" + std::string(17'000, 'a') + "\"]}"), HasSubstr("longer than 16384"));
}

TEST(HttpRequest, puts_values_into_content_by_its_type) {
  const auto body = [](const std::string& type, const std::string& content, const std::vector<std::string>& raw = {}) {
    JsonObject command{{"type", "http-api"}, {"command", "POST /a"}, {"content", content}};
    if (!type.empty()) command["headers"] = JsonObject{{"Content-Type", JsonArray{Json(type)}}};
    const auto request = rendered(canonical_json(command), kParty, raw);
    return request ? request->body : refusal(request);
  };
  EXPECT_EQ(body("application/json; charset=utf-8", R"(["__count__:value"])"), "[7]");
  EXPECT_EQ(body("application/openc2+json;version=1.0", R"("__model__:value")"), R"("fraud/v2")");
  EXPECT_EQ(body("application/x-www-form-urlencoded", "m=__model__:value&n=1"), "m=fraud%2Fv2&n=1");
  EXPECT_EQ(body("", R"( {"a": "__model__:value"})"), R"({"a":"fraud/v2"})");
  EXPECT_EQ(body("", R"( {"a":  1.0})"), R"( {"a":  1.0})") << "nothing to put in: sent as it is";
  EXPECT_EQ(body("text/plain", "any text"), "any text");
  EXPECT_THAT(body("text/plain", "model __model__:value"), HasSubstr("/content: the content is neither JSON nor a form: __model__"));
  EXPECT_THAT(body("", "a=__model__:value"), HasSubstr("neither JSON nor a form"));
  EXPECT_THAT(body("text/plain", "model __model__:value __count__:value", {"__model__"}), HasSubstr("__count__ has no safe form"));
  EXPECT_EQ(body("text/plain", "model __model__:value __count__:value", {"__model__", "__count__"}), "model fraud/v2 7");
  EXPECT_THAT(body("application/json", R"({"n": __count__:value})"), HasSubstr("/content: the content is no JSON"));
  EXPECT_EQ(body("application/json", R"({"n": __count__:value})", {"__count__"}), R"({"n": 7})");
  EXPECT_THAT(body("application/json", R"(["__nobody__:value"])"), HasSubstr("the variable __nobody__ has no value"));
}

TEST(HttpRequest, knows_which_methods_may_be_tried_again) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) EXPECT_TRUE(is_idempotent(method)) << method;
  for (const char* method : {"POST", "PATCH", "get", "", "PURGE"}) EXPECT_FALSE(is_idempotent(method)) << method;
}

const Response kResponse = {201, {{"ETag", "\"7\""}, {"X-A", "1"}, {"x-a", "2"}, {"X-Latin", "\xe9"}},
                            R"({"id": "m-7", "n": 7, "big": 9007199254740993, "f": 0.5, "on": true, "none": null, "list": [{"a": 1, "b": "x"}], "text": "job=42;"})"};

std::string captured(const std::string& rule, const Response& response = kResponse) {
  const auto found = capture(json("[" + rule + "]"), response);
  if (!found) return found.error().pointer + " " + found.error().message;
  return found->at("__x__");
}

TEST(Capture, takes_what_a_rule_points_to) {
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/id"})"), "m-7");
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/n"})"), "7");
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/big"})"), "9007199254740993");
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/f"})"), "0.5");
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/on"})"), "true");
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/list/0"})"), R"({"a":1,"b":"x"})");
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/list/0/b"})"), "x");
  EXPECT_EQ(captured(R"j({"to": "__x__", "regex": "job=(\\d+)"})j"), "42");
  EXPECT_EQ(captured(R"j({"to": "__x__", "regex": "job=()"})j"), "");
  EXPECT_EQ(captured(R"({"to": "__x__", "header": "etag"})"), "\"7\"");
  EXPECT_EQ(captured(R"({"to": "__x__", "header": "X-A"})"), "1, 2");
  EXPECT_EQ(captured(R"({"to": "__x__", "status": true})"), "201");
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": ""})", {200, {}, "\"all\""}), "all");
}

TEST(Capture, names_the_rule_that_found_nothing) {
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/nothing"})"), "/0 rule 1 for __x__: the body has nothing at '/nothing'");
  EXPECT_EQ(captured(R"({"to": "__x__", "pointer": "/none"})"), "/0 rule 1 for __x__: the body has nothing at '/none'");
  EXPECT_EQ(captured(R"({"to": "__x__", "header": "X-B"})"), "/0 rule 1 for __x__: the response has no header 'X-B'");
  EXPECT_EQ(captured(R"j({"to": "__x__", "regex": "job=(a)"})j"), "/0 rule 1 for __x__: 'job=(a)' matches nothing in the body");
  EXPECT_EQ(captured(R"j({"to": "__x__", "regex": "job=(a)?"})j"), "/0 rule 1 for __x__: 'job=(a)?' matches nothing in the body") << "the group is not part of the match";
  EXPECT_THAT(captured(R"({"to": "__x__", "header": "X-Latin"})"), HasSubstr("no UTF-8"));
  EXPECT_THAT(captured(R"({"to": "__x__", "pointer": "/a"})", {200, {}, "<html>"}), HasSubstr("the body is no JSON"));
  EXPECT_THAT(captured(R"j({"to": "__x__", "regex": "(a*)"})j", {200, {}, std::string(70'000, 'a')}), HasSubstr("longer than 65536"));
  const auto second = capture(json(R"([{"to": "__a__", "status": true}, {"to": "__b__", "pointer": "/b"}])"), kResponse);
  EXPECT_EQ(second.error().pointer, "/1");
  EXPECT_THAT(second.error().message, HasSubstr("rule 2 for __b__"));
}

TEST(Capture, checks_rules_before_they_are_needed) {
  EXPECT_TRUE(check_captures(json("[]")));
  EXPECT_TRUE(check_captures(json(R"j([{"to": "__a__", "pointer": "/a"}, {"to": "__b__", "regex": "(a)"}, {"to": "__c__", "header": "ETag"}, {"to": "__d__", "status": true}])j")));
  const auto told = [](const std::string& rules) {
    const auto checked = check_captures(json(rules));
    return checked ? "taken" : checked.error().pointer;
  };
  EXPECT_EQ(told("{}"), "");
  EXPECT_EQ(told("[3]"), "/0");
  EXPECT_EQ(told(R"([{"to": "x", "status": true}])"), "/0/to");
  EXPECT_EQ(told(R"([{"status": true}])"), "/0/to");
  EXPECT_EQ(told(R"([{"to": "__a__", "status": true}, {"to": "__a__", "status": true}])"), "/1/to");
  EXPECT_EQ(told(R"([{"to": "__a__"}])"), "/0");
  EXPECT_EQ(told(R"([{"to": "__a__", "status": true, "pointer": "/a"}])"), "/0");
  EXPECT_EQ(told(R"([{"to": "__a__", "jq": ".a"}])"), "/0/jq");
  EXPECT_EQ(told(R"([{"to": "__a__", "status": false}])"), "/0/status");
  EXPECT_EQ(told(R"([{"to": "__a__", "pointer": "a"}])"), "/0/pointer");
  EXPECT_EQ(told(R"([{"to": "__a__", "pointer": 7}])"), "/0/pointer");
  EXPECT_EQ(told(R"([{"to": "__a__", "regex": "("}])"), "/0/regex");
  EXPECT_EQ(told(R"j([{"to": "__a__", "regex": "a"}])j"), "/0/regex");
  EXPECT_EQ(told(R"j([{"to": "__a__", "regex": "((a{100}){100}){100}"}])j"), "/0/regex");
  EXPECT_EQ(told(R"([{"to": "__a__", "header": "a b"}])"), "/0/header");
  std::string many = "[";
  for (int i = 0; i < 33; ++i) many += (i == 0 ? "" : ",") + std::string(R"({"to": "__a)") + std::to_string(i) + R"(__", "status": true})";
  EXPECT_NE(told(many + "]"), "taken");
}

}  // namespace
}  // namespace firebreak::cacao
