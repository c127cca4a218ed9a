#include "run/main/advice.h"

#include <gtest/gtest.h>

namespace firebreak::cli {
namespace {

std::string next(Code code, const std::string& message) { return advice_for(Error{code, message, "/digest", 0}); }

// The messages as the folds give them.
TEST(Advice, of_a_wrong_digest_names_the_command_that_prints_that_one) {
  for (const auto& [message, command] : {std::pair("you approve digest 00, the action has 5f: look at it again", "firebreak action show ACT"),
                                         std::pair("you approve digest 00, the amendment has 5f: look at it again", "firebreak amendment show AMEND"),
                                         std::pair("you approve digest 00, the proposal has 5f: look at it again", "firebreak detectors list"),
                                         std::pair("you approve digest 00, the request has 5f: look at it again", "firebreak request list"),
                                         std::pair("you approve digest 00, it has 5f: look at it again", "firebreak standing show STANDING"),
                                         std::pair("ev-3 has the digest 5f: compare what you give with it", "firebreak evidence show EVIDENCE")})
    EXPECT_TRUE(next(Code::kConflict, message).starts_with(command)) << message << " -> " << next(Code::kConflict, message);
  for (const auto& [message, command] : {std::pair("'digest' is a SHA-256 in 64 hex digits: of the item, or of a bundle's MANIFEST.sha256", "firebreak evidence show EVIDENCE"),
                                         std::pair("'digest' is the SHA-256 of the bytes in 64 hex digits", "sha256sum FILE"),
                                         std::pair("'digest' is the SHA-256 of the holdout's bytes in 64 hex digits", "sha256sum FILE")})
    EXPECT_TRUE(next(Code::kInvalid, message).starts_with(command)) << message << " -> " << next(Code::kInvalid, message);
}

TEST(Advice, says_nothing_where_the_message_names_its_own_command) {
  EXPECT_EQ(next(Code::kConflict, "you approve digest 00, the message has 5f: read it again with firebreak message show msg-1"), "");
}

}  // namespace
}  // namespace firebreak::cli
