#include "run/app/notify_config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "fold/notify/settings.h"
#include "run/app/content.h"

namespace firebreak::app {
namespace {

// A folder with the secrets that the configuration names.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "firebreak-notify-XXXXXX").string();
    path = ::mkdtemp(name.data());
    EXPECT_TRUE(write_atomic(files, path + "/key", "R0UTE\n"));
    EXPECT_TRUE(write_atomic(files, path + "/open", "x\n"));
    ::chmod((path + "/open").c_str(), 0644);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Result<NotifyConfig> read(const std::string& text) { return notify_of(files, yaml_to_json(text, "t").value(), path, path); }

  PosixFiles files;
  std::string path;
};

constexpr const char* kWhole = R"(
notify:
  channels:
    mail: {kind: smtp, url: 'smtp://mail.example.org:587', from: fb@example.org, user: fb, password_file: key}
    pager: {kind: pagerduty, routing_key_file: key}
  contacts:
    ana: {phone: '+49 30 1', ways: [pager, {mail: ana@example.org}]}
  rotations: {oncall: {people: [ana], start: '2026-03-02T09:00:00'}}
  levels: [[oncall]]
  audiences: {executives: [ana]}
)";

TEST(NotifyConfig, keeps_addresses_and_secrets_out_of_what_is_written_down) {
  Folder folder;
  const auto config = folder.read(kWhole);
  ASSERT_TRUE(config) << config.error().message << config.error().pointer;
  EXPECT_EQ(config->channels.at("pager").secret, "R0UTE");
  EXPECT_EQ(config->channels.at("pager").url, "https://events.pagerduty.com/v2/enqueue");
  EXPECT_TRUE(config->channels.at("mail").tls_required);
  EXPECT_EQ(config->contacts.at("ana").addresses.at("mail"), "ana@example.org");
  const std::string written = canonical_json(config->document);
  for (const char* never : {"R0UTE", "ana@example.org", "+49", "fb@example.org"}) EXPECT_EQ(written.find(never), std::string::npos) << never;
  const auto settings = notify::settings_from_json(config->document);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->audiences.size(), 11U) << "the shipped plan";
  EXPECT_EQ(settings->audiences.at("executives").contacts, std::vector<std::string>{"ana"});
  EXPECT_EQ(settings->audiences.at("executives").first_within_us, 30 * kMinute);
  EXPECT_EQ(settings->audiences.at("regulators").approvals, 2);
  EXPECT_LT(canonical_json(config->document).size(), 20'000U);
}

TEST(NotifyConfig, is_off_when_nothing_is_said) {
  Folder folder;
  EXPECT_TRUE(folder.read("endpoints: []\n")->document.as_object().empty());
}

TEST(NotifyConfig, names_the_place_that_is_wrong) {
  Folder folder;
  const auto place = [&](const std::string& from, const std::string& to) {
    std::string text = kWhole;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    const auto config = folder.read(text);
    return config ? std::string("taken") : config.error().pointer;
  };
  EXPECT_EQ(place("kind: smtp", "kind: fax"), "/notify/channels/mail/kind");
  EXPECT_EQ(place("password_file: key", "password: hunter2"), "/notify/channels/mail/password");
  EXPECT_EQ(place("routing_key_file: key", "routing_key_file: open"), "/notify/channels/pager/routing_key_file") << "others may read it";
  EXPECT_EQ(place("smtp://mail", "smtp://user:pw@mail"), "/notify/channels/mail/url");
  EXPECT_EQ(place("[pager, {mail: ana@example.org}]", "[mail]"), "/notify/contacts/ana/ways") << "a mail needs an address";
  EXPECT_EQ(place("[pager, {mail: ana@example.org}]", "[pigeon]"), "/notify/contacts/ana/ways");
  EXPECT_EQ(place("people: [ana]", "people: [bob]"), "/notify/rotations/oncall/people");
  EXPECT_EQ(place("start: '2026-03-02T09:00:00'", "start: '2026-03-02T09:00:00', zone: Mars/Base"), "/notify/rotations/oncall/zone");
  EXPECT_EQ(place("{executives: [ana]}", "{aunts: [ana]}"), "/notify/audiences/aunts");
  EXPECT_EQ(place("levels: [[oncall]]", "levels: [[nobody]]"), "/notify/levels/0");
}

// Octets of a TZif file: version 2, the old part empty.
std::string tzif(const std::vector<std::pair<std::int64_t, int>>& changes, const std::vector<std::int32_t>& offsets, const std::string& rule) {
  const auto number = [](std::int64_t value, int size) {
    std::string out;
    for (int i = size - 1; i >= 0; --i) out += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xFF);
    return out;
  };
  const auto head = [&](std::size_t times, std::size_t types) { return "TZif2" + std::string(15, '\0') + number(0, 4) + number(0, 4) + number(0, 4) + number(static_cast<std::int64_t>(times), 4) + number(static_cast<std::int64_t>(types), 4) + number(4, 4); };
  std::string out = head(0, 1) + number(0, 4) + std::string(2, '\0') + std::string("UTC\0", 4);
  out += head(changes.size(), offsets.size());
  for (const auto& [at, type] : changes) out += number(at, 8);
  for (const auto& [at, type] : changes) out += static_cast<char>(type);
  for (const std::int32_t offset : offsets) out += number(offset, 4) + std::string(2, '\0');
  return out + std::string("UTC\0", 4) + "\n" + rule + "\n";
}

TEST(NotifyConfig, reads_the_offsets_of_a_zone) {
  const auto seconds = [](const char* time) { return parse_time(time)->us / kSecond; };
  const auto offsets = zone_offsets(tzif({{seconds("2019-10-27T01:00:00Z"), 0}, {seconds("2026-03-29T01:00:00Z"), 1}, {seconds("2037-10-25T01:00:00Z"), 0}}, {3'600, 7'200}, "CET-1CEST,M3.5.0,M10.5.0/3"));
  ASSERT_TRUE(offsets) << offsets.error().message;
  EXPECT_EQ(canonical_json(*offsets), R"([["2020-01-01T00:00:00Z",60],["2026-03-29T01:00:00Z",120],["2037-10-25T01:00:00Z",60]])");
  EXPECT_EQ(canonical_json(zone_offsets(tzif({}, {-18'000}, "EST5")).value()), R"([["2020-01-01T00:00:00Z",-300]])");
  EXPECT_FALSE(zone_offsets(tzif({{seconds("2007-11-04T06:00:00Z"), 0}}, {3'600}, "CET-1CEST,M3.5.0,M10.5.0/3"))) << "its changes after 2007 are not in the table";
  const std::string whole = tzif({{seconds("2026-03-29T01:00:00Z"), 1}}, {3'600, 7'200}, "X-2");
  for (std::size_t size = 0; size + 6 < whole.size(); ++size) EXPECT_FALSE(zone_offsets(whole.substr(0, size))) << size;
}

TEST(NotifyConfig, agrees_with_this_machines_table) {
  PosixFiles files;
  const auto octets = read_all(files, "/usr/share/zoneinfo/Europe/Berlin");
  if (!octets) GTEST_SKIP() << "no tzdata here";
  const auto offsets = zone_offsets(*octets);
  ASSERT_TRUE(offsets) << offsets.error().message;
  const std::string text = canonical_json(*offsets);
  EXPECT_NE(text.find(R"(["2026-03-29T01:00:00Z",120],["2026-10-25T01:00:00Z",60])"), std::string::npos) << text;
}

}  // namespace
}  // namespace firebreak::app
