#include "log/vault/vault.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "base/simulated_files.h"
#include "log/vault/gcm.h"

namespace firebreak::vault {
namespace {

TEST(Gcm, gives_back_what_was_sealed_and_refuses_anything_else) {
  Gcm gcm;
  const Digest key = sha256("key");
  const Bytes nonce(12, 'n');
  Bytes sealed;
  gcm.seal(key, nonce, "head", "a row", sealed);
  EXPECT_EQ(sealed.size(), 5 + Gcm::kTagBytes);
  Bytes plain;
  ASSERT_TRUE(gcm.open(key, nonce, "head", sealed, plain));
  EXPECT_EQ(plain, "a row");
  EXPECT_EQ(gcm.open(key, nonce, "HEAD", sealed, plain).error().code, Code::kCorrupt);
  EXPECT_EQ(gcm.open(sha256("other"), nonce, "head", sealed, plain).error().code, Code::kCorrupt);
  sealed[2] = static_cast<char>(sealed[2] ^ 1);
  EXPECT_EQ(gcm.open(key, nonce, "head", sealed, plain).error().code, Code::kCorrupt);
}

// NIST GCM test case 14 (McGrew and Viega): AES-256, zero key, zero nonce, one zero block.
TEST(Gcm, agrees_with_the_published_vector) {
  Gcm gcm;
  Bytes sealed;
  gcm.seal(Digest{}, Bytes(12, '\0'), "", Bytes(16, '\0'), sealed);
  EXPECT_EQ(to_hex(sealed), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST(EpochKeys, derives_the_documented_key) {
  const Digest seed = sha256("seed");
  const SubjectKey made = EpochKeys(seed).subject_key("key-636cf6");
  Bytes bucket;
  put_le(bucket, static_cast<std::uint16_t>(bucket_of("key-636cf6")));
  EXPECT_EQ(made.key, hmac_sha256(hmac_sha256(seed.view(), bucket).view(), "key-636cf6"));
}

TEST(EpochKeys, finds_the_key_again_from_the_entry_alone) {
  const EpochKeys keys(sha256("seed"));
  const SubjectKey made = keys.subject_key("ana");
  EXPECT_EQ(made.entry.size(), kKeyEntryBytes);
  EXPECT_EQ(keys.open_entry(made.entry).value(), made.key);
  EXPECT_EQ(keys.subject_key("ana").entry, made.entry);
  Bytes altered = made.entry;
  altered[30] = static_cast<char>(altered[30] ^ 1);
  EXPECT_EQ(keys.open_entry(altered).error().code, Code::kCorrupt);
  EXPECT_EQ(EpochKeys(sha256("other")).open_entry(made.entry).error().code, Code::kCorrupt);
}

TEST(EpochKeys, gives_every_subject_a_key_of_its_own) {
  const EpochKeys keys(sha256("seed"));
  std::set<Digest> seen;
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(seen.insert(keys.subject_key(std::to_string(i)).key).second);
}

TEST(Vault, opens_a_seed_again_after_a_crash) {
  SimulatedFiles files;
  SeededRandom random(1);
  Digest check;
  {
    auto vault = Vault::open(files, random, "data").value();
    check = vault->create_epoch("fraud-api", 1).value().check();
    EXPECT_EQ(vault->create_epoch("fraud-api", 1).error().code, Code::kConflict);
  }
  files.crash();
  auto vault = Vault::open(files, random, "data").value();
  EXPECT_EQ(vault->open_epoch("fraud-api", 1).value().check(), check);
  EXPECT_EQ(vault->open_epoch("fraud-api", 2).error().code, Code::kNotFound);
}

TEST(Vault, refuses_a_seed_under_another_name_or_a_flipped_bit) {
  SimulatedFiles files;
  SeededRandom random(1);
  auto vault = Vault::open(files, random, "data").value();
  ASSERT_TRUE(vault->create_epoch("one", 1));
  ASSERT_TRUE(vault->create_epoch("two", 1));
  ASSERT_TRUE(files.rename("data/keys/epochs/one/00000001.seed", "data/keys/epochs/two/00000001.seed"));
  EXPECT_EQ(vault->open_epoch("two", 1).error().code, Code::kCorrupt);
  ASSERT_TRUE(vault->create_epoch("one", 2));
  files.flip_bit("data/keys/epochs/one/00000002.seed", 20, 3);
  EXPECT_EQ(vault->open_epoch("one", 2).error().code, Code::kCorrupt);
}

TEST(Vault, refuses_a_master_key_of_a_wrong_length) {
  SimulatedFiles files;
  SeededRandom random(1);
  ASSERT_TRUE(files.make_dir("data/keys"));
  ASSERT_TRUE(write_atomic(files, "data/keys/vault.master", "short"));
  EXPECT_EQ(Vault::open(files, random, "data").error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace firebreak::vault
