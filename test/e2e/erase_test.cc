// A person is erased from a running server: who looks into every file of the data folder afterwards finds nothing of them,
// everybody else is there, the proofs hold; a legal hold keeps it all from happening until two people lift it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "log/record/record.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;
using testing::Process;

struct Place : Installation {
  explicit Place(const std::string& clock = "system") : Installation(clock) {
    EXPECT_TRUE(start_server());
    for (const auto& [who, role] : {std::pair("ana", "analyst"), std::pair("ben", "approver")}) {
      EXPECT_TRUE(command("admin", "user.add", JsonObject{{"user", who}, {"role", role}}));
      EXPECT_TRUE(command("admin", "token.add",
                          JsonObject{{"user", who}, {"token_hash", sha256(std::string(who) + "-token-for-tests").hex()}}));
    }
    EXPECT_TRUE(put("/api/v1/streams/clinic", *parse_json(R"({"kinds":["inference","label"],"subject":"patient"})")));
  }

  Result<Json> send(const std::string& path, const std::string& body, const std::string& who = "admin") {
    return post(path, body, "application/json", who);
  }
  void restart() {
    EXPECT_EQ(server().end(SIGTERM), 0);
    ASSERT_TRUE(start_server());
  }

  void record(const std::string& person, int count) {
    std::string lines;
    for (int i = 0; i < count; ++i)
      lines += R"({"id":")" + person + "-" + std::to_string(i) + R"(","time":"2026-11-20T10:00:00Z","patient":")" + person +
               R"(","features":{"patient":")" + person + R"(","diagnosis":")" + person + "-has-a-rare-disease-" +
               std::to_string(i) + "\"}}\n";
    EXPECT_TRUE(post("/api/v1/streams/clinic/records", lines, "application/x-ndjson", "admin"));
  }

  // How often each record of the person can be read.
  int readable(const std::string& person) {
    const auto page = get("/api/v1/streams/clinic/records?from=0&limit=5000");
    EXPECT_TRUE(page) << page.error().message;
    int count = 0;
    for (const Json& item : page->at("items").as_array())
      if (canonical_json(item).find(person + "-has-a-rare-disease") != std::string::npos) ++count;
    return count;
  }

  std::string open_things() { return canonical_json(get("/api/v1/erasures").value()); }
  void wait_until_none_is_open() {
    while (!get("/api/v1/erasures")->at("erasures").as_array().empty()) std::this_thread::yield();
    while (!std::filesystem::is_empty(data() + "/erasures")) std::this_thread::yield();  // the name itself goes last
  }

  // Files of the data folder that hold the text.
  std::vector<std::string> files_with(const std::string& text) {
    std::vector<std::string> found;
    for (const auto& file : std::filesystem::recursive_directory_iterator(data())) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      std::ostringstream content;
      content << in.rdbuf();
      if (content.str().find(text) != std::string::npos) found.push_back(file.path().string());
    }
    return found;
  }
};

TEST(Erasure, leaves_nothing_of_the_person_in_any_file_and_everything_of_the_others) {
  Place place;
  place.record("erika-m", 20);
  place.record("otto-n", 20);
  EXPECT_EQ(place.readable("erika-m"), 20);
  const auto asked = place.send("/api/v1/erasures", R"({"subject":"erika-m","reason":"request 4711"})");
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(string_or(*asked, "state"), "ordered");
  place.wait_until_none_is_open();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(place.readable("erika-m"), 0);
    EXPECT_EQ(place.readable("otto-n"), 20);
    EXPECT_EQ(place.files_with("erika-m"), std::vector<std::string>{});
    EXPECT_EQ(Process({FIREBREAK_BINARY, "ledger", "verify", "--data", place.data()}).wait(), 0);
    if (round == 0) place.restart();
  }
}

