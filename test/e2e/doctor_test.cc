// firebreak doctor on a real installation: each red line is provoked, and where its own advice mends it, the
// line turns.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;

struct Place : Installation {
  explicit Place(const std::string& clock = "system") : Installation(clock) { EXPECT_TRUE(start_server()); }
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

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Doctor, finds_nothing_red_in_a_sound_installation) {
  Place place;
  const Json lines = place.doctor(place.data(), place.url());
  EXPECT_EQ(place.code, 0) << canonical_json(lines);
  for (const char* line : {"data folder", "rights", "log journal", "disk", "server"})
    EXPECT_EQ(place.state(lines, line), "ok") << line;
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

TEST(Doctor, finds_a_damaged_end_of_a_log_and_is_content_with_the_backup) {
  Place place;
  ASSERT_EQ(place.server().end(SIGTERM), 0);  // the end is signed
  const std::string data = place.copy("damaged"), segment = data + "/logs/journal/000001.seg";
  std::string octets = read(segment);
  octets[octets.rfind("server_started")] ^= 1;
  Installation::write(segment, octets);
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "log journal: its end is damaged: 000001.seg"),
            "red");
  EXPECT_EQ(place.code, 1);
  EXPECT_NE(place.advice.find("firebreak ledger verify --data " + data + " --log journal"), std::string::npos)
      << place.advice;
  std::filesystem::copy(place.data() + "/logs/journal/000001.seg", segment,
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "log journal"), "ok");
}

TEST(Doctor, notices_a_clock_that_went_back_behind_the_journal) {
  Place place("fed");
  ASSERT_TRUE(place.post("/api/v1/clock", R"({"to":"2099-01-01T00:00:00Z"})", "application/json", "admin"));
  ASSERT_TRUE(place.command("admin", "user.add", JsonObject{{"user", "ana"}, {"role", "analyst"}}));
  ASSERT_EQ(place.server().end(SIGTERM), 0);
  EXPECT_EQ(place.state(place.doctor(place.data(), place.url()), "journal's time: fed"), "ok");
  testing::Process server({FIREBREAK_BINARY, "serve", "--data", place.data(), "--listen", "127.0.0.1:0"});
  ASSERT_TRUE(server.ready());
  ASSERT_EQ(server.end(SIGTERM), 0);
  EXPECT_EQ(place.state(place.doctor(place.data(), place.url()), "journal's time"), "red");
  EXPECT_NE(place.advice.find("timedatectl"), std::string::npos);
}

TEST(Doctor, misses_the_master_key_of_the_records) {
  Place place, other;
  for (Place* each : {&place, &other}) {
    ASSERT_TRUE(each->start_gateway());
    each->set_up();
    ASSERT_TRUE(each->flush());
  }
  EXPECT_EQ(place.state(place.doctor(place.data(), place.url()), "records' keys"), "ok");
  const std::string data = place.copy("master"), key = data + "/keys/vault.master";
  std::filesystem::remove(key);
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "records' keys"), "red");
  EXPECT_FALSE(std::filesystem::exists(key)) << "a look makes no new key";
  std::filesystem::copy(other.data() + "/keys/vault.master", key);
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "records' keys"), "red");
  EXPECT_NE(place.advice.find("key backup"), std::string::npos);
  std::filesystem::copy(place.data() + "/keys/vault.master", key,
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(place.state(place.doctor(data, place.url()), "records' keys"), "ok");
}

TEST(Doctor, finds_a_folder_red_that_cannot_be_written) {
  Place place;
  EXPECT_EQ(place.state(place.doctor("/proc", place.url()), "disk"), "red");
  EXPECT_NE(place.advice.find("owner"), std::string::npos);
}

TEST(Doctor, tells_a_foreign_program_on_the_port_from_nobody) {
  Place place;
  const auto foreign = net::HttpServer::start({}, [](net::Request, net::Responder responder) {
    net::Response response;
    response.status = 404;
    responder(std::move(response));
  });
  ASSERT_TRUE(foreign);
  const std::string process = fmt::format("(process {})", ::getpid());
  const Json lines = place.doctor(place.data(), (*foreign)->url());
  EXPECT_EQ(place.state(lines, "server"), "red");
  EXPECT_NE(canonical_json(lines).find(process), std::string::npos) << "names who has the port";
  const std::string nobody = "http://127.0.0.1:" + std::to_string(testing::Port());
  EXPECT_EQ(place.state(place.doctor(place.data(), nobody), "server"), "warn");
  EXPECT_NE(place.advice.find("firebreak serve --data"), std::string::npos);
}

TEST(Doctor, repeats_what_an_unwell_server_says_and_takes_a_gateway_for_no_server) {
  Place place;
  const auto unwell = net::HttpServer::start({}, [](net::Request, net::Responder responder) {
    responder.fail(Error{Code::kUnavailable, "the journal has stopped", ""});
  });
  ASSERT_TRUE(unwell);
  EXPECT_EQ(place.state(place.doctor(place.data(), (*unwell)->url()),
                        "server: " + (*unwell)->url() + " says that it is not well: the journal"),
            "red");
  ASSERT_TRUE(place.start_gateway());
  EXPECT_EQ(place.state(place.doctor(place.data(), place.control_url()), "server: the port"), "red");
}

TEST(Doctor, takes_a_stranger_on_a_gateways_port_for_no_gateway) {
  Place place;
  const auto foreign = net::HttpServer::start({}, [](net::Request, net::Responder responder) {
    responder(net::text_response("hello", "text/plain"));
  });
  ASSERT_TRUE(foreign);
  const std::string config = place.folder() / "strange.yaml";
  Installation::write(
      config, "gateways: {gw-1: {control: '" + (*foreign)->url() + "', token_file: control.token}}\n");
  EXPECT_EQ(place.state(place.doctor(place.data(), place.url(), config), "gateway gw-1: the port"), "red");
  ASSERT_TRUE(place.start_gateway());
  Installation::write(
      config, "gateways: {gw-7: {control: '" + place.control_url() + "', token_file: control.token}}\n");
  EXPECT_EQ(place.state(place.doctor(place.data(), place.url(), config), "gateway gw-7"), "red");
  EXPECT_NE(place.advice.find("--name gw-7"), std::string::npos);
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
  EXPECT_EQ(
      place.state(place.doctor(place.data(), place.url(), place.folder() / "broken.yaml"), "configuration"),
      "red");
}

}  // namespace
}  // namespace firebreak
