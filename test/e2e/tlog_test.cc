// The logs over HTTP, octet for octet as `ledger export` writes them, which public tools accept (test/counterpart/fsck).
#include <gtest/gtest.h>

#include <fstream>

#include "log/ledger/note.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Place : Installation {
  Place() {
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}}));
    net::HttpClient http;
    http.set_token(token("admin"));
    std::string batch;
    for (int i = 0; i < 700; ++i)
      batch += R"({"id":"d)" + std::to_string(i) + R"(","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":1}})" "\n";
    const auto answer = ingest(http, "s", batch, "p", 1);
    EXPECT_TRUE(answer);
    write(folder() / "receipt.json", answer ? canonical_json(*answer) : "");
  }
  // The verifier for strangers (examples/verify) on this server; its exit code and last words.
  testing::Finished stranger(std::vector<std::string> words) const {
    words.insert(words.begin(), {"/usr/bin/env", "python3", FIREBREAK_SOURCE_DIR "/examples/verify/tlog_verify.py", url() + "/tlog/s"});
    return testing::run(words);
  }
  net::Response fetch(const std::string& path, bool signed_in = false) {
    net::HttpClient http;
    if (signed_in) http.set_token(token("admin"));
    const auto response = http.get(url() + path);
    return response ? *response : net::Response{};
  }
};

TEST(Tlog, serves_octet_for_octet_what_the_export_holds) {
  Place place;
  const std::string copy = place.folder() / "copy", out = place.folder() / "export";
  // From the folder of a server that has ended: the export of a running log may be behind what is served.
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  std::filesystem::copy(place.data(), copy, std::filesystem::copy_options::recursive);
  ASSERT_TRUE(place.start_server());
  ASSERT_EQ(testing::run({FIREBREAK_BINARY, "ledger", "export", "--data", copy, "--log", "s", "--out", out}).code, 0);
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = std::filesystem::relative(entry.path(), out).string();
    if (!path.starts_with("tile/")) continue;
    const net::Response response = place.fetch("/tlog/s/" + path, path.starts_with("tile/entries"));
    EXPECT_EQ(response.status, 200) << path << " " << response.body;
    EXPECT_EQ(response.body, read(entry.path())) << path;
    EXPECT_NE(std::string(response.header("cache-control")).find("immutable"), std::string::npos);
    ++compared;
  }
  EXPECT_GE(compared, 7u);  // three of level 0, one of level 1, three bundles
  EXPECT_EQ(place.fetch("/tlog/s/vkey").body, read(std::filesystem::path(out) / "vkey"));
  const auto checkpoint = ledger::parse_checkpoint(place.fetch("/tlog/s/checkpoint").body);
  ASSERT_TRUE(checkpoint);
  EXPECT_GE(checkpoint->size, 700u);
}

TEST(Tlog, shows_hashes_to_anybody_and_entries_to_people_alone) {
  Place place;
  EXPECT_EQ(place.fetch("/tlog/journal/tile/0/000.p/3").status, 200);
  EXPECT_EQ(place.fetch("/tlog/journal/tile/entries/000.p/3").status, 401);
  EXPECT_EQ(place.fetch("/tlog/journal/tile/entries/000.p/3", true).status, 200);
}

TEST(Tlog, is_verified_over_http_by_a_stranger_with_the_receipt_of_an_ingest) {
  if (!testing::has_python()) GTEST_SKIP() << "no python3 here";
  Place place;
  const std::string receipt = place.folder() / "receipt.json", key = place.folder() / "vkey";
  Place::write(key, place.fetch("/tlog/s/vkey").body);
  const testing::Finished whole = place.stranger({"--key", key, "--receipt", receipt, "--token", place.token("admin")});
  EXPECT_EQ(whole.code, 0) << whole.out;
  EXPECT_NE(whole.out.find("authentic: 70"), std::string::npos) << whole.out;
  const testing::Finished no_token = place.stranger({"--key", key});
  EXPECT_EQ(no_token.code, 2);
  EXPECT_NE(no_token.out.find("use --hashes"), std::string::npos) << no_token.out;
  EXPECT_EQ(place.stranger({"--key", key, "--hashes", "--receipt", receipt}).code, 0);
  Place::write(place.folder() / "7.tlog-proof", place.fetch("/tlog/s/proof/7").body);
  EXPECT_EQ(place.stranger({"--key", key, "--hashes", "--receipt", place.folder() / "7.tlog-proof"}).code, 0);
  EXPECT_EQ(place.fetch("/tlog/s/proof/70000").status, 404);
  EXPECT_EQ(place.fetch("/tlog/s/proof/x").status, 400);
  const testing::Finished trace = testing::run({FIREBREAK_BINARY, "trace", "d7", "--json", "--url", place.url(), "--token", place.token("admin")});
  Place::write(place.folder() / "trace.json", trace.out);
  const testing::Finished held = testing::run({FIREBREAK_BINARY, "ledger", "verify", "--data", place.data(), "--receipt", place.folder() / "trace.json", "--receipt", receipt});
  EXPECT_EQ(held.code, 0) << held.out;
  EXPECT_NE(held.out.find("trace.json holds: entry"), std::string::npos) << held.out;
  Place::write(key, place.fetch("/tlog/journal/vkey").body);
  EXPECT_EQ(place.stranger({"--key", key, "--hashes"}).code, 1);  // another log's key
}

TEST(Tlog, refuses_paths_that_are_no_tiles) {
  Place place;
  for (const char* path : {"0/0", "0/x001", "0/1000", "0/x000/000", "64/000", "0/000.p/0", "0/000.p/256", "0/000.p/257", "00/000", "-1/000",
                           "entries/", "0/x999/x999/x999/x999/x999/x999/999", "0/000/..", "0/999"})
    EXPECT_EQ(place.fetch(std::string("/tlog/s/tile/") + path).status, 404) << path;
  EXPECT_EQ(place.fetch("/tlog/nowhere/checkpoint").status, 404);
}

}  // namespace
}  // namespace firebreak
