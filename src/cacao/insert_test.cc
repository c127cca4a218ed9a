// Hostile values in every place: what comes out is read back by another reader, and no value is more than a value.
#include "cacao/insert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "base/json.h"

namespace firebreak::cacao {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What somebody may have put into an alert, to be more than a value later.
const std::vector<std::string>& hostile() {
  static const std::vector<std::string> values = {
      "", " ", "plain", ".", "..", "../..", "..\\..", "a/../b", "%2e%2e", "%2E%2E%2F", "/", "//evil.example", "a/b", "?admin=1", "#x", "&admin=true", "a=b", ";", "%", "%00", "+",
      "$(touch /tmp/x)", "`id`", "; rm -rf /", "&& reboot", "| nc evil 1", "> /etc/passwd", "\nreboot\n", "--option", "-rf", "'", "\"", "\\", "' OR 'a'='a", "\" --force \"", "'; rm; '",
      "\r\nHost: evil", "\r\n\r\nGET / HTTP/1.1", "\",\"admin\":true,\"", "\\\",\"x\":1,\"", "{\"a\":1}", "[1]", "null", "true", "1e999", "__other__:value", "__x__:value", "user:secret@evil.example", "evil.example:99",
      "evil.example/path", "[::1]", "::1", "[::1]:99", "fe80::1%eth0", "127.0.0.1", "2130706433", "0x7f.1", "a..b", "-a.b", "ex ample",
      std::string("a\0b", 3), "tab\there", "\x7f", "line\xe2\x80\xa8sep", "\xe2\x80\xae" "exe.txt", "\xe2\x81\xa6iso", "\xc2\x85next", "\xed\xa0\x80lone", "\xff\xfe", "\xc0\xae", "Köln", "日本",
      std::string(1 << 20, 'a'), std::string(70'000, '/'), std::string(40'000, '\n'),
  };
  return values;
}

Lookup of(const std::string& value, const std::string& type = "string") {
  return [value, type](std::string_view name) -> std::optional<Value> {
    if (name == "__x__") return Value{type, value};
    if (name == "__other__") return Value{"string", "EXPANDED"};
    if (name == "__plain__") return Value{"string", "plain"};
    return std::nullopt;
  };
}

// ---- readers of our own, simple and apart from what wrote

std::vector<std::string> cut(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == at) parts.emplace_back();
    else parts.back() += c;
  return parts;
}

std::string decoded(const std::string& text, bool form = false) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += form && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_plain_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f; });
}

void expect_refused(const Error& error, const std::string& value) {
  EXPECT_TRUE(error.code == Code::kInvalid || error.code == Code::kTooLarge);
  EXPECT_TRUE(value.size() <= 3 || error.message.find(value) == std::string::npos) << "a refusal repeats the value: " << error.message;
}

TEST(Insert, a_value_stays_in_its_path_segment) {
  int taken = 0;
  for (const std::string& value : hostile()) {
    const auto target = insert_path("/api/__x__:value/models?name=__x__:value&full=1", of(value));
    if (!target) {
      expect_refused(target.error(), value);
      continue;
    }
    ++taken;
    EXPECT_TRUE(is_plain_ascii(*target)) << *target;
    EXPECT_EQ(target->find('#'), std::string::npos);
    const auto halves = cut(*target, '?');
    ASSERT_EQ(halves.size(), 2U) << *target;
    const auto segments = cut(halves[0], '/');
    ASSERT_THAT(segments, ElementsAre("", "api", ::testing::_, "models")) << *target;
    EXPECT_EQ(decoded(segments[2]), value);
    EXPECT_THAT(decoded(segments[2]), ::testing::AllOf(::testing::Ne("."), ::testing::Ne(".."), ::testing::Ne("")));
    const auto query = cut(halves[1], '&');
    ASSERT_EQ(query.size(), 2U) << *target;
    EXPECT_EQ(cut(query[0], '=').size(), 2U);
    EXPECT_EQ(decoded(cut(query[0], '=')[1]), value);
    EXPECT_EQ(query[1], "full=1");
  }
  EXPECT_GT(taken, 40);
}

TEST(Insert, a_path_does_not_go_up_or_lose_a_segment) {
  for (const char* value : {".", "..", "../..", "..\\..", "a/../b", ""}) EXPECT_FALSE(insert_path("/a/__x__:value/b", of(value))) << value;
  EXPECT_FALSE(insert_path("/a/.__x__:value/b", of("."))) << "one dot of each";
  EXPECT_FALSE(insert_path("/a/%2e__x__:value/b", of("."))) << "one dot is encoded";
  EXPECT_FALSE(insert_path("/a/__x__:value__x__:value", of("."))) << "the same twice";
  EXPECT_FALSE(insert_path("/a/%__x__:value", of("2e"))) << "the template's % takes the value for its digits";
  EXPECT_EQ(*insert_path("/a/v__x__:value", of("")), "/a/v");
  EXPECT_EQ(*insert_path("/a/__x__:value", of("%2e%2e")), "/a/%252e%252e");
  EXPECT_EQ(*insert_path("/a?b=__x__:value", of("..")), "/a?b=..");
  EXPECT_EQ(*insert_path("/größe/a%20b/../c?d=e/f?g", of("")), "/gr%C3%B6%C3%9Fe/a%20b/../c?d=e/f?g") << "what the author wrote stays";
  for (const char* text : {"/a b", "/a#b", "/a\nb", "/a%2", "/a?b c"}) EXPECT_FALSE(insert_path(text, of(""))) << text;
}

