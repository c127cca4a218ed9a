// A person is erased from a running server: who looks into every file of the data folder afterwards finds nothing of them,
// everybody else is there, the proofs hold; a legal hold keeps it all from happening until two people lift it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "log/record/record.h"
#include "support/installation.h"
#include "types/free_text.h"

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

// What a person typed, wherever it went.
struct Typed : Place {
  std::string incident;
  Typed() {
    EXPECT_TRUE(put("/api/v1/endpoints/scores", JsonObject{{"name", "scores"}, {"mode", "tap"}}));
    const auto opened = command("ana", "incident.declare",
                                JsonObject{{"endpoint", "scores"}, {"title", "Wanda-Title complains"}, {"severity", "SEV-3"}});
    EXPECT_TRUE(opened) << opened.error().message;
    incident = opened ? string_or(*opened, "id") : "";
    EXPECT_TRUE(command("ana", "incident.note", JsonObject{{"incident", incident}, {"text", "Wanda-Note called"}}));
    EXPECT_TRUE(command("ana", "incident.phase", JsonObject{{"incident", incident}, {"to", "containment"}, {"reason", "Wanda-Phase says"}}));
    EXPECT_TRUE(command("ana", "freeze", JsonObject{{"reason", "Wanda-Freeze is in danger"}}));
    EXPECT_FALSE(command("ana", "incident.close", JsonObject{{"incident", incident}, {"summary", "Wanda-Refused"}, {"residual_risk", "none"}}));
  }
  std::string answer(const std::string& path) {
    const auto document = get(path);
    EXPECT_TRUE(document) << document.error().message;
    return document ? canonical_json(*document) : "";
  }
  std::string shown() {
    views_are_ready();
    return answer("/api/v1/incidents/" + incident) + answer("/api/v1/status");
  }
  void views_are_ready() {
    const auto size = int_or(*get("/api/v1/journal?limit=1"), "size");
    EXPECT_TRUE(get("/api/v1/status?min_index=" + std::to_string(size - 1)));
  }
  std::string report() { return canonical_json(*post("/api/v1/reports", canonical_json(JsonObject{{"incident", incident}}), "application/json", "admin")); }
  std::vector<std::string> references_to(const std::string& word) {
    std::vector<std::string> found;
    const auto page = get("/api/v1/journal?limit=1000");
    for (const auto& member : page->at("texts").as_object())
      if (std::string_view(member.value().as_string()).find(word) != std::string_view::npos) found.emplace_back(member.key());
    return found;
  }
  // Files with the word outside the folder where texts wait to be erased, and the views, whose index of words forgets them with it.
  std::vector<std::string> beyond_texts(const std::string& word) {
    auto files = files_with(word);
    std::erase_if(files, [&](const std::string& file) { return file.starts_with(data() + "/texts/") || file.starts_with(data() + "/views.sqlite"); });
    return files;
  }
  int firebreak(std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    return Process(words).wait();
  }
};

TEST(TypedText, is_shown_and_stands_in_no_file_of_the_journal_and_erased_in_none_at_all) {
  Typed place;
  const std::string shown = place.shown(), report = place.report();
  for (const char* word : {"Wanda-Title", "Wanda-Note", "Wanda-Phase"}) {
    EXPECT_NE(shown.find(word), std::string::npos) << word;
    EXPECT_NE(report.find(word), std::string::npos) << word;
  }
  EXPECT_NE(shown.find("Wanda-Freeze"), std::string::npos);
  EXPECT_EQ(place.beyond_texts("Wanda"), std::vector<std::string>{});
  auto held = place.files_with("Wanda");
  std::erase_if(held, [&](const std::string& file) { return !file.starts_with(place.data() + "/texts/"); });
  EXPECT_EQ(held.size(), 5U);
  place.restart();  // snapshots and views from the disk
  EXPECT_EQ(place.beyond_texts("Wanda"), std::vector<std::string>{});

  const auto listed = testing::run({FIREBREAK_BINARY, "texts", "--containing", "Wanda-N", "--url", place.url(), "--token", place.token("ana")}, place.folder() / "texts.err");
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_NE(listed.out.find(place.references_to("Wanda-Note").at(0)), std::string::npos) << listed.out;
  EXPECT_NE(listed.out.find("Wanda-Note called"), std::string::npos) << listed.out;
  EXPECT_EQ(listed.out.find("Wanda-Phase"), std::string::npos) << listed.out;
  EXPECT_EQ(place.firebreak({"erase", "--reason", "r", "--url", place.url(), "--token", place.token("admin")}), 2) << "whom or what?";

  for (const char* word : {"Wanda-Title", "Wanda-Note", "Wanda-Refused"}) {
    const auto references = place.references_to(word);
    ASSERT_EQ(references.size(), 1U) << word;
    EXPECT_EQ(place.firebreak({"erase", "--text", references[0], "--reason", "request 4711", "--url", place.url(), "--token", place.token("admin")}), 0);
  }
  for (int round = 0; round < 2; ++round) {
    for (const char* word : {"Wanda-Title", "Wanda-Note", "Wanda-Refused"}) EXPECT_EQ(place.files_with(word), std::vector<std::string>{}) << word;
    EXPECT_NE(place.shown().find("[erased]"), std::string::npos);
    EXPECT_EQ(place.shown().find("Wanda-Note"), std::string::npos);
    EXPECT_NE(place.shown().find("Wanda-Phase"), std::string::npos);
    const auto made = place.post("/api/v1/reports", canonical_json(JsonObject{{"incident", place.incident}}), "application/json", "admin");
    const Json& replay = made->at("report").at("replay");
    EXPECT_EQ(string_or(replay, "digest_before"), string_or(replay, "digest_after")) << canonical_json(replay);
    EXPECT_EQ(place.firebreak({"ledger", "verify", "--data", place.data()}), 0);
    if (round == 0) place.restart();
  }
  const auto again = place.send("/api/v1/erasures", canonical_json(JsonObject{{"text", text_reference(sha256("never"))}, {"reason", "r"}}));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kNotFound);
}