// The status tells the whole story, in each state, to the API and to a person.
TEST(Erasure, says_who_asked_why_and_how_far_it_is) {
  Place place;
  place.record("erika-m", 5);
  const std::string hold = string_or(*place.send("/api/v1/holds", R"({"subject":"erika-m","reason":"case 7"})", "ana"), "id");
  const std::string id = string_or(*place.send("/api/v1/erasures", R"({"subject":"erika-m","reason":"request 4711"})"), "id");
  const auto status = [&] { return place.get("/api/v1/erasures/" + id).value(); };
  const auto printed = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{FIREBREAK_BINARY, "erase", "status", "--url", place.url(), "--data", place.data()};
    words.insert(words.end(), more.begin(), more.end());
    return testing::run(words, place.folder() / "cli.err");
  };
  EXPECT_EQ(string_or(status(), "state"), "waiting");
  EXPECT_EQ(strings_or_empty(status(), "held_by"), std::vector<std::string>{hold});
  EXPECT_NE(printed({id}).out.find("waits for  " + hold), std::string::npos);
  const Json lift = JsonObject{{"hold", hold}, {"reason", "settled"}};
  EXPECT_TRUE(place.command("ana", "hold.lift", lift));
  EXPECT_TRUE(place.command("ben", "hold.lift", lift));
  while (status().as_object().if_contains("detectors_entry") == nullptr) std::this_thread::yield();
  for (int round = 0; round < 2; ++round) {
    const Json done = status();
    EXPECT_EQ(string_or(done, "state"), "done");
    EXPECT_EQ(string_or(done, "by"), "user:admin");
    EXPECT_EQ(string_or(done, "reason"), "request 4711");
    EXPECT_EQ(int_or(done, "records"), 5);
    EXPECT_EQ(int_or(done, "archive_parts_waiting", -1), 0);
    EXPECT_EQ(string_or(done, "detectors"), "forgotten");
    EXPECT_FALSE(string_or(done, "subject_hash").empty());
    const auto text = printed({});
    EXPECT_EQ(text.code, 0);
    EXPECT_NE(text.out.find(id + "  done"), std::string::npos) << text.out;
    EXPECT_EQ(text.out.find("erika"), std::string::npos);
    if (round == 0) place.restart();
  }
  EXPECT_EQ(printed({"era-999999"}).code, 1);
  EXPECT_EQ(testing::run({FIREBREAK_BINARY, "erase", "--subject", "x"}, place.folder() / "cli.err").code, 2);
}

