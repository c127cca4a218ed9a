#include "run/drill/synthetic.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "run/drill/drill_reader.h"

namespace firebreak::drill {
namespace {

const Time kStart{1'780'970'400 * kSecond};

Json described() {
  return *parse_json(R"({"seed":11,"per_hour":600,"callers":5,"features":{"age":{"mean":300,"spread":50},"client":{"web":0.7,"app":0.3}},"answers":{"keep":0.9,"drop":0.1},
    "faults":[{"from":"2026-06-09T03:00:00Z","to":"2026-06-09T04:00:00Z","caller":"svc-train","per_hour":1200,"features":{"age":{"mean":2,"spread":1}}},
              {"from":"2026-06-09T03:30:00Z","to":"2026-06-09T05:00:00Z","model":"9.9.9","answers":{"drop":1}}]})");
}

Synthetic made() {
  const Json document = described();
  auto read = read_synthetic(Reader(document, "/synthetic"));
  EXPECT_TRUE(read) << read.error().message << read.error().pointer;
  return read ? *read : Synthetic{};
}

TEST(Synthetic, gives_the_same_records_for_the_same_seed_and_others_for_another) {
  const auto text = [](const std::vector<Event>& events) {
    std::string out;
    for (const Event& one : events) out += format_time(one.time) + one.id + one.caller + one.features + one.label + one.score + one.model + "\n";
    return out;
  };
  Synthetic stream = made();
  const auto once = synthesize(stream, "ratings", kStart, kStart + 4 * kHour);
  EXPECT_EQ(text(once), text(synthesize(stream, "ratings", kStart, kStart + 4 * kHour)));
  EXPECT_EQ(synthetic_rows(stream, 50, 1), synthetic_rows(stream, 50, 1));
  EXPECT_NE(synthetic_rows(stream, 50, 1), synthetic_rows(stream, 50, 2));
  stream.seed = 12;
  EXPECT_NE(text(once), text(synthesize(stream, "ratings", kStart, kStart + 4 * kHour)));
}

TEST(Synthetic, plays_its_faults_from_their_beginning_to_their_end) {
  const auto events = synthesize(made(), "ratings", *parse_time("2026-06-09T02:00:00Z"), *parse_time("2026-06-09T06:00:00Z"));
  EXPECT_TRUE(std::is_sorted(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.time < b.time; }));
  std::size_t flood = 0, honest = 0, tampered = 0;
  for (const Event& one : events) {
    const bool hour = one.time >= *parse_time("2026-06-09T03:00:00Z") && one.time < *parse_time("2026-06-09T04:00:00Z");
    if (one.caller == "svc-train") {
      EXPECT_TRUE(hour) << format_time(one.time);
      EXPECT_LT(number_or(*parse_json(one.features), "age"), 20) << one.features;
      ++flood;
    } else {
      ++honest;
    }
    const bool other = one.time >= *parse_time("2026-06-09T03:30:00Z") && one.time < *parse_time("2026-06-09T05:00:00Z");
    EXPECT_EQ(one.model, other ? "9.9.9" : "");
    EXPECT_TRUE(!other || one.label == "drop") << one.label;
    tampered += other;
  }
  EXPECT_NEAR(static_cast<double>(flood), 1'200, 150);
  EXPECT_NEAR(static_cast<double>(honest), 2'400, 200);
  EXPECT_GT(tampered, 1'000U);
}

TEST(Synthetic, refuses_what_is_wrong_where_it_is_wrong) {
  const auto refused = [](const char* place, Json value) {
    Json document = described();
    boost::system::error_code none;
    const std::string at(place);
    Json* const parent = at.rfind('/') == 0 ? &document : document.find_pointer(at.substr(0, at.rfind('/')), none);
    parent->as_object()[at.substr(at.rfind('/') + 1)] = std::move(value);
    const auto read = read_synthetic(Reader(document, ""));
    return read ? std::string("taken") : read.error().pointer;
  };
  EXPECT_EQ(refused("/seed", -1), "/seed");
  EXPECT_EQ(refused("/per_hour", 0), "/per_hour");
  EXPECT_EQ(refused("/callers", 0), "/callers");
  EXPECT_EQ(refused("/answers", JsonObject{{"keep", 0.5}}), "/answers");
  EXPECT_EQ(refused("/features", JsonObject{}), "/features");
  EXPECT_EQ(refused("/features/client", JsonObject{{"we\"b", 1}}), "/features/client/we\"b");
  EXPECT_EQ(refused("/faults/0/to", "2026-06-09T02:00:00Z"), "/faults/0/to");
  EXPECT_EQ(refused("/faults/0/features", JsonObject{{"colour", JsonObject{{"mean", 1}, {"spread", 1}}}}), "/faults/0/features/colour");
  EXPECT_EQ(refused("/faults/1/caller", "svc-train"), "/faults/1/caller");
  EXPECT_EQ(refused("/luck", 1), "/luck");
}

}  // namespace
}  // namespace firebreak::drill
