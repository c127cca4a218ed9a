// Playbooks from the command line, without a server: what a person meets who writes or imports one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using ::testing::HasSubstr;
using testing::Installation;

constexpr const char* kShipped = FIREBREAK_SOURCE_DIR "/content/playbooks/adversarial-evasion.json";

testing::Finished playbook(std::vector<std::string> words) {
  words.insert(words.begin(), {FIREBREAK_BINARY, "playbook"});
  return testing::run(words);
}

std::string content_of(const std::string& path) {
  PosixFiles files;
  return read_all(files, path).value_or("");
}

// The shipped playbook with one text in place of another.
std::string changed(const testing::Folder& folder, const std::string& from, const std::string& to) {
  std::string text = content_of(kShipped);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  const std::string file = folder / "changed.json";
  Installation::write(file, text.replace(at, from.size(), to));
  return file;
}

TEST(Playbook, lint_says_what_is_wrong_where_and_what_helps) {
  const testing::Finished clean = playbook({"lint", kShipped});
  EXPECT_EQ(clean.code, 0) << clean.out;
  EXPECT_THAT(clean.out, HasSubstr("conforms to strict-cs01 (0 errors, 0 warnings); can run"));
  const testing::Folder folder;
  const std::string file = changed(folder, "\"type\": \"firebreak\"", "\"type\": \"telepathy\"");
  const testing::Finished bad = playbook({"lint", file});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, HasSubstr("/commands/0/type: 'telepathy' is a command type that nobody defines [unknown-command-type]: use a type of the vocabulary"));
  EXPECT_THAT(bad.out, HasSubstr("cannot run"));
  const testing::Finished lenient = playbook({"--json", "lint", file, "--profile", "lenient-import"});
  EXPECT_EQ(lenient.code, 1) << "import takes it, this program does not run it";
  const Json answer = parse_json(lenient.out).value_or(Json(JsonObject{}));
  EXPECT_TRUE(bool_or(answer, "conforms"));
  EXPECT_FALSE(bool_or(answer, "runs", true));
  EXPECT_EQ(string_or(answer.at("not_run").at(0), "rule"), "not-run-here");
  EXPECT_EQ(playbook({"lint", file, "--profile", "whatever"}).code, 2);
  Installation::write(file, "{\"type\": \"playbook\", \"type\": \"playbook\"}");
  EXPECT_THAT(playbook({"--json", "lint", file}).out, HasSubstr("key 'type' appears twice"));
}

TEST(Playbook, import_lists_every_repair_and_its_result_lints_clean) {
  const testing::Folder folder;
  const std::string file = changed(folder, "\"created\": \"2026-03-01T09:00:00.000Z\"", "\"x_note\": {\"kept\": [1]}, \"created\": \"2026-03-01T10:00:00+01:00\"");
  const std::string out = folder / "imported.json";
  const testing::Finished imported = playbook({"import", file, "-o", out});
  EXPECT_EQ(imported.code, 0) << imported.out;
  EXPECT_THAT(imported.out, HasSubstr("repaired /created: the same time, in UTC and as the specification writes it [timestamp-not-milliseconds]: "
                                      "\"2026-03-01T10:00:00+01:00\" -> \"2026-03-01T09:00:00.000Z\""));
  EXPECT_THAT(imported.out, HasSubstr("kept     /x_note: CACAO 2.0 has no 'x_note' here [unknown-property]"));
  EXPECT_THAT(imported.out, HasSubstr("1 repaired, 1 kept, 0 errors left"));
  EXPECT_EQ(playbook({"lint", out, "--profile", "lenient-import"}).code, 0);
  const testing::Finished difference = playbook({"diff", kShipped, out});
  EXPECT_EQ(difference.code, 1);
  EXPECT_THAT(difference.out, HasSubstr("added   /x_note: {\"kept\":[1]}"));
  EXPECT_EQ(playbook({"diff", kShipped, kShipped}).code, 0);
  Installation::write(file, "[]");
  EXPECT_EQ(playbook({"import", file, "-o", out}).code, 1);
  EXPECT_NE(playbook({"import", folder / "none.json", "-o", out}).code, 0);
}

TEST(Playbook, new_writes_one_that_lints_clean_and_can_run) {
  const testing::Folder folder;
  const std::string out = folder / "mine.json";
  EXPECT_EQ(playbook({"new", "--name", "Poisoned feed", "-o", out}).code, 0);
  EXPECT_THAT(playbook({"lint", out}).out, HasSubstr("(0 errors, 0 warnings); can run"));
  EXPECT_NE(playbook({"new", "--name", "Another", "-o", out}).code, 0) << "it does not write over what is there";
}

TEST(Playbook, show_and_doc_are_for_people) {
  const testing::Finished shown = playbook({"show", kShipped});
  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.out, HasSubstr("parallel  Capture and contain together"));
  EXPECT_THAT(playbook({"show", kShipped, "--svg"}).out, HasSubstr("</svg>"));
  const testing::Folder folder;
  EXPECT_EQ(playbook({"doc", kShipped, "-o", folder / "page.html"}).code, 0);
  EXPECT_THAT(content_of(folder / "page.html"), HasSubstr("<h1>Adversarial evasion of a scoring API</h1>"));
}

// Keys as 'openssl genpkey -algorithm ed25519' and 'openssl pkey -pubout' write them; the seed is the octets 0 to 31.
TEST(Playbook, signs_and_verifies_and_finds_a_change) {
  const testing::Folder folder;
  const std::string key = folder / "key.pem", pub = folder / "pub.pem", out = folder / "signed.json", other = folder / "other.pem";
  Installation::write(key, "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n");
  Installation::write(pub, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n");
  Installation::write(other, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n");
  EXPECT_EQ(playbook({"verify", kShipped}).code, 1) << "not signed";
  ASSERT_EQ(playbook({"sign", kShipped, "--key", key, "--signee", "Fraud desk", "-o", out}).code, 0);
  EXPECT_EQ(playbook({"lint", out}).code, 0) << "a signed playbook is a playbook";
  const testing::Finished good = playbook({"verify", out, "--key", pub});
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_THAT(good.out, HasSubstr("by Fraud desk (Ed25519), by a key of yours"));
  EXPECT_EQ(playbook({"verify", out, "--key", other}).code, 1);
  EXPECT_EQ(playbook({"verify", out}).code, 0);
  std::string text = content_of(out);
  Installation::write(out, text.replace(text.find("Secure the evidence"), 6, "Delete"));
  const testing::Finished broken = playbook({"verify", out});
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.out, HasSubstr("broken: "));
  EXPECT_NE(playbook({"sign", kShipped, "--key", pub, "--signee", "x", "-o", out}).code, 0);
}

}  // namespace
}  // namespace firebreak
