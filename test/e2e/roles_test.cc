// Who may do what, through the real program: presets, several roles, second persons, break-glass, codes, keys, need-to-know.
#include <gtest/gtest.h>
#include <signal.h>

#include "log/vault/totp.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::run;

struct Place : Installation {
  explicit Place(const std::string& preset) : Installation("fed") {
    launch_server({"--preset", preset});
    EXPECT_TRUE(server().ready());
    for (const auto& [who, roles] : {std::pair("ana", "analyst"), std::pair("ben", "approver"), std::pair("cat", "approver"), std::pair("kim", "commander,analyst")}) {
      EXPECT_EQ(as("admin", {"user", "add", who, "--role", roles}).code, 0);
      EXPECT_TRUE(command("admin", "token.add", JsonObject{{"user", who}, {"token_hash", sha256(token(who)).hex()}}));
    }
  }
  Finished as(const std::string& who, std::vector<std::string> words) { return with(token(who), std::move(words)); }
  Finished with(const std::string& secret, std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--token"), secret}) words.push_back(word);
    return run(words, folder() / "cli.err");
  }
  std::string incident() {
    EXPECT_TRUE(put("/api/v1/endpoints/scores", JsonObject{{"name", "scores"}, {"features", JsonObject{{"numeric", JsonArray{"x"}}, {"categorical", JsonArray{}}}}}));
    const auto opened = command("kim", "incident.declare", JsonObject{{"endpoint", "scores"}, {"title", "Insider-Otto"}, {"severity", "SEV-3"}});
    EXPECT_TRUE(opened) << opened.error().message;
    settle();
    return opened ? string_or(*opened, "id") : "";
  }
  // The views have all that was written so far.
  void settle() {
    const auto journal = get("/api/v1/journal?limit=1");
    ASSERT_TRUE(journal) << journal.error().message;
    EXPECT_TRUE(get("/api/v1/status?min_index=" + std::to_string(int_or(*journal, "size") - 1)));
  }
  void feed(std::int64_t us) {
    const auto clock = get("/api/v1/clock");
    const Time now = *get_time(*clock, "time");
    EXPECT_TRUE(post("/api/v1/clock", canonical_json(JsonObject{{"to", format_time(now + us)}}), "application/json", "admin"));
  }
};

TEST(Roles, a_command_waits_for_a_second_person_and_survives_a_restart) {
  Place place("team");
  const std::string incident = place.incident();
  const Finished asked = place.as("ana", {"incident", "severity", incident, "SEV-1", "--reason", "it spreads"});
  EXPECT_EQ(asked.code, 0) << asked.err;
  EXPECT_NE(asked.out.find("command_requested"), std::string::npos) << asked.out;
  place.server().end(SIGKILL);
  ASSERT_TRUE(place.start_server()) << "without --preset: as it was";
  const Json waiting = place.get("/api/v1/requests", "kim")->at("items").as_array().at(0);
  const std::string id = string_or(waiting, "id"), digest = string_or(waiting, "digest");
  EXPECT_NE(place.as("kim", {"status"}).out.find("firebreak request approve " + id + " --digest " + digest), std::string::npos);
  EXPECT_EQ(place.as("ana", {"request", "approve", id, "--digest", digest}).code, 3);
  EXPECT_EQ(place.as("kim", {"request", "approve", id, "--digest", std::string(64, '0')}).code, 3);
  EXPECT_EQ(place.as("kim", {"request", "approve", id, "--digest", digest}).code, 0);
  place.settle();
  EXPECT_EQ(string_or(*place.get("/api/v1/incidents/" + incident), "severity"), "SEV-1");
  EXPECT_EQ(place.as("kim", {"request", "list"}).out, "nothing waits for a second person\n");
}

