// Two verifiers that share no code, ours and examples/verify/tlog_verify.py, on the same exported logs and receipts: whole ones are
// accepted by both, and whatever is changed is found by both.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/encoding.h"
#include "base/json.h"
#include "base/simulated_files.h"
#include "log/ledger/cosignature.h"
#include "log/ledger/export.h"
#include "log/ledger/log.h"
#include "log/ledger/proof.h"
#include "log/ledger/verify.h"
#include "support/process.h"
#include "support/tlog_verify.h"

namespace firebreak::ledger {
namespace {

namespace fs = std::filesystem;

struct Variant {
  std::string file;               // relative to the export
  std::optional<Bytes> content;   // none: removed
  std::string what;
};

class IndependentVerifier : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::has_python()) GTEST_SKIP() << "no python3 here";
  }
  std::string dir() const { return folder_ / "export"; }
  std::string receipt() const { return folder_ / "export/receipt.tlog-proof"; }
  std::string ingest_receipt() const { return folder_ / "export/receipt.json"; }

  // A log of `size` entries, exported; a receipt for entry size/2 of its tree of `kept` entries, and one as an ingest answers.
  void make(std::uint64_t size, std::uint64_t kept) {
    SeededRandom random(size);
    Options options{.key = SigningKey::generate("firebreak.test/two", random).value()};
    const auto log = Log::open(files_, clock_, folder_ / "logs/two", std::move(options)).value();
    for (std::uint64_t i = 0; i < size;) {
      Batch batch;
      while (batch.lengths.size() < 50 && i < size) {
        batch.add("entry " + std::to_string(i) + std::string(i % 7, 'x'));
        if (++i == kept) break;
      }
      const Commit commit = log->append_wait(std::move(batch)).value();
      if (commit.size != kept) continue;
      ASSERT_TRUE(files_.make_dir(dir()));
      write(receipt(), log->proof_text(kept / 2).value());
      const JsonObject answer{{"log", "two"},
                              {"first", commit.first},
                              {"last", commit.last},
                              {"leaf_hash", to_base64(commit.leaf_hash.view())},
                              {"size", commit.size},
                              {"root", to_base64(commit.root.view())},
                              {"signature", commit.signature}};
      write(ingest_receipt(), canonical_json(answer));
    }
    // What a witness cosigned of an earlier tree.
    Checkpoint seen{"firebreak.test/two", size / 2 + 1, log->root_at(size / 2 + 1).value(), {}};
    SeededRandom same(size);
    const SigningKey key = SigningKey::generate("firebreak.test/two", same).value();
    seen.signatures.push_back({key.verifier().name, key.sign(seen.body())});
    seen.signatures.push_back(cosign(witness_, seen, 1'700'000'000));
    ASSERT_TRUE(log->close());
    write(folder_ / "logs/two/cosigned", seen.text());
    const Bytes proof = read_all(files_, receipt()).value(), answer = read_all(files_, ingest_receipt()).value();
    fs::remove_all(dir());
    ASSERT_TRUE(export_tiles(files_, folder_ / "logs/two", dir()));
    write(receipt(), proof);
    write(ingest_receipt(), answer);
  }
  void write(const std::string& path, ByteView text) { ASSERT_TRUE(write_plain(files_, path, text)); }

  std::vector<std::string> exported() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(dir()))
      if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), dir()).string());
    std::sort(names.begin(), names.end());
    return names;
  }

  // Ours: true when all is well.
  bool ours(const std::vector<std::string>& receipts) {
    Kept kept;
    for (const std::string& path : receipts) {
      const auto text = read_all(files_, path);
      const auto parsed = text ? parse_receipt(*text) : fail(Code::kInvalid, "gone");
      if (!parsed) return false;
      kept.receipts.push_back({path, *parsed});
    }
    if (ask_witness_) kept.witnesses = {cosigner_of(witness_)};
    const auto report = verify_export(files_, dir(), {}, kept);
    return report && is_good(report->verdict);
  }

  // What the other says, a line for each variant: "0 …", "1 wrong: …".
  std::vector<std::string> theirs(const std::vector<Variant>& variants, const std::vector<std::string>& receipts) {
    JsonArray arguments;
    if (ask_witness_) arguments = {"--witness", cosigner_of(witness_).text()};
    for (const std::string& path : receipts) {
      arguments.emplace_back("--receipt");
      arguments.emplace_back(path);
    }
    std::vector<testing::Changes> changes;
    for (const Variant& variant : variants) changes.push_back({{variant.file, variant.content}});
    return testing::ask_tlog_verify(folder_, dir(), changes, arguments);
  }

  // Both must find every variant.
  void expect_found(const std::vector<Variant>& variants, const std::vector<std::string>& receipts) {
    ASSERT_TRUE(ours(receipts));
    const std::vector<std::string> whole = theirs({{"no such file", std::nullopt, ""}}, receipts);
    ASSERT_EQ(whole.size(), 1u);
    EXPECT_TRUE(whole[0].starts_with("0 ")) << whole[0];
    const std::vector<std::string> answers = theirs(variants, receipts);
    ASSERT_EQ(answers.size(), variants.size());
    for (std::size_t i = 0; i < variants.size(); ++i) {
      const Variant& variant = variants[i];
      const std::string path = dir() + "/" + variant.file;
      const Bytes good = read_all(files_, path).value();
      if (variant.content) write(path, *variant.content);
      else fs::remove(path);
      EXPECT_FALSE(ours(receipts)) << "ours accepts " << variant.file << ": " << variant.what;
      EXPECT_TRUE(answers[i].starts_with("1 ")) << "the other on " << variant.file << ": " << variant.what << ": " << answers[i];
      write(path, good);
    }
  }

  static SigningKey witness_key() {
    SeededRandom random(77);
    return SigningKey::generate("firebreak.test/witness", random).value();
  }

  PosixFiles files_;
  SystemClock clock_;
  testing::Folder folder_;
  const SigningKey witness_ = witness_key();
  bool ask_witness_ = true;
};