TEST(Insert, a_value_does_not_end_a_header) {
  int taken = 0;
  for (const std::string& value : hostile()) {
    const auto header = insert_header("Bearer __x__:value;", of(value));
    if (!header) {
      expect_refused(header.error(), value);
      continue;
    }
    ++taken;
    EXPECT_EQ(*header, "Bearer " + value + ";");
    EXPECT_TRUE(std::all_of(header->begin(), header->end(), [](char c) { return c >= ' ' && c <= '~'; })) << *header;
  }
  EXPECT_GT(taken, 30);
  EXPECT_FALSE(insert_header("a\r\nb", of("")));
}

TEST(Insert, a_value_stays_in_its_json_string) {
  int taken = 0;
  for (const std::string& value : hostile()) {
    const auto content = insert_json(R"({"a": "__x__:value", "b": ["<__x__:value>"], "user": {"admin": false}})", of(value));
    if (!content) {
      expect_refused(content.error(), value);
      continue;
    }
    ++taken;
    const auto read = parse_json(*content);
    ASSERT_TRUE(read.has_value()) << *content;
    EXPECT_EQ(canonical_json(*read), *content);
    EXPECT_EQ(read->get_object().size(), 3U);
    EXPECT_EQ(string_or(*read, "a"), value);
    EXPECT_EQ(find_pointer(*read, "/b")->get_array().size(), 1U);
    EXPECT_EQ(std::string(find_pointer(*read, "/b/0")->get_string()), "<" + value + ">");
    EXPECT_EQ(canonical_json(*find_pointer(*read, "/user")), R"({"admin":false})");
  }
  EXPECT_GT(taken, 50);
}

TEST(Insert, json_takes_values_by_their_type) {
  const auto put = [](const std::string& type, const std::string& value) {
    const auto out = insert_json(R"({"v": "__x__:value"})", of(value, type));
    return out ? *out : "refused";
  };
  EXPECT_EQ(put("integer", "7"), R"({"v":7})");
  EXPECT_EQ(put("long", "+9007199254740993"), R"({"v":9007199254740993})");
  EXPECT_EQ(put("float", "0.5"), R"({"v":0.5})");
  EXPECT_EQ(put("bool", "true"), R"({"v":true})");
  EXPECT_EQ(put("dictionary", R"({"b": 1, "a": "__other__:value"})"), R"({"v":{"a":"__other__:value","b":1}})");
  EXPECT_EQ(put("string", "7"), R"({"v":"7"})");
  EXPECT_EQ(put("ipv4-addr", "10.0.0.1"), R"({"v":"10.0.0.1"})");
  for (const auto& [type, value] : {std::pair("integer", "7.5"), std::pair("integer", "7,\"admin\":true"), std::pair("float", "inf"), std::pair("float", "1e999"), std::pair("float", "nan"), std::pair("bool", "yes"),
                                    std::pair("dictionary", "[1]"), std::pair("dictionary", "{\"a\":1}, \"b\": {}"), std::pair("dictionary", "{\"a\":1,\"a\":2}")})
    EXPECT_EQ(put(type, value), "refused") << type << " " << value;
  EXPECT_EQ(put("dictionary", std::string("{\"a\":") + std::string(30, '[') + std::string(30, ']') + "}"), R"({"v":{"a":)" + std::string(30, '[') + std::string(30, ']') + "}}");
  EXPECT_EQ(put("dictionary", std::string("{\"a\":") + std::string(31, '[') + std::string(31, ']') + "}"), "refused") << "nobody would read it";
}

TEST(Insert, json_keys_do_not_fall_together) {
  EXPECT_EQ(*insert_json(R"({"__x__:value": 1, "admin": false})", of("a\"b")), R"({"a\"b":1,"admin":false})");
  EXPECT_FALSE(insert_json(R"({"__x__:value": true, "admin": false})", of("admin")));
  EXPECT_EQ(*insert_json(R"({"__x__:value": 1})", of("7", "integer")), R"({"7":1})");
  EXPECT_THAT(insert_json(R"({"n": __x__:value})", of("7")).error().message, HasSubstr("no JSON"));
}

