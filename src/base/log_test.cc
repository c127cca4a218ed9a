#include "base/log.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

struct Lines {
  FedClock clock{Time{1'772'854'057'823'000}};
  std::string text;
  Logger logger{clock, LogLevel::kInfo, [this](std::string_view line) { text += line; }};
};

TEST(Logger, writes_one_json_object_a_line) {
  Lines lines;
  lines.logger.info("log opened", {{"dir", Json("data/\"x\"")}, {"size", Json(3)}});
  EXPECT_EQ(lines.text,
            "{\"time\":\"2026-03-07T03:27:37.823Z\",\"level\":\"info\",\"message\":\"log opened\","
            "\"dir\":\"data/\\\"x\\\"\",\"size\":3}\n");
  EXPECT_TRUE(parse_json(lines.text.substr(0, lines.text.size() - 1)));
}

TEST(Logger, drops_lines_below_its_level) {
  Lines lines;
  lines.logger.debug("too fine");
  EXPECT_EQ(lines.text, "");
}

TEST(Logger, names_code_and_place_of_an_error) {
  Lines lines;
  lines.logger.error("refused", Error{Code::kInvalid, "no", "/a", 0});
  EXPECT_NE(lines.text.find("\"code\":\"invalid\",\"error\":\"no\",\"pointer\":\"/a\""), std::string::npos);
}

TEST(LogLevel, reads_back_its_names) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError})
    EXPECT_EQ(*parse_log_level(log_level_name(level)), level);
  EXPECT_FALSE(parse_log_level("loud"));
}

}  // namespace
}  // namespace firebreak
