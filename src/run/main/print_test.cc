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

}  // namespace
}  // namespace firebreak::cli
