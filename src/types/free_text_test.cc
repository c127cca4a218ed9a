#include "types/free_text.h"

#include "base/digest.h"

#include <gtest/gtest.h>

#include "types/command.h"

namespace firebreak {
namespace {

const std::string kReference = text_reference(sha256("a"));
const std::string kOther = text_reference(sha256("b"));

// Keeps in memory; its references can be shown again.
struct Kept {
  std::vector<std::pair<std::string, std::string>> texts;
  KeepText keep() {
    return [this](std::string_view text) -> Result<std::string> {
      texts.emplace_back(text_reference(sha256(std::to_string(texts.size()) + std::string(text))), text);
      return texts.back().first;
    };
  }
  ShowText show() const {
    return [this](const std::string& reference) {
      for (const auto& [known, text] : texts)
        if (known == reference) return text;
      return std::string("[erased]");
    };
  }
};

TEST(FreeText, names_commands_and_arguments_that_there_are) {
  for (const FreeText& one : free_texts()) {
    const CommandSpec* command = find_command(one.command);
    ASSERT_NE(command, nullptr) << one.command;
    const std::string words = " " + std::string(command->required) + " " + std::string(command->optional) + " ";
    EXPECT_NE(words.find(" " + std::string(one.argument) + " "), std::string::npos) << one.command << " " << one.argument;
  }
}

TEST(FreeText, leaves_no_reason_note_or_summary_in_any_command) {
  for (const CommandSpec& command : commands()) {
    const std::string words = " " + std::string(command.required) + " " + std::string(command.optional) + " ";
    for (const std::string argument : {"reason", "summary", "residual_risk", "title", "method", "result"}) {
      if (words.find(" " + argument + " ") == std::string::npos) continue;
      Kept kept;
      JsonObject args{{argument, "Erika M."}};
      if (std::string_view(command.name) == "text.erase") args["text"] = text_reference(sha256("x"));
      const Json out = keep_free_texts(command.name, args, kept.keep()).value();
      EXPECT_EQ(canonical_json(out).find("Erika"), std::string::npos) << command.name << " " << argument;
    }
  }
}

TEST(FreeText, stands_outside_for_each_value_of_a_message) {
  Kept kept;
  const Json args = JsonObject{{"incident", "inc-4"}, {"audience", "users"}, {"values", JsonObject{{"impact", "Erika M. was declined"}, {"odd", 7}}}};
  const Json out = keep_free_texts("message.draft", args, kept.keep()).value();
  EXPECT_EQ(canonical_json(out).find("Erika"), std::string::npos);
  EXPECT_EQ(show_texts(out, kept.show()), args);
  const Json large = JsonObject{{"values", JsonObject{{"impact", std::string(4'001, 'x')}}}};
  EXPECT_EQ(keep_free_texts("message.draft", large, kept.keep()).error().pointer, "/values/impact");
}

TEST(FreeText, stands_outside_and_comes_back_octet_for_octet) {
  Kept kept;
  const Json args = JsonObject{{"incident", "inc-4"}, {"text", "Erika M. called:\n\"it hurts\" \xF0\x9F\x98\x80"}};
  const Json out = keep_free_texts("incident.note", args, kept.keep()).value();
  EXPECT_EQ(string_or(out, "incident"), "inc-4");
  EXPECT_TRUE(text_digest(string_or(out, "text")));
  EXPECT_EQ(show_texts(out, kept.show()), args);
}

TEST(FreeText, stays_where_it_is_when_it_says_nothing) {
  Kept kept;
  for (const std::string text : {"", " ", "\t\r\n "})
    EXPECT_EQ(string_or(keep_free_texts("freeze", JsonObject{{"reason", text}}, kept.keep()).value(), "reason"), text);
  EXPECT_TRUE(kept.texts.empty());
}

TEST(FreeText, is_refused_with_its_limit_and_place_before_anything_is_kept) {
  Kept kept;
  const auto taken = [&](std::size_t octets) {
    return keep_free_texts("incident.note", JsonObject{{"text", std::string(octets, 'x')}}, kept.keep());
  };
  EXPECT_TRUE(taken(4'000));
  kept.texts.clear();
  const auto refused = taken(4'001);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
  EXPECT_EQ(refused.error().message, "'text' has at most 4000 octets");
  EXPECT_EQ(refused.error().pointer, "/text");
  EXPECT_TRUE(kept.texts.empty());
}

TEST(FreeText, keeps_the_words_that_decide_in_plain) {
  Kept kept;
  const auto stored = [&](std::string_view command, std::string_view argument, const std::string& text) {
    const Json out = keep_free_texts(command, JsonObject{{argument, text}}, kept.keep()).value();
    EXPECT_EQ(string_or(show_texts(out, kept.show()), argument), text);
    return string_or(out, argument);
  };
  EXPECT_EQ(stored("incident.task_done", "result", "fail"), "fail");
  EXPECT_TRUE(stored("incident.task_done", "result", "failed: Erika M.").starts_with("failtext:"));
  EXPECT_TRUE(stored("incident.task_done", "result", "did not fail").starts_with("text:"));
  const std::string source = stored("source.approve", "reason", "evidence of inc-41 and inc-7, says Erika");
  EXPECT_NE(source.find("inc-41"), std::string::npos);
  EXPECT_NE(source.find("inc-7"), std::string::npos);
  EXPECT_EQ(source.find("Erika"), std::string::npos);
  EXPECT_TRUE(text_digest(stored("source.approve", "reason", "inc- and inc-12345678901234567890123")));
}

TEST(FreeText, a_text_that_looks_like_a_reference_is_shown_as_it_was_typed) {
  Kept kept;
  const Json args = JsonObject{{"reason", kReference}};
  const Json out = keep_free_texts("freeze", args, kept.keep()).value();
  EXPECT_NE(string_or(out, "reason"), kReference);
  EXPECT_EQ(show_texts(out, kept.show()), args) << "not looked up a second time";
}

TEST(ShowTexts, replaces_references_wherever_they_stand_and_nothing_else) {
  const ShowText show = [](const std::string& reference) { return reference == kReference ? std::string("A") : std::string("B"); };
  const auto shown = [&](const std::string& text) { return string_or(show_texts(JsonObject{{"x", text}}, show), "x"); };
  EXPECT_EQ(shown(kReference), "A");
  EXPECT_EQ(shown("closed from recovery: " + kReference), "closed from recovery: A");
  EXPECT_EQ(shown(kReference + kOther + kReference), "ABA");
  EXPECT_EQ(shown("text:" + kReference), "text:A");
  EXPECT_EQ(shown(kReference + "0"), "A0");
  for (const std::string& plain :
       {std::string(), std::string("text:"), std::string("text:text:"), kReference.substr(0, 68), "TEXT:" + kReference.substr(5),
        "text:" + std::string(64, 'F'), "text:" + std::string(63, '0') + "g", std::string("text:\0", 6) + std::string(63, '0'),
        "text: " + kReference.substr(5), std::string(200'000, 't')})
    EXPECT_EQ(shown(plain), plain);
  const Json nested = JsonObject{{kReference, JsonArray{1, nullptr, true, kReference, JsonObject{{"y", kOther}}}}};
  const Json expected = JsonObject{{kReference, JsonArray{1, nullptr, true, "A", JsonObject{{"y", "B"}}}}};
  EXPECT_EQ(show_texts(nested, show), expected) << "a member's name is no text";
  EXPECT_EQ(text_references(nested), (std::vector<std::string>{kReference, kOther}));
}

TEST(ShowTexts, tells_a_whole_reference_from_everything_else) {
  EXPECT_EQ(text_digest(kReference), sha256("a"));
  for (const std::string& none : {std::string(), kReference + " ", " " + kReference, kReference.substr(5), kReference.substr(0, 68),
                                  "text:" + std::string(64, 'A')})
    EXPECT_FALSE(text_digest(none)) << none;
}

TEST(FreeText, none_is_kept_of_a_command_that_is_refused_for_its_lengths_or_erases_words) {
  int kept = 0;
  const KeepText keep = [&](std::string_view) -> Result<std::string> {
    ++kept;
    return text_reference(sha256("x"));
  };
  const JsonObject close{{"incident", "inc-1"}, {"summary", "Mr. S."}, {"residual_risk", std::string(5'000, 'x')}};
  EXPECT_EQ(keep_free_texts("incident.close", close, keep).error().code, Code::kTooLarge);
  EXPECT_EQ(keep_free_texts("text.erase", JsonObject{{"text", "Mrs. M. called"}, {"reason", "r"}}, keep).error().code, Code::kInvalid);
  EXPECT_EQ(kept, 0);
  EXPECT_TRUE(keep_free_texts("text.erase", JsonObject{{"text", text_reference(sha256("y"))}, {"reason", "r"}}, keep));
  EXPECT_EQ(kept, 1);
}

}  // namespace
}  // namespace firebreak