TEST(Roles, the_preset_is_chosen_once_and_shown) {
  Place place("team");
  const Finished shown = place.as("ana", {"access", "show"});
  EXPECT_NE(shown.out.find("preset team"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("fraud_analyst"), std::string::npos) << shown.out;
  EXPECT_EQ(place.as("ana", {"access", "preset", "solo", "--reason", "r"}).code, 3);
  EXPECT_EQ(place.as("ana", {"user", "list"}).code, 3);
  EXPECT_NE(place.as("admin", {"user", "list"}).out.find("analyst commander"), std::string::npos);
  place.server().end(SIGTERM);
  place.launch_server({"--preset", "solo"});
  EXPECT_FALSE(place.server().ready()) << "another preset than is in force";
}

TEST(Roles, break_glass_is_marked_and_calls_for_its_review) {
  Place place("team");
  EXPECT_EQ(place.as("admin", {"break-glass", "--reason", "r"}).code, 3);
  const Finished opened = place.as("ben", {"break-glass", "--reason", "nobody answers"});
  EXPECT_EQ(opened.code, 0) << opened.err;
  const std::string id = opened.out.substr(opened.out.rfind("bg-"), opened.out.size() - opened.out.rfind("bg-") - 1);
  EXPECT_EQ(place.as("ben", {"freeze", "--reason", "stop"}).code, 0);
  EXPECT_NE(canonical_json(*place.get("/api/v1/journal?limit=1000")).find("\"break_glass\":\"" + id + "\""), std::string::npos);
  EXPECT_NE(place.as("kim", {"status"}).out.find("review what user:ben did alone"), std::string::npos);
  place.feed(25 * kHour);
  EXPECT_NE(place.as("kim", {"status"}).out.find("OVERDUE: review what user:ben did alone"), std::string::npos);
  EXPECT_NE(place.as("kim", {"break-glass"}).out.find("nobody answers"), std::string::npos);
  EXPECT_EQ(place.as("ben", {"break-glass", "--review", id, "--verdict", "justified", "--text", "mine"}).code, 3);
  EXPECT_EQ(place.as("cat", {"break-glass", "--review", id, "--verdict", "justified", "--text", "the phone was dead"}).code, 0);
  EXPECT_EQ(place.as("kim", {"status"}).out.find("OVERDUE"), std::string::npos);
}

TEST(Roles, codes_and_keys_outlive_a_restart) {
  Place place("team");
  place.feed(20'000 * kDay);  // a fed clock begins in 1970
  const Finished key = place.as("ana", {"key", "add", "ci", "--scope", "timeline,evidence", "--days", "7", "--json"});
  ASSERT_EQ(key.code, 0) << key.err;
  const std::string secret = string_or(*parse_json(key.out), "key");
  const Finished enrolled = place.as("ben", {"mfa", "enroll", "--json"});
  ASSERT_EQ(enrolled.code, 0) << enrolled.err;
  std::string octets;  // base32 back, as an authenticator does
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : string_or(*parse_json(enrolled.out), "secret")) {
    bits = (bits << 5) | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
    if ((have += 5) >= 8) octets += static_cast<char>(bits >> (have -= 8));
  }
  const auto code = [&] { return vault::totp(octets, get_time(*place.get("/api/v1/clock"), "time")->us / vault::kStep); };
  EXPECT_EQ(place.as("ben", {"mfa", "confirm", code()}).code, 0);
  place.server().end(SIGKILL);
  ASSERT_TRUE(place.start_server());
  EXPECT_EQ(place.with(secret, {"freeze", "--reason", "r"}).code, 3);
  EXPECT_EQ(place.with(secret, {"change", "add", "--kind", "deploy", "--to", "+2h", "--reason", "r"}).code, 0);
  const std::vector<std::string> approve{"action", "approve", "act-9", "--digest", std::string(64, '0')};
  const Finished without = place.as("ben", approve);
  EXPECT_EQ(without.code, 3);
  EXPECT_NE(without.err.find("one-time code"), std::string::npos) << without.err;
  auto again = approve;
  again.insert(again.end(), {"--code", code()});
  EXPECT_NE(place.as("ben", again).err.find("used already"), std::string::npos) << "it confirmed the secret before the restart";
  place.feed(vault::kStep);
  auto fresh = approve;
  fresh.insert(fresh.end(), {"--code", code()});
  EXPECT_NE(place.as("ben", fresh).err.find("there is no action"), std::string::npos) << "past the code";
  EXPECT_EQ(place.as("ana", {"key", "list"}).out.find(secret), std::string::npos);
}

TEST(Roles, an_incident_does_not_exist_for_whom_it_is_kept_from) {
  Place place("team");
  const std::string incident = place.incident();
  EXPECT_EQ(place.as("ana", {"incident", "show", incident}).code, 0);
  EXPECT_EQ(place.as("kim", {"incident", "exclude", incident, "ana", "--reason", "it is about ana"}).code, 0);
  EXPECT_EQ(place.as("ana", {"incident", "show", incident}).code, 1);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"incident", "list"}, {"status"}, {"report", incident}, {"finding", "list"}, {"action", "list"}}) {
    const Finished shown = place.as("ana", words);
    EXPECT_EQ(shown.out.find("Insider-Otto"), std::string::npos) << words[0];
    EXPECT_EQ(shown.out.find(incident), std::string::npos) << words[0];
  }
  EXPECT_EQ(place.as("ana", {"incident", "ack", incident}).code, 1);
  EXPECT_EQ(place.as("kim", {"incident", "show", incident}).code, 0);
}

}  // namespace
}  // namespace firebreak
