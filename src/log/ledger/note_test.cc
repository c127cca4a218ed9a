#include "log/ledger/note.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/simulated_files.h"
#include "log/ledger/proof.h"

namespace firebreak::ledger {
namespace {

SigningKey key_of(const std::string& name, std::uint64_t seed = 1) {
  SeededRandom random(seed);
  return *SigningKey::generate(name, random);
}

Checkpoint signed_by(const SigningKey& key, std::uint64_t size = 3) {
  Checkpoint checkpoint{key.verifier().name, size, leaf_hash("root"), {}};
  checkpoint.signatures.push_back({key.verifier().name, key.sign(checkpoint.body())});
  return checkpoint;
}

// The example of golang.org/x/mod/sumdb/note: name, key and signature made by another implementation.
TEST(Note, accepts_the_signature_of_another_implementation) {
  const Result<VerifierKey> key =
      parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_TRUE(key) << key.error().message;
  const std::string text =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n";
  EXPECT_TRUE(verify_signature(
      *key, text,
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="));
  EXPECT_FALSE(verify_signature(
      *key, text + "x",
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="));
}

TEST(Note, reads_its_own_keys_and_refuses_altered_ones) {
  const SigningKey key = key_of("firebreak.test/a");
  EXPECT_EQ(SigningKey::parse(key.text())->verifier(), key.verifier());
  EXPECT_EQ(*parse_vkey(key.verifier().text() + "\n"), key.verifier());
  const std::string vkey = key.verifier().text();
  for (std::size_t i = 0; i < vkey.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string altered = vkey;
      altered[i] = static_cast<char>(altered[i] ^ (1 << bit));
      EXPECT_FALSE(parse_vkey(altered)) << altered;
    }
  }
  for (const char* bad : {"", "a", "a+b", "a b+00000000+AQ==", "a+0000000+AAAA", "a++"})
    EXPECT_FALSE(parse_vkey(bad));
}

TEST(Note, keeps_a_key_in_a_file_and_refuses_another_name) {
  SimulatedFiles files;
  SeededRandom random(3);
  const SigningKey made = *SigningKey::load_or_create(files, "data/keys/a.key", "firebreak.test/a", random);
  const SigningKey read = *SigningKey::load_or_create(files, "data/keys/a.key", "firebreak.test/a", random);
  EXPECT_EQ(made.text(), read.text());
  EXPECT_EQ(SigningKey::load_or_create(files, "data/keys/a.key", "firebreak.test/b", random).error().code,
            Code::kInvalid);
}

TEST(Checkpoint, reads_what_it_writes) {
  const SigningKey key = key_of("firebreak.test/a");
  Checkpoint checkpoint = signed_by(key, 12345);
  checkpoint.signatures.push_back({"witness.test/w", to_base64("0000 a cosignature")});
  const Result<Checkpoint> read = parse_checkpoint(checkpoint.text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text(), checkpoint.text());
  EXPECT_TRUE(check_checkpoint(*read, key.verifier()));
  EXPECT_FALSE(check_checkpoint(*read, key_of("firebreak.test/a", 2).verifier()));
  EXPECT_FALSE(check_checkpoint(*read, key_of("firebreak.test/b").verifier()));
}

TEST(Checkpoint, notices_every_flipped_bit) {
  const SigningKey key = key_of("firebreak.test/a");
  const std::string text = signed_by(key).text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string altered = text;
      altered[i] = static_cast<char>(altered[i] ^ (1 << bit));
      const Result<Checkpoint> read = parse_checkpoint(altered);
      EXPECT_FALSE(read && check_checkpoint(*read, key.verifier())) << "octet " << i << " bit " << bit;
    }
  }
}

TEST(Checkpoint, refuses_what_it_does_not_understand) {
  const std::string good = signed_by(key_of("firebreak.test/a")).text();
  const std::size_t second = good.find('\n') + 1, root = good.find('\n', second) + 1,
                    blank = good.find("\n\n") + 1;
  const std::string signature = good.substr(blank + 1);
  const std::vector<std::string> bad = {
      "",
      "\n",
      good.substr(0, good.size() - 1),  // no final line feed
      good.substr(0, blank + 1),        // no signature
      good + "x",                       // something behind
      good + "\n",                      // an empty signature line
      good.substr(0, blank) + "extension\n" + good.substr(blank),
      good.substr(0, second) + "03\n" + good.substr(root),  // leading zero
      good.substr(0, second) + "-3\n" + good.substr(root),
      good.substr(0, second) + "99999999999999999999999\n" + good.substr(root),
      good.substr(0, second) + "\n" + good.substr(root),
      good.substr(0, root) + "AAAA\n" + good.substr(blank),  // short root
      good.substr(0, blank + 1) + signature.substr(1),       // broken dash
      good.substr(0, blank + 1) + "\xE2\x80\x94 name\n",
  };
  ASSERT_TRUE(parse_checkpoint(good));
  for (const std::string& text : bad) EXPECT_FALSE(parse_checkpoint(text)) << text;
}

TEST(ProofText, reads_what_it_writes_and_refuses_the_rest) {
  Proof proof;
  proof.extra = "more";
  proof.index = 7;
  proof.path = {leaf_hash("a"), leaf_hash("b")};
  proof.checkpoint = signed_by(key_of("firebreak.test/a"));
  const std::string text = proof.text();
  ASSERT_TRUE(parse_proof(text));
  EXPECT_EQ(parse_proof(text)->text(), text);
  const std::string head = "c2sp.org/tlog-proof@v1\n", tail = "\n" + proof.checkpoint.text();
  EXPECT_TRUE(parse_proof(head + "index 0\n" + tail));
  for (const std::string& bad :
       {std::string(), head, head + "index 0\n", head + tail, head + "index 07\n" + tail,
        head + "index -1\n" + tail, head + "index 1 \n" + tail, head + "index 1\nAAAA\n" + tail,
        head + "extra *\nindex 1\n" + tail, "c2sp.org/tlog-proof@v2\nindex 0\n" + tail,
        head + "index 0\n\n" + tail})
    EXPECT_FALSE(parse_proof(bad)) << bad;
}

}  // namespace
}  // namespace firebreak::ledger