// An endpoint that runs detectors over a baseline of its own first records: they, the baseline and its blob forget.
TEST(Erasure, is_forgotten_by_running_detectors_and_their_baseline) {
  Place place;
  ASSERT_EQ(testing::run({FIREBREAK_BINARY, "onboard", "shop", "--url", place.url(), "--data", place.data()}, place.folder() / "cli.err").code, 0);
  std::string text;
  for (int i = 0; i < 700; ++i)
    text += canonical_json(JsonObject{{"id", "n" + std::to_string(i)}, {"time", format_time(Time{1'772'000'000'000'000 + i * 30 * kSecond})},
                                      {"caller", i < 100 ? "erika-m" : "otto-n"},
                                      {"features", JsonObject{{"age", 20 + i % 50}, {"sex", i < 100 ? "erika-m-only" : "m"}}},
                                      {"label", "approve"}, {"score", 0.25}}) + "\n";
  Installation::write(place.folder() / "shop.log", text);
  ASSERT_EQ(testing::run({FIREBREAK_BINARY, "ingest", "--endpoint", "shop", place.folder() / "shop.log", "--url", place.url(), "--data", place.data()}, place.folder() / "cli.err").code, 0);
  while (place.files_with("erika-m-only").empty()) std::this_thread::yield();  // the baseline has her value
  const std::string id = string_or(*place.send("/api/v1/erasures", R"({"subject":"erika-m","reason":"request 4711"})"), "id");
  while (place.get("/api/v1/erasures/" + id).value().as_object().if_contains("detectors_entry") == nullptr) std::this_thread::yield();
  EXPECT_EQ(place.files_with("erika-m-only"), std::vector<std::string>{});
  place.restart();
  EXPECT_EQ(place.files_with("erika-m-only"), std::vector<std::string>{});
}

TEST(Erasure, waits_for_a_legal_hold_that_two_people_must_lift) {
  Place place;
  place.record("erika-m", 5);
  const auto hold = place.send("/api/v1/holds", R"({"subject":"erika-m","reason":"case 7"})", "ana");
  ASSERT_TRUE(hold) << hold.error().message;
  const std::string id = string_or(*hold, "id");
  const auto asked = place.send("/api/v1/erasures", R"({"subject":"erika-m","reason":"request 4711"})");
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(string_or(*asked, "state"), "waiting");
  EXPECT_NE(place.open_things().find(id), std::string::npos);
  place.restart();
  EXPECT_EQ(place.readable("erika-m"), 5) << "a start erases nothing that is held";
  const Json lift = JsonObject{{"hold", id}, {"reason", "settled"}};
  EXPECT_TRUE(place.command("ana", "hold.lift", lift));
  EXPECT_FALSE(place.command("ana", "hold.lift", lift)) << "not the same person twice";
  EXPECT_EQ(place.readable("erika-m"), 5);
  EXPECT_TRUE(place.command("ben", "hold.lift", lift));
  place.wait_until_none_is_open();
  EXPECT_EQ(place.readable("erika-m"), 0);
  EXPECT_EQ(place.files_with("erika-m"), std::vector<std::string>{});
}

TEST(Erasure, is_refused_to_who_may_not_and_leaves_no_name_behind) {
  Place place;
  EXPECT_FALSE(place.send("/api/v1/erasures", R"({"subject":"erika-m","reason":"r"})", "ana"));
  EXPECT_FALSE(place.send("/api/v1/erasures", R"({"subject":"erika-m","reason":""})"));
  EXPECT_FALSE(place.send("/api/v1/erasures", R"({"subject":"","reason":"r"})"));
  EXPECT_FALSE(place.send("/api/v1/erasures", R"({"subject":"erika-m","reason":"r","streams":["nowhere"]})"));
  EXPECT_EQ(place.files_with("erika-m"), std::vector<std::string>{});
}

TEST(Retention, takes_what_is_past_its_days_but_for_who_is_held_and_says_so) {
  Place place("fed");
  const auto clock = [&](const std::string& time) {
    ASSERT_TRUE(place.send("/api/v1/clock", R"({"to":")" + time + R"("})"));
  };
  clock("2026-11-20T10:00:00Z");
  ASSERT_TRUE(place.put("/api/v1/streams/clinic",
                        *parse_json(R"({"kinds":["inference","label"],"subject":"patient","purpose":"care","retention_days":30})")));
  place.record("erika-m", 7);
  place.record("otto-n", 5);
  ASSERT_TRUE(place.send("/api/v1/holds", R"({"subject":"otto-n","reason":"case 7"})", "ana"));
  const auto gone = [&] {
    const auto all = place.get("/api/v1/retention");
    EXPECT_TRUE(all) << all.error().message;
    for (const Json& one : all->at("streams").as_array())
      if (string_or(one, "stream") == "clinic") return int_or(one, "records", 0);
    return std::int64_t{-1};
  };
  clock("2026-11-28T10:00:00Z");  // the epoch ends at a sweep of its own
  clock("2026-12-02T10:00:00Z");
  EXPECT_EQ(gone(), 0);
  clock("2026-12-30T10:00:00Z");
  while (gone() < 7) std::this_thread::yield();
  EXPECT_EQ(place.readable("erika-m"), 0);
  EXPECT_EQ(place.readable("otto-n"), 5);
  place.restart();
  EXPECT_EQ(gone(), 7);
  EXPECT_EQ(place.readable("otto-n"), 5);
  EXPECT_EQ(Process({FIREBREAK_BINARY, "ledger", "verify", "--data", place.data()}).wait(), 0);
  EXPECT_FALSE(place.put("/api/v1/streams/clinic", *parse_json(R"({"kinds":["inference"],"retention_days":-1})")));
}

}  // namespace
}  // namespace firebreak
