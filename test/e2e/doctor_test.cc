// firebreak doctor on a real installation: each red line is provoked, and where its own advice mends it, the line turns.
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;

struct Place : Installation {
  Place() { EXPECT_TRUE(start_server()); }
  Json doctor(const std::string& data_dir, const std::string& at, const std::string& config = {}) {
    std::vector<std::string> words{FIREBREAK_BINARY, "doctor", "--json", "--data", data_dir, "--url", at};
    if (!config.empty()) words.insert(words.end(), {"--config", config});
    const Finished finished = testing::run(words);
    code = finished.code;
    const auto parsed = parse_json(finished.out);
    EXPECT_TRUE(parsed) << finished.out;
    return parsed ? *parsed : Json(JsonArray{});
  }
  // The line that begins so; its state, and the advice.
  std::string state(const Json& lines, const std::string& begin) {
    for (const Json& line : lines.as_array())
      if (string_or(line, "what").starts_with(begin)) {
        advice = string_or(line, "mend");
        return string_or(line, "state");
      }
    return "absent";
  }
  std::string copy(const std::string& name) {
    std::filesystem::copy(data(), folder() / name, std::filesystem::copy_options::recursive);
    return folder() / name;
  }
  int code = -1;
  std::string advice;
};

TEST(Doctor, finds_nothing_red_in_a_sound_installation) {
  Place place;
  const Json lines = place.doctor(place.data(), place.url());
  EXPECT_EQ(place.code, 0) << canonical_json(lines);
  for (const char* line : {"data folder", "rights", "log journal", "disk", "server"}) EXPECT_EQ(place.state(lines, line), "ok") << line;
}

TEST(Doctor, turns_red_over_rights_and_green_by_its_own_advice) {
  Place place;
  const std::string data = place.copy("open");
  std::filesystem::permissions(data + "/keys/journal.key", static_cast<std::filesystem::perms>(0644));
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "rights"), "red");
  EXPECT_EQ(place.code, 1);
  ASSERT_EQ(std::system(place.advice.c_str()), 0) << place.advice;
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "rights"), "ok");
}

TEST(Doctor, names_a_folder_that_is_none_and_one_of_a_newer_format) {
  Place place;
  EXPECT_EQ(place.state(place.doctor(place.folder() / "absent", place.url()), "data folder"), "red");
  EXPECT_NE(place.advice.find("firebreak serve"), std::string::npos);
  const std::string data = place.copy("newer");
  Installation::write(data + "/FORMAT", "firebreak-data 9\n");
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "data folder"), "red");
  std::filesystem::remove(data + "/FORMAT");
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "data folder"), "red");
}

TEST(Doctor, misses_a_key_and_knows_a_foreign_one) {
  Place place, other;
  const std::string data = place.copy("keys");
  std::filesystem::remove(data + "/keys/journal.key");
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "log journal"), "red");
  EXPECT_NE(place.advice.find("key backup"), std::string::npos);
  std::filesystem::copy(other.data() + "/keys/journal.key", data + "/keys/journal.key");
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "log journal"), "red");
  std::filesystem::remove(data + "/keys/journal.key");
  std::filesystem::copy(place.data() + "/keys/journal.key", data + "/keys/journal.key");
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "log journal"), "ok");
}

TEST(Doctor, tells_a_foreign_program_on_the_port_from_nobody) {
  Place place;
  const auto foreign = net::HttpServer::start({}, [](net::Request, net::Responder responder) {
    net::Response response;
    response.status = 404;
    responder(std::move(response));
  });
  ASSERT_TRUE(foreign);
  EXPECT_EQ(place.state(place.doctor(place.data(), (*foreign)->url()), "server"), "red");
  const std::string nobody = "http://127.0.0.1:" + std::to_string(testing::Port());
  EXPECT_EQ(place.state(place.doctor(place.data(), nobody), "server"), "warn");
  EXPECT_NE(place.advice.find("firebreak serve --data"), std::string::npos);
}

TEST(Doctor, reaches_the_gateways_of_the_configuration) {
  Place place;
  const std::string config = place.folder() / "firebreak.yaml";
  EXPECT_EQ(place.state(place.doctor(place.data(), place.url(), config), "gateway gw-1"), "red");
  ASSERT_TRUE(place.start_gateway());
  EXPECT_EQ(place.state(place.doctor(place.data(), place.url(), config), "gateway gw-1"), "ok");
  const std::string data = place.copy("other-token");
  Installation::write(data + "/control.token", "another token, of 16 and more\n");
  EXPECT_EQ(place.state(place.doctor(data, place.url(), config), "gateway gw-1"), "red");
  EXPECT_NE(place.advice.find("same token"), std::string::npos);
  Installation::write(place.folder() / "broken.yaml", "endpoint: []\n");
  EXPECT_EQ(place.state(place.doctor(place.data(), place.url(), place.folder() / "broken.yaml"), "configuration"), "red");
}

}  // namespace
}  // namespace firebreak