TEST_F(IndependentVerifier, and_ours_find_every_changed_octet_of_a_small_log) {
  const char* const wanted = std::getenv("FIREBREAK_ENTRIES");  // FIREBREAK_ENTRIES=300: a minute
  const std::uint64_t entries = wanted != nullptr ? std::stoull(wanted) : 5;
  make(entries, entries);
  std::vector<Variant> variants;
  for (const std::string& name : exported()) {
    if (name == "receipt.json") continue;  // some of its octets mean nothing, as the first index
    const Bytes good = read_all(files_, dir() + "/" + name).value();
    for (std::size_t at = 0; at < good.size(); ++at) {
      Bytes bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      variants.push_back({name, bad, "octet " + std::to_string(at)});
    }
  }
  EXPECT_GT(variants.size(), 800u);
  RecordProperty("variants", static_cast<int>(variants.size()));
  expect_found(variants, {receipt(), ingest_receipt()});
}

TEST_F(IndependentVerifier, and_ours_find_files_that_are_cut_lengthened_exchanged_or_gone) {
  make(600, 400);
  std::vector<Variant> variants;
  const std::vector<std::string> names = exported();
  SeededRandom random(3);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random.next() % limit); };
  for (const std::string& name : names) {
    const Bytes good = read_all(files_, dir() + "/" + name).value();
    variants.push_back({name, good + "x", "one octet more"});
    for (int k = 0; k < 12; ++k) variants.push_back({name, good.substr(0, below(good.size())), "cut"});
    if (name.starts_with("receipt")) continue;
    variants.push_back({name, std::nullopt, "gone"});
    for (int k = 0; k < 12; ++k) {
      Bytes bad = good;
      const std::size_t at = below(good.size());
      bad[at] = static_cast<char>(bad[at] ^ (1 << below(8)));
      variants.push_back({name, bad, "octet " + std::to_string(at)});
    }
  }
  for (const char* kind : {"tile/0/", "tile/entries/"})
    variants.push_back({kind + std::string("000"), read_all(files_, dir() + "/" + kind + "001").value(), "its neighbour's octets"});
  expect_found(variants, {receipt(), ingest_receipt()});
}

