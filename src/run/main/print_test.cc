#include "run/main/print.h"

#include <gtest/gtest.h>

namespace firebreak::cli {
namespace {

TEST(Print, tells_a_refusal_once_and_which_command_it_is_of) {
  const Json twice = JsonObject{{"file", "a.yml"}, {"line", 5}, {"reason", "it ends"}};
  ::testing::internal::CaptureStderr();
  print_refused("rule test", JsonArray{twice, twice, JsonObject{{"file", "b.yml"}, {"line", 0}, {"reason", "no document"}}});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "firebreak rule test: refused: a.yml:5: it ends\nfirebreak rule test: refused: b.yml: no document\n");
}

// Nothing that comes from outside steers a terminal or turns the order of reading round; other writing stays.
TEST(Print, shows_what_steers_a_terminal_as_a_question_mark) {
  const Json hostile = "\x1b[31m \x07 \xc2\x9b" "2J \xe2\x80\xae" "evil \xe2\x81\xa6 \xff ok";
  EXPECT_EQ(cell(&hostile), "?[31m ? ?2J ?evil ? ? ok");
  const Json honest = "Gr\xc3\xbc\xc3\x9f" "e, \xe4\xb8\xad, \xf0\x9f\x94\xa5";
  EXPECT_EQ(cell(&honest), std::string(honest.as_string()));
}

}  // namespace
}  // namespace firebreak::cli