TEST(Insert, a_value_stays_in_its_form_field) {
  int taken = 0;
  for (const std::string& value : hostile()) {
    const auto form = insert_form("a=__x__:value&b=2", of(value));
    if (!form) {
      expect_refused(form.error(), value);
      continue;
    }
    ++taken;
    EXPECT_TRUE(is_plain_ascii(*form)) << *form;
    const auto fields = cut(*form, '&');
    ASSERT_EQ(fields.size(), 2U);
    ASSERT_EQ(cut(fields[0], '=').size(), 2U);
    EXPECT_EQ(decoded(cut(fields[0], '=')[1], true), value);
    EXPECT_EQ(fields[1], "b=2");
  }
  EXPECT_GT(taken, 60);
}

TEST(Insert, a_host_is_a_host) {
  const auto put = [](const std::string& text, const std::string& value) {
    const auto out = insert_host(text, of(value));
    return out ? *out : "refused";
  };
  for (const std::string& value : hostile()) {
    const std::string host = put("__x__:value:8443", value);
    if (host == "refused") continue;
    EXPECT_TRUE(host == value + ":8443" || host == "[" + value + "]:8443") << host;
    EXPECT_EQ(host.find_first_of("/?#@%\\ \r\n\t"), std::string::npos) << host;
  }
  for (const std::string address : {"10.0.0.1", "::1", "[::1]"}) EXPECT_EQ(put("__x__:value", address + std::string("\0@evil", 6)), "refused") << "behind a NUL";
  EXPECT_EQ(put("__x__:value", "api.example.com"), "api.example.com");
  EXPECT_EQ(put("__x__:value", "10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(put("__x__:value", "::1"), "[::1]");
  EXPECT_EQ(put("__x__:value:99", "2001:db8::1"), "[2001:db8::1]:99");
  EXPECT_EQ(put("__x__:value:99", "[2001:db8::1]"), "[2001:db8::1]:99");
  EXPECT_EQ(put("eu-__x__:value.example.com", "fraud"), "eu-fraud.example.com");
  EXPECT_EQ(put("example.com:__x__:value", "99"), "example.com:99");
  EXPECT_EQ(put("localhost:8080", ""), "localhost:8080");
  for (const auto& [text, value] : {std::pair("__x__:value", "evil.example:99"), std::pair("__x__:value", "u@evil.example"), std::pair("__x__:value", "evil.example/x"), std::pair("__x__:value", ""), std::pair("__x__:value", "2130706433"),
                                    std::pair("__x__:value", "0x7f.1"), std::pair("__x__:value", "127.1"), std::pair("__x__:value", "a..b"), std::pair("__x__:value", "-a"), std::pair("__x__:value", "Köln"), std::pair("a.__x__:value", "::1"),
                                    std::pair("__x__:value", "fe80::1%eth0"), std::pair("__x__:value", "[::1]:99"), std::pair("example.com:__x__:value", "evil.com"), std::pair("example.com:__x__:value", "70000"), std::pair("u@__x__:value", "a"),
                                    std::pair("__x__:value/p", "a"), std::pair("__x__:value:0", "a"), std::pair("__x__:value.", "")})
    EXPECT_EQ(put(text, value), "refused") << text << " " << value;
}

TEST(Insert, a_value_never_makes_or_ends_a_word) {
  int taken = 0;
  for (const std::string& value : hostile()) {
    const auto words = insert_words("tool '__x__:value' --name=__x__:value \"a __x__:value\" __x__:value last", of(value));
    if (!words) {
      expect_refused(words.error(), value);
      continue;
    }
    ++taken;
    ASSERT_THAT(*words, ElementsAre(Word{"tool", false}, Word{value, true}, Word{"--name=" + value, false}, Word{"a " + value, false}, Word{value, true}, Word{"last", false}));
  }
  EXPECT_GT(taken, 65);
}

TEST(Insert, words_are_split_as_they_are_quoted) {
  const auto split = [](const std::string& text) {
    std::vector<std::string> out;
    const auto words = insert_words(text, of("v"));
    for (const Word& word : *words) out.push_back(word.text);
    return out;
  };
  EXPECT_THAT(split("  a\tb\n c  "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split(R"(a 'b c' "d e" f'g h'i '' "")"), ElementsAre("a", "b c", "d e", "fg hi", "", ""));
  EXPECT_THAT(split(R"("a\"b\\c\d" 'a\b' a\b)"), ElementsAre(R"(a"b\c\d)", R"(a\b)", R"(a\b)"));
  EXPECT_TRUE(insert_words("", of("v"))->empty());
  for (const char* text : {"a 'b", "a \"b", "a \"b\\\""}) EXPECT_FALSE(insert_words(text, of("v"))) << text;
  EXPECT_EQ((*insert_words("a __x__:value b", of("")))[1], (Word{"", true})) << "an empty value is a word";
}

TEST(Insert, text_for_people_shows_what_is_there) {
  for (const std::string& value : hostile()) {
    const std::string text = insert_text("Block __x__:value now?", of(value));
    EXPECT_TRUE(text.starts_with("Block ") && text.ends_with(" now?"));
    EXPECT_LE(text.size(), 520U);
    EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
    for (const char* mark : {"\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6", "\xc2\x85", "\xed\xa0\x80", "\xff"}) EXPECT_EQ(text.find(mark), std::string::npos);
    JsonObject as_json{{"t", text}};
    EXPECT_TRUE(parse_json(canonical_json(as_json)).has_value()) << "no UTF-8";
  }
  EXPECT_EQ(insert_text("a __x__:value b", of("\xe2\x80\xae" "x\ny\xff")), "a ?x?y? b");
  EXPECT_EQ(insert_text("a __nobody__:value b", of("")), "a __nobody__ b");
  EXPECT_EQ(insert_text("a\nb __x__:value", of("Köln")), "a\nb Köln") << "the author's lines stay";
  EXPECT_EQ(insert_text("__x__:value.", of(std::string(500, 'a'))), std::string(500, 'a') + ".");
  EXPECT_EQ(insert_text("__x__:value.", of(std::string(499, 'a') + "ö")), std::string(499, 'a') + "….");
  std::string many;
  for (int i = 0; i < 200; ++i) many += "__x__:value";
  EXPECT_LE(insert_text(many, of(std::string(499, 'a') + "ö")).size(), 64U * 1024);
}

using Kind = Result<std::string> (*)(std::string_view, const Lookup&);
const std::pair<const char*, Kind> kKinds[] = {{"path", insert_path}, {"header", insert_header}, {"json", insert_json}, {"form", insert_form}, {"host", insert_host}, {"raw", insert_raw}};

TEST(Insert, an_unknown_variable_is_refused_by_name) {
  for (const auto& [name, insert] : kKinds) {
    const auto out = insert(std::string_view(name) == "json" ? R"(["__nobody__:value"])" : "__nobody__:value", of(""));
    ASSERT_FALSE(out) << name;
    EXPECT_EQ(out.error().message, "the variable __nobody__ has no value") << name;
  }
  EXPECT_EQ(insert_words("a __nobody__:value", of("")).error().message, "the variable __nobody__ has no value");
}

TEST(Insert, a_value_is_not_looked_at_again) {
  for (const auto& [name, insert] : kKinds) {
    const auto out = insert(std::string_view(name) == "json" ? R"(["__x__:value"])" : "__x__:value", of("__other__:value"));
    EXPECT_TRUE(!out || out->find("EXPANDED") == std::string::npos) << name;
    // … not even when a value and the text behind it make a name together.
    const auto made = insert(std::string_view(name) == "json" ? R"(["__x__:valueother__:value"])" : "__x__:valueother__:value", of("__"));
    EXPECT_TRUE(!made || made->find("EXPANDED") == std::string::npos) << name;
  }
  EXPECT_EQ(insert_text("__x__:value", of("__other__:value")), "__other__:value");
}

TEST(Insert, results_are_bounded) {
  std::string many = "a";
  for (int i = 0; i < 1'000; ++i) many += "__x__:value";
  for (const auto& [name, insert] : kKinds) {
    const auto out = insert(std::string_view(name) == "json" ? "[\"" + many + "\"]" : many, of(std::string(100, 'a')));
    ASSERT_FALSE(out) << name;
    EXPECT_EQ(out.error().code, Code::kTooLarge) << name;
  }
  EXPECT_EQ(insert_words(many, of(std::string(100, 'a'))).error().code, Code::kTooLarge);
  std::string list = "[";
  for (int i = 0; i < 3'000; ++i) list += "\"__x__:value\",";
  EXPECT_EQ(insert_json(list + "1]", of(std::string(60'000, 'a'))).error().code, Code::kTooLarge);
}

TEST(Insert, raw_is_as_it_is) { EXPECT_EQ(*insert_raw("<__x__:value>", of("\",\"\r\n$(x)")), "<\",\"\r\n$(x)>"); }

RC_GTEST_PROP(Insert, whatever_a_value_holds_it_comes_back, (const std::string& value)) {
  const auto words = insert_words("a __x__:value b", of(value));
  if (words) RC_ASSERT(words->size() == 3U && (*words)[1].text == value);
  if (const auto content = insert_json(R"({"a":"__x__:value"})", of(value))) RC_ASSERT(string_or(*parse_json(*content), "a") == value);
  if (const auto target = insert_path("/a/__x__:value", of(value))) RC_ASSERT(cut(*target, '/').size() == 3U && decoded(cut(*target, '/')[2]) == value);
}

}  // namespace
}  // namespace firebreak::cacao