TEST_F(IndependentVerifier, checks_one_record_without_the_log_and_a_log_against_a_kept_checkpoint) {
  make(600, 400);
  const std::string entry = folder_ / "entry", older = folder_ / "older";
  const auto says = [&](const std::string& words) {
    return WEXITSTATUS(std::system(("python3 " FIREBREAK_SOURCE_DIR "/examples/verify/tlog_verify.py " + words + " >/dev/null").c_str()));
  };
  write(entry, "entry 200" + std::string(200 % 7, 'x'));
  const std::string record = "--key '" + dir() + "/vkey' --receipt '" + receipt() + "' --entry '" + entry + "'";
  EXPECT_EQ(says(record), 0);
  write(entry, "entry 201" + std::string(200 % 7, 'x'));
  EXPECT_EQ(says(record), 1);
  write(older, parse_proof(read_all(files_, receipt()).value())->checkpoint.text());
  EXPECT_EQ(says("'" + dir() + "' --older '" + older + "'"), 0);
  write(older, read_all(files_, dir() + "/cosigned").value());
  EXPECT_EQ(says("'" + dir() + "' --older '" + older + "'"), 0);
  EXPECT_EQ(says("'" + dir() + "' --older '" + (folder_ / "absent") + "'"), 2);
  EXPECT_EQ(says("'" + (folder_ / "nowhere") + "'"), 2);
  EXPECT_EQ(says(""), 2);
}

TEST_F(IndependentVerifier, and_ours_find_a_log_that_was_cut_back_or_written_anew_by_its_own_key) {
  make(300, 280);
  ask_witness_ = false;  // the receipts alone must show it
  const Bytes proof = read_all(files_, receipt()).value(), answer = read_all(files_, ingest_receipt()).value();
  SeededRandom random(300);  // the same key as make(300, …)
  const auto key = SigningKey::generate("firebreak.test/two", random).value();
  for (const auto& [size, word] : {std::pair<std::uint64_t, const char*>(200, "entry "), {300, "other "}, {500, "other "}}) {
    const std::string place = folder_ / ("again-" + std::to_string(size) + word);
    {
      const auto log = Log::open(files_, clock_, place, Options{.key = key}).value();
      Batch batch;
      for (std::uint64_t i = 0; i < size; ++i) batch.add(word + std::to_string(i) + std::string(i % 7, 'x'));
      ASSERT_TRUE(log->append_wait(std::move(batch)));
    }
    fs::remove_all(dir());
    // A rewriter cannot make a cosignature: the one of the old log is all that there is.
    fs::copy(folder_ / "logs/two/cosigned", place + "/cosigned");
    EXPECT_EQ(export_tiles(files_, place, folder_ / ("refused" + std::to_string(size))).has_value(), size < 280) << "151 entries are the same";
    fs::remove(place + "/cosigned");
    ASSERT_TRUE(export_tiles(files_, place, dir()));
    write(receipt(), proof);
    write(ingest_receipt(), answer);
    EXPECT_TRUE(ours({})) << "consistent in itself";
    for (const std::string& kept : {receipt(), ingest_receipt()}) {
      EXPECT_FALSE(ours({kept})) << word << size;
      const auto said = theirs({{"no such file", std::nullopt, ""}}, {kept});
      ASSERT_EQ(said.size(), 1u);
      EXPECT_NE(said[0].find(size < 280 ? "cut back" : "written anew"), std::string::npos) << said[0];
    }
  }
}

}  // namespace
}  // namespace firebreak::ledger
