#include "run/api/login_guard.h"

#include <gtest/gtest.h>

namespace firebreak::api {
namespace {

TEST(LoginGuard, shuts_a_name_after_five_wrong_tries_and_no_other) {
  LoginGuard guard;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(guard.admit("ana", i * kSecond));
  EXPECT_EQ(guard.admit("ana", 10 * kSecond).error().code, Code::kBusy);
  EXPECT_TRUE(guard.admit("ben", 10 * kSecond));
  EXPECT_FALSE(guard.admit("ana", LoginGuard::kWindow - 1));
  EXPECT_TRUE(guard.admit("ana", LoginGuard::kWindow)) << "the first try is forgotten";
}

TEST(LoginGuard, forgets_the_tries_of_who_got_in) {
  LoginGuard guard;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(guard.admit("ana", 0));
    guard.passed("ana");
  }
}

}  // namespace
}  // namespace firebreak::api
