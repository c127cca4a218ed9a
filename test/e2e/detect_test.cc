// firebreak detect as people call it: rows on standard input, words for people.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "support/process.h"

namespace firebreak {
namespace {

std::uint64_t state = 3;
double next() {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<double>(state >> 11) * 0x1.0p-53;
}

class Detect : public ::testing::Test {
 protected:
  void SetUp() override {
    state = 3;
    std::ofstream csv(folder_ / "rows.csv"), lines(folder_ / "rows.ndjson");
    csv << "time,x,y,p\n";
    for (int i = 0; i < 1200; ++i) {
      const double x = next();
      const int truth = next() < 0.3, answer = next() < 0.9 ? truth : 1 - truth;
      csv << fmt::format("{},{:.4f},{},{}\n", 1'772'853'000 + i, x, truth, answer);
      lines << fmt::format("{{\"time\":{},\"x\":{:.4f},\"y\":{},\"p\":{}}}\n", 1'772'853'000 + i, x, truth, answer);
    }
  }
  testing::Finished sh(const std::string& command) { return testing::run({"/bin/sh", "-c", command}, folder_ / "errors"); }

  testing::Folder folder_;
  std::string firebreak_ = FIREBREAK_BINARY;
};

TEST_F(Detect, reads_rows_from_standard_input_as_from_a_file) {
  for (const std::string name : {"rows.csv", "rows.ndjson"}) {
    const std::string words = " --label y --prediction p --json";
    const auto file = sh(firebreak_ + " detect " + (folder_ / name) + words), piped = sh("cat " + (folder_ / name) + " | " + firebreak_ + " detect -" + words);
    ASSERT_EQ(piped.code, 0) << piped.out << piped.err;
    auto one = parse_json(file.out), other = parse_json(piped.out);
    ASSERT_TRUE(one && other);
    EXPECT_EQ(string_or(*other, "file"), "standard input");
    for (const char* const part : {"rows", "reference", "columns", "performance", "findings"}) EXPECT_EQ(one->at(part), other->at(part)) << part;
  }
  const auto forced = sh("cat " + (folder_ / "rows.csv") + " | " + firebreak_ + " detect - --format ndjson");
  EXPECT_EQ(forced.code, 2);
  EXPECT_NE((forced.out + forced.err).find("standard input, row 0: no JSON"), std::string::npos) << forced.out << forced.err;
}

TEST_F(Detect, refuses_what_cannot_be_piped_with_what_to_do) {
  const auto nothing = sh(firebreak_ + " detect - < /dev/null");
  EXPECT_NE(nothing.code, 0);
  EXPECT_NE((nothing.out + nothing.err).find("standard input is empty"), std::string::npos) << nothing.err;
  const auto packed = sh("printf '\\050\\265\\057\\375rest' | " + firebreak_ + " detect -");
  EXPECT_NE((packed.out + packed.err).find("zstd -dc"), std::string::npos) << packed.err;
}

TEST_F(Detect, says_in_words_what_it_assumed) {
  const auto said = sh(firebreak_ + " detect " + (folder_ / "rows.csv") + " --label y --prediction p");
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_NE(said.out.find("performance: binary (the labels are '0' and '1'"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("positive '1'; 900 labels joined, 300 more in the reference"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("error_rate: 0."), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("not watched: time (taken as a row's time; --time none"), std::string::npos) << said.out;
  const auto alone = sh(firebreak_ + " detect " + (folder_ / "rows.csv") + " --label y");
  EXPECT_NE(alone.out.find("performance: not watched: --label without --prediction or --score"), std::string::npos) << alone.out;
}

}  // namespace
}  // namespace firebreak
