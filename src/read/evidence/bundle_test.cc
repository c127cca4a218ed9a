#include "log/ledger/cosignature.h"
#include "read/evidence/bundle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "read/evidence/bundle_files.h"
#include "read/evidence/test_world.h"
#include "read/evidence/texts.h"

namespace firebreak::evidence {
namespace {

VerifyReport verified(TestWorld& world, const std::map<std::string, std::string>& pinned = {}) {
  Result<VerifyReport> report = verify_bundle(world.files, "bundle", pinned);
  EXPECT_TRUE(report) << report.error().message;
  return report ? *report : VerifyReport{};
}

// What somebody with the folder in his hands can do: bring the manifest into line with his change.
void forge_manifest(TestWorld& world) {
  std::string manifest;
  const std::vector<std::string> names = *walk(world.files, "bundle");
  for (const std::string& name : names)
    if (name != kManifest) manifest += manifest_line(sha256(*read_all(world.files, "bundle/" + name)), name);
  ASSERT_TRUE(write_plain(world.files, "bundle/" + std::string(kManifest), manifest));
}

TEST(Bundle, verifies_offline_as_consistent_and_with_pinned_keys_as_authentic) {
  TestWorld world;
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  const VerifyReport report = verified(world);
  EXPECT_TRUE(report.good()) << report.to_text();
  EXPECT_FALSE(report.authentic);
  const std::map<std::string, std::string> pinned = {
      {world.journal->origin(), world.journal->verifier().text()},
      {world.stream->origin(), world.stream->verifier().text()}};
  EXPECT_TRUE(verified(world, pinned).authentic);
}

TEST(Bundle, another_pinned_key_is_a_fault) {
  TestWorld world;
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  const auto other = *ledger::SigningKey::generate(world.journal->origin(), world.random);
  EXPECT_FALSE(verified(world, {{world.journal->origin(), other.verifier().text()}}).good());
}

TEST(Bundle, refuses_a_folder_that_is_not_empty_and_an_incident_without_evidence) {
  TestWorld world;
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  BundleInput input{
      .incident = "inc-1", .data_dir = "data", .exported_by = "x", .exported_at = {}, .extra = {}};
  EXPECT_EQ(write_bundle(world.files, world.blobs, input, "bundle").error().code, Code::kConflict);
  input.incident = "inc-9";
  EXPECT_EQ(write_bundle(world.files, world.blobs, input, "other").error().code, Code::kNotFound);
}

TEST(Bundle, the_manifest_is_what_sha256sum_reads) {
  TestWorld world;
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  std::string dir = (std::filesystem::temp_directory_path() / "firebreak-bundle-XXXXXX").string();
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  PosixFiles disk;
  const std::vector<std::string> names = *walk(world.files, "bundle");
  for (const std::string& name : names) {
    ASSERT_TRUE(disk.make_dir(parent_of(dir + "/" + name)));
    ASSERT_TRUE(write_plain(disk, dir + "/" + name, *read_all(world.files, "bundle/" + name)));
  }
  const std::string check = "cd '" + dir + "' && sha256sum -c --strict --quiet MANIFEST.sha256";
  EXPECT_EQ(std::system(check.c_str()), 0);
  EXPECT_TRUE(verify_bundle(disk, dir)->good());
  std::filesystem::remove_all(dir);
}

TEST(Bundle, a_flip_of_any_octet_is_found) {
  TestWorld world(40 + 25);
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  ASSERT_TRUE(verified(world).good());
  // Steps are primes, so that all columns of a line are met.
  const std::vector<std::string> names = *walk(world.files, "bundle");
  for (const std::string& name : names) {
    const std::string path = "bundle/" + name;
    const std::size_t size = read_all(world.files, path)->size();
    const std::size_t step = name == kManifest ? 13 : size < 100 ? 7 : 307;
    for (std::size_t at = 0; at < size; at += step) {
      const auto bit = static_cast<unsigned>(at % 8);
      world.files.flip_bit(path, at, bit);
      ASSERT_FALSE(verified(world).good()) << name << " octet " << at << " bit " << bit;
      world.files.flip_bit(path, at, bit);
    }
  }
  EXPECT_TRUE(verified(world).good());
}

TEST(Bundle, a_flip_with_a_forged_manifest_is_found_in_all_that_the_logs_vouch_for) {
  TestWorld world(40 + 25);
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  const std::vector<std::string> names = *walk(world.files, "bundle");
  for (const std::string& name : names) {
    // Texts of the exporter, not evidence: who exported, the read-me, the report's rendering.
    if (name == kManifest || name == "README.txt" || name == "custody.json" || name == "report.json" ||
        name.ends_with("/origin"))
      continue;
    const std::string path = "bundle/" + name;
    const std::size_t size = read_all(world.files, path)->size();
    for (std::size_t at = 0; at < size; at += 211) {
      world.files.flip_bit(path, at, 0);
      forge_manifest(world);
      ASSERT_FALSE(verified(world).good()) << name << " octet " << at;
      world.files.flip_bit(path, at, 0);
    }
  }
  forge_manifest(world);
  EXPECT_TRUE(verified(world).good());
}

TEST(Bundle, a_custody_line_that_the_journal_does_not_know_is_found) {
  TestWorld world;
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  std::string custody = *read_all(world.files, "bundle/custody.json");
  const std::size_t at = custody.find("for the regulator");
  ASSERT_NE(at, std::string::npos);
  custody.replace(at, 17, "for the neighbour");
  ASSERT_TRUE(write_plain(world.files, "bundle/custody.json", custody));
  forge_manifest(world);
  EXPECT_FALSE(verified(world).good());
}

TEST(Bundle, a_missing_and_an_unlisted_file_are_named) {
  TestWorld world;
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  ASSERT_TRUE(world.files.remove("bundle/proofs/ev-4.tlog-proof"));
  ASSERT_TRUE(write_plain(world.files, "bundle/items/extra.txt", "x"));
  const std::string text = verified(world).to_text();
  EXPECT_NE(text.find("FAIL proofs/ev-4.tlog-proof"), std::string::npos) << text;
  EXPECT_NE(text.find("FAIL items/extra.txt"), std::string::npos) << text;
}

TEST(Bundle, what_a_witness_cosigned_goes_along_and_is_held_against_the_log) {
  TestWorld world;
  ledger::Checkpoint seen = world.stream->checkpoint();
  SeededRandom random(5);
  seen.signatures.push_back(ledger::cosign(*ledger::SigningKey::generate("example.com/w1", random), seen, 1'700'000'000));
  ASSERT_TRUE(write_plain(world.files, "data/logs/fraud-api/cosigned", seen.text()));
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  EXPECT_NE(verified(world).to_text().find("ok   ledgers/fraud-api/cosigned: is of the first"), std::string::npos) << verified(world).to_text();
  seen.size += 1'000;  // more than the bundle's log has, and so not what the log's key signed
  ASSERT_TRUE(write_plain(world.files, "bundle/ledgers/fraud-api/cosigned", seen.text()));
  forge_manifest(world);
  EXPECT_NE(verified(world).to_text().find("FAIL ledgers/fraud-api/cosigned"), std::string::npos);
}

TEST(Bundle, takes_the_texts_of_its_incident_along_and_verifies_without_those_that_were_erased) {
  TestWorld world;
  auto texts = *Texts::open(world.files, world.random, "data");
  const auto note = [&](const std::string& incident, const std::string& text) {
    world.append(TestWorld::draft("command", JsonObject{{"name", "incident.note"}, {"args", JsonObject{{"incident", incident}, {"text", text}}}}));
    return "bundle/texts/" + text.substr(5);
  };
  const std::string gone = *texts->keep("Erika M."), stays = *texts->keep("Otto N."), of_an_action = *texts->keep("too broad");
  const std::string gone_file = note("inc-1", gone);
  const std::string other_file = note("inc-9", *texts->keep("of another incident"));
  const std::uint64_t action = world.append(TestWorld::draft("action_proposed", JsonObject{{"incident", "inc-1"}}));
  const Json rejected = JsonObject{{"action", "act-" + std::to_string(action)}, {"reason", of_an_action}};
  world.append(TestWorld::draft("command", JsonObject{{"name", "action.reject"}, {"args", rejected}}));
  const std::string nobody_typed = text_reference(sha256("a caller's name"));
  world.append(TestWorld::draft("incident_finding_linked", JsonObject{{"incident", "inc-1"}, {"summary", "by " + nobody_typed}}));
  const std::string stays_file = note("inc-1", stays);
  world.append(TestWorld::draft("text_erased", JsonObject{{"text", gone}, {"reason", "a name"}}));  // a crash: its file is still there
  ASSERT_NO_FATAL_FAILURE(world.bundle());
  EXPECT_FALSE(exists(world.files, gone_file));
  EXPECT_FALSE(exists(world.files, other_file));
  EXPECT_TRUE(exists(world.files, "bundle/texts/" + of_an_action.substr(5)));
  EXPECT_EQ(text_in(*read_all(world.files, stays_file)).value(), "Otto N.");
  EXPECT_TRUE(verified(world).good()) << verified(world).to_text();
  EXPECT_NE(verified(world).to_text().find("texts: 2 have the digest that the journal refers to; 1 were erased"), std::string::npos)
      << verified(world).to_text();

  const Bytes as_it_was = *read_all(world.files, stays_file);
  ASSERT_TRUE(write_plain(world.files, stays_file, as_it_was + "!"));
  forge_manifest(world);
  EXPECT_NE(verified(world).to_text().find("its digest is not the one that journal entry"), std::string::npos);
  ASSERT_TRUE(world.files.remove(stays_file));
  forge_manifest(world);
  EXPECT_NE(verified(world).to_text().find("no entry says that it was erased"), std::string::npos);
}

TEST(Manifest, refuses_paths_that_leave_the_folder_and_any_other_form) {
  const std::string good = manifest_line(sha256("x"), "items/a.json");
  EXPECT_TRUE(parse_manifest(good));
  EXPECT_FALSE(parse_manifest(manifest_line(sha256("x"), "../a")));
  EXPECT_FALSE(parse_manifest(manifest_line(sha256("x"), "/etc/passwd")));
  EXPECT_FALSE(parse_manifest(manifest_line(sha256("x"), "a//b")));
  EXPECT_FALSE(parse_manifest(good + good));
  EXPECT_FALSE(parse_manifest(good.substr(0, good.size() - 1)));
  std::string upper = good;
  std::transform(upper.begin(), upper.begin() + 64, upper.begin(),
                 [](char c) { return static_cast<char>(std::toupper(c)); });
  EXPECT_FALSE(parse_manifest(upper));
}

}  // namespace
}  // namespace firebreak::evidence
