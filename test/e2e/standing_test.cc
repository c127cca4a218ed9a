// An approval given in advance: what fits it comes into force at the gateway without anybody's further word; what does not, waits.
#include <gtest/gtest.h>

#include <thread>

#include "base/clock.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;

struct Place : Installation {
  Place() {
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(start_gateway());
    set_up();
  }
  Finished as(const std::string& who, std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--token"), token(who)}) words.push_back(word);
    return testing::run(words, folder() / "cli.err");
  }
  Json of(const std::string& path) {
    const auto answer = get(path);
    return answer ? *answer : Json(JsonObject{});
  }
  std::string state_of(const std::string& action, const std::string& wanted) {
    std::string state;
    for (int i = 0; i < 300 && state != wanted; ++i) {
      state = string_or(of("/api/v1/actions/" + action), "state");
      if (state != wanted) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return state;
  }
  std::string proposed(const std::string& who, double low) {
    const auto answer = command(who, "action.propose", JsonObject{{"endpoint", "scores"}, {"lease_s", 600}, {"measure", JsonObject{{"kind", "review"}, {"low", low}, {"high", 0.9}}}});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? string_or(*answer, "id") : "";
  }
  std::string readiness() {
    const Json answer = of("/api/v1/readiness?endpoint=scores");
    for (const Json& check : answer.at("items").at(0).at("checks").as_array())
      if (string_or(check, "name") == "standing") return string_or(check, "ready");
    return "";
  }
};

TEST(StandingApprovals, bring_what_fits_into_force_and_nothing_else) {
  Place place;
  EXPECT_EQ(place.readiness(), "not_applicable");
  const Finished asked = place.as("ana", {"standing", "propose", "scores", "review", "--max-lease", "1h", "--uses", "1", "--until", "+30d", "--reason", "nights", "--by", "ana", "--json"});
  ASSERT_EQ(asked.code, 0) << asked.out << asked.err;
  const std::string id = string_or(*parse_json(asked.out), "id");
  ASSERT_TRUE(id.starts_with("std-")) << asked.out;
  const std::string digest = string_or(place.of("/api/v1/standing-approvals/" + id), "digest");
  EXPECT_EQ(place.as("ana", {"standing", "approve", id, "--digest", digest}).code, 3);
  EXPECT_EQ(place.as("ben", {"standing", "approve", id, "--digest", std::string(64, '0')}).code, 3);
  const Finished status = place.as("ben", {"status"});
  EXPECT_NE(status.out.find("firebreak standing approve " + id), std::string::npos) << status.out;
  ASSERT_EQ(place.as("ben", {"standing", "approve", id, "--digest", digest}).code, 0);
  EXPECT_EQ(place.readiness(), "yes");

  const std::string first = place.proposed("ana", 0.1);
  EXPECT_EQ(place.state_of(first, "in_force"), "in_force");
  EXPECT_EQ(string_or(place.of("/api/v1/actions/" + first), "standing"), id);
  EXPECT_EQ(parse_json(place.score("later").body)->at("label"), "review") << "the gateway enforces it";
  const Finished told = place.as("ben", {"status"});
  EXPECT_NE(told.out.find(first + " came into force under " + id), std::string::npos) << told.out;
  const Json used = place.of("/api/v1/standing-approvals/" + id);
  EXPECT_EQ(string_or(used, "state"), "used_up");
  EXPECT_EQ(strings_or_empty(used, "actions"), std::vector<std::string>{first});
  EXPECT_EQ(place.readiness(), "no") << "used up, and none in its place";

  const std::string second = place.proposed("ana", 0.2);
  EXPECT_EQ(string_or(place.of("/api/v1/actions/" + second), "state"), "proposed") << "the only use is made";
  const Finished listed = place.as("ana", {"standing", "list"});
  EXPECT_NE(listed.out.find("used_up"), std::string::npos) << listed.out;
}

TEST(StandingApprovals, end_by_one_persons_word_and_when_roles_change) {
  Place place;
  const auto granted = [&](double uses) {
    const auto asked = place.command("ana", "standing.propose", JsonObject{{"endpoint", "scores"}, {"covers", "review"}, {"max_lease_s", 3'600}, {"uses", uses}, {"until", format_time(SystemClock().now() + 10 * kDay)}, {"reason", "nights"}});
    EXPECT_TRUE(asked) << asked.error().message;
    const std::string id = asked ? string_or(*asked, "id") : "";
    EXPECT_TRUE(place.command("ben", "standing.approve", JsonObject{{"standing", id}, {"digest", string_or(place.of("/api/v1/standing-approvals/" + id), "digest")}}));
    return id;
  };
  const std::string revoked = granted(2);
  ASSERT_EQ(place.as("ana", {"standing", "revoke", revoked, "--reason", "the nights are staffed"}).code, 0);
  EXPECT_EQ(string_or(place.of("/api/v1/actions/" + place.proposed("ana", 0.1)), "state"), "proposed");
  const std::string moved = granted(3);
  ASSERT_TRUE(place.command("admin", "user.roles", JsonObject{{"user", "ben"}, {"role", "viewer"}, {"reason", "left the team"}}));
  EXPECT_EQ(string_or(place.of("/api/v1/standing-approvals/" + moved), "state"), "void");
  EXPECT_EQ(string_or(place.of("/api/v1/actions/" + place.proposed("ana", 0.2)), "state"), "proposed");
  EXPECT_EQ(place.readiness(), "no");
  // Told the same after a restart.
  EXPECT_EQ(place.server().end(SIGKILL), 128 + SIGKILL);
  ASSERT_TRUE(place.start_server());
  EXPECT_EQ(string_or(place.of("/api/v1/standing-approvals/" + moved), "state"), "void");
  EXPECT_EQ(string_or(place.of("/api/v1/standing-approvals/" + revoked), "state"), "revoked");
}

}  // namespace
}  // namespace firebreak
