#include "run/app/playbook_config.h"

#include <gtest/gtest.h>

#include "base/simulated_files.h"

namespace firebreak::app {
namespace {

Result<PlaybookConfig> read(const std::string& section) {
  SimulatedFiles files;
  EXPECT_TRUE(files.make_dir("/c"));
  EXPECT_TRUE(write_plain(files, "/c/secret", "hush\n"));
  EXPECT_TRUE(write_plain(files, "/c/key.pem", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"));
  EXPECT_TRUE(write_plain(files, "/c/one.json", "{\"id\": \"playbook--1\"}"));
  return playbooks_of(files, JsonObject{{"playbooks", parse_json(section).value()}}, "/c");
}

TEST(PlaybookConfig, takes_a_list_of_files_or_the_whole) {
  const auto list = read(R"(["one.json"])");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->documents.size(), 1u);
  const auto whole = read(R"({"files": ["one.json"], "variables": {"__team__": "payments", "__limit__": 5}, "hosts": ["a.example.com", "127.0.0.1:8080"], "secrets": {"pager": "secret"},
                              "channels": {"oncall": {"url": "https://pager.example.com/v2", "secret": "pager"}}, "trusted_keys": ["key.pem"], "signed_for": ["SEV-1"]})");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->variables.at("__limit__"), "5");
  EXPECT_EQ(whole->secrets.at("pager"), "hush");
  const std::string written = canonical_json(to_json(*whole));
  EXPECT_EQ(written.find("hush"), std::string::npos) << "a secret never stands in the journal";
  EXPECT_NE(written.find("pager"), std::string::npos);
}

TEST(PlaybookConfig, names_what_is_wrong) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"host": []})", "unknown key 'host'"},
      {R"({"variables": {"team": "x"}})", "variables/team is no name of a variable"},
      {R"({"hosts": ["https://a.example.com/"]})", "write host or host:port"},
      {R"({"secrets": {"x": "none"}})", "secrets/x"},
      {R"({"channels": {"oncall": {"url": "pager"}}})", "channels/oncall has a url"},
      {R"({"channels": {"oncall": {"url": "https://p.example.com", "secret": "nobody"}}})", "names the secret 'nobody'"},
      {R"({"trusted_keys": ["one.json"]})", "trusted_keys"},
      {R"({"signed_for": ["SEV-9"], "trusted_keys": ["key.pem"]})", "SEV-9"},
      {R"({"signed_for": ["SEV-1"]})", "needs trusted_keys"},
      {R"({"files": ["gone.json"]})", "gone.json"},
  };
  for (const auto& [section, expected] : rows) {
    const auto config = read(section);
    ASSERT_FALSE(config) << section;
    EXPECT_NE(config.error().message.find(expected), std::string::npos) << config.error().message;
  }
}

}  // namespace
}  // namespace firebreak::app