TEST(TypedText, is_erased_by_an_admin_alone_and_not_while_a_hold_covers_everybody) {
  Typed place;
  const auto references = place.references_to("Wanda-Note");
  ASSERT_EQ(references.size(), 1U);
  const std::string body = canonical_json(JsonObject{{"text", references[0]}, {"reason", "request 4711"}});
  EXPECT_FALSE(place.send("/api/v1/erasures", body, "ana"));
  const auto hold = place.send("/api/v1/holds", R"({"reason":"Wanda-Hold"})", "ana");
  ASSERT_TRUE(hold);
  EXPECT_NE(place.open_things().find("Wanda-Hold"), std::string::npos);
  const auto refused = place.send("/api/v1/erasures", body);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_NE(place.shown().find("Wanda-Note"), std::string::npos);
  const Json lift = JsonObject{{"hold", string_or(*hold, "id")}, {"reason", "settled"}};
  EXPECT_TRUE(place.command("ana", "hold.lift", lift));
  EXPECT_TRUE(place.command("ben", "hold.lift", lift));
  EXPECT_TRUE(place.send("/api/v1/erasures", body));
  EXPECT_EQ(place.files_with("Wanda-Note"), std::vector<std::string>{});
}

TEST(TypedText, of_who_holds_the_clock_is_kept_like_that_of_a_command) {
  Place place("fed");
  ASSERT_TRUE(place.send("/api/v1/clock", R"({"rate":0,"reason":"Wanda-Clock looks at it"})"));
  EXPECT_EQ(place.files_with("Wanda-Clock").size(), 1U);
  for (int round = 0; round < 2; ++round) {
    const auto clock = place.get("/api/v1/clock");
    ASSERT_TRUE(clock);
    EXPECT_EQ(string_or(*clock, "reason"), "Wanda-Clock looks at it");
    if (round == 0) place.restart();
  }
}

TEST(TypedText, goes_into_the_bundle_of_its_incident_until_it_is_erased) {
  Typed place;
  EXPECT_TRUE(place.command("ana", "evidence.capture", JsonObject{{"incident", place.incident}, {"items", JsonArray{"inferences"}}}));
  while (place.answer("/api/v1/evidence").find("\"ev-") == std::string::npos) std::this_thread::yield();
  const auto bundle = [&](const std::string& name) {
    const std::string dir = place.folder() / name;
    EXPECT_EQ(place.server().end(SIGTERM), 0);  // the last checkpoints have everything
    EXPECT_EQ(place.firebreak({"evidence", "export", place.incident, "--data", place.data(), "--out", dir}), 0);
    EXPECT_TRUE(place.start_server());
    const auto checked = testing::run({FIREBREAK_BINARY, "evidence", "verify", dir}, place.folder() / (name + ".err"));
    EXPECT_EQ(checked.code, 0) << checked.out;
    std::string all;
    if (std::filesystem::exists(dir + "/texts"))
      for (const auto& file : std::filesystem::directory_iterator(dir + "/texts")) {
        std::ifstream in(file.path(), std::ios::binary);
        all += std::string(std::istreambuf_iterator<char>(in), {});
      }
    return all;
  };
  const std::string before = bundle("before");
  EXPECT_NE(before.find("Wanda-Note"), std::string::npos);
  EXPECT_EQ(before.find("Wanda-Freeze"), std::string::npos) << "of no incident";
  for (const std::string& reference : place.references_to("Wanda-Note"))
    EXPECT_TRUE(place.send("/api/v1/erasures", canonical_json(JsonObject{{"text", reference}, {"reason", "request 4711"}})));
  const std::string after = bundle("after");
  EXPECT_EQ(after.find("Wanda-Note"), std::string::npos);
  EXPECT_NE(after.find("Wanda-Phase"), std::string::npos);
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
