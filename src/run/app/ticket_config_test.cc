#include "run/app/ticket_config.h"

#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "run/app/content.h"

namespace firebreak::app {
namespace {

Result<TicketConfig> read(const std::string& yaml) {
  SimulatedFiles files(1);
  EXPECT_TRUE(files.make_dir("conf"));
  EXPECT_TRUE(write_atomic(files, "conf/token", "a-token\n"));
  EXPECT_TRUE(write_atomic(files, "conf/secret", "a-secret\n"));
  const auto config = yaml_to_json(yaml, "firebreak.yaml");
  EXPECT_TRUE(config) << config.error().message;
  return tickets_of(files, *config, "conf");
}

TEST(TicketConfig, reads_both_shapes_and_writes_no_address_and_no_secret_into_the_journal) {
  const auto config = read("tickets: {trackers: {jira: {shape: jira, url: 'https://jira.example/', project: SEC, account: fb, token_file: token, secret_file: secret}, "
                           "snow: {shape: servicenow, url: 'https://snow.example', account: fb, user: fb, token_file: token, secret_file: secret, closed: ['9']}}}");
  ASSERT_TRUE(config) << config.error().message << " " << config.error().pointer;
  EXPECT_EQ(canonical_json(config->document), R"({"trackers":{"jira":{"shape":"jira"},"snow":{"shape":"servicenow"}}})");
  EXPECT_EQ(config->trackers.at("jira").url, "https://jira.example");
  EXPECT_EQ(config->trackers.at("jira").token, "a-token");
  EXPECT_EQ(config->trackers.at("snow").closed, std::vector<std::string>{"9"});
  EXPECT_TRUE(read("endpoints: []")->trackers.empty());
}

TEST(TicketConfig, says_which_member_is_wrong) {
  const std::string good = "url: 'https://jira.example', project: SEC, account: fb, token_file: token, secret_file: secret";
  const auto place = [&](const std::string& of) {
    const auto config = read("tickets: {trackers: {jira: {" + of + "}}}");
    return config ? "" : config.error().pointer;
  };
  EXPECT_EQ(place("shape: jira, " + good), "");
  EXPECT_EQ(place("shape: trello, " + good), "/tickets/trackers/jira/shape");
  EXPECT_EQ(place("shape: jira, token: x, " + good), "/tickets/trackers/jira/token") << "no secret stands in this file";
  EXPECT_EQ(place("shape: jira, colour: red, " + good), "/tickets/trackers/jira");
  EXPECT_EQ(place("shape: jira, project: SEC, account: fb, url: 'https://me:pw@jira.example', token_file: token, secret_file: secret"), "/tickets/trackers/jira/url");
  EXPECT_EQ(place("shape: jira, account: fb, url: 'https://jira.example', token_file: token, secret_file: secret"), "/tickets/trackers/jira/project");
  EXPECT_EQ(place("shape: jira, project: SEC, url: 'https://jira.example', token_file: token, secret_file: secret"), "/tickets/trackers/jira/account") << "without it an echo is not known";
  EXPECT_EQ(place("shape: jira, project: SEC, account: fb, url: 'https://jira.example', token_file: token"), "/tickets/trackers/jira/secret_file");
  EXPECT_EQ(place("shape: jira, timeout_s: 0, " + good), "/tickets/trackers/jira/timeout_s");
  EXPECT_FALSE(read("tickets: {trackers: {}}"));
  EXPECT_FALSE(read("tickets: {trackers: {Jira: {}}}"));
}

}  // namespace
}  // namespace firebreak::app
